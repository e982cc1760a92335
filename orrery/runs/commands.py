"""`orrery backtest list|show|compare`: the commands over kept runs, to be named by the command line."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from collections.abc import Iterable

DataDirOption = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Where backtests are kept. Default: engine.data_dir.")
]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="`latest`, the beginning of an id or of a digest, or a folder.")
]
RunsArgument = Annotated[
    list[str], typer.Argument(metavar="RUN RUN …", help="Two or more: `latest`, ids, digests, or folders.")
]


def list_command(
    most: Annotated[int, typer.Option("--most", min=1, metavar="N", help="Show the newest N.")] = 50,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """List the kept backtests, the newest first."""
    from orrery.runs.read import list_runs
    from orrery.runs.text import list_lines

    listing = list_runs(_folder(data_dir, config, overrides), most)
    _print(listing, list_lines(listing, _width()), json)
    return EXIT_FAILED if listing.unreadable else EXIT_OK


def show_command(
    run: RunArgument = "latest",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Show one kept backtest: figures, parameters, settings, data, digest, and where its report lies."""
    from orrery.runs.kept import BACKTESTS
    from orrery.runs.read import show_run
    from orrery.runs.text import show_lines

    folder = _folder(data_dir, config, overrides)
    kept = show_run(folder, run)
    place = Path(run) if Path(run).is_dir() else folder / BACKTESTS / kept.id
    _print(kept, show_lines(kept, place.as_posix(), _width()), json)
    return EXIT_OK


def compare_command(
    runs: RunsArgument,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Hold kept backtests side by side: figures, and what differs in parameters, settings, data and digest."""
    from orrery.runs.compare import compare_runs
    from orrery.runs.read import show_run
    from orrery.runs.text import compare_lines

    if len(runs) < 2:
        raise CommandLineError(f"expected two runs or more to compare, found {len(runs)}")
    folder = _folder(data_dir, config, overrides)
    comparison = compare_runs([show_run(folder, run) for run in runs])
    _print(comparison, compare_lines(comparison, _width()), json)
    return EXIT_OK


def _folder(data_dir: Path | None, config: Path | None, overrides: list[str] | None) -> Path:
    return data_dir or Path(load(config, overrides).config.engine.data_dir)


def _width() -> int | None:
    """Return the columns of the terminal; None where the output goes elsewhere."""
    return shutil.get_terminal_size((0, 0)).columns or None


def _print(value: object, lines: "Iterable[str]", json: bool) -> None:
    if json:
        import msgspec

        print(msgspec.json.encode(value).decode())
        return
    for line in lines:
        print(line)
