"""`orrery data`: what lies in a folder of data files."""

from pathlib import Path
from typing import Annotated

import typer

from orrery.commands import DATA
from orrery.errors import EXIT_FAILED, EXIT_OK
from orrery.options import JsonOption

PANEL = DATA
app = typer.Typer(no_args_is_help=True)


@app.callback()
def _command() -> None:
    """List the data that backtests can find by symbol."""


@app.command("list")
def list_command(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="The catalogue.")] = Path("data"),
    json: JsonOption = False,
) -> int:
    """List the files of a catalogue that `orrery backtest --symbol` finds by their names; exit code 1 without any.

    A name is <symbol>_<timeframe>.csv, .parquet, .feather or .jsonl, plain or .gz; <symbol>_trades and <symbol>_quotes
    hold events.
    """
    import msgspec

    from orrery.data.catalogue import EXPECTED, entries

    found = entries(folder)
    if json:
        rows = [{"symbol": entry.symbol, "kind": entry.kind, "file": str(entry.path)} for entry in found]
        print(msgspec.json.encode(rows).decode())
    elif not found:
        print(f"{folder}: nothing named {EXPECTED}")
    else:
        for entry in found:
            print(f"{entry.symbol:<16} {entry.kind:<10} {entry.path.stat().st_size:>14,} bytes  {entry.path}")
    return EXIT_OK if found else EXIT_FAILED
