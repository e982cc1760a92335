"""`orrery stand-in binance`: a recording served as the venue would, so that nothing needs the internet."""

from pathlib import Path
from typing import Annotated

import typer

from orrery.commands import DATA

PANEL = DATA

app = typer.Typer(help="Serve a recording as a venue would.", no_args_is_help=True)


@app.callback()
def _venues() -> None:
    """Serve a recording as a venue would: a real WebSocket and REST on this machine."""


@app.command()
def binance(  # noqa: PLR0913 - one argument per option
    *,
    recording: Annotated[Path, typer.Option(metavar="FILE", help="Raw frames, JSON Lines, also .gz.")],
    rest: Annotated[
        Path | None, typer.Option(metavar="FILE", help="REST replies; default: the file beside the recording.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to bind.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 0,
    speed: Annotated[float, typer.Option(min=0.0, help="1 is the recorded pace, 0 as fast as clients take it.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Begin anew at the end.")] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND@N[:ARG]", help="Go wrong at the n-th frame, such as drop@100; may be repeated."),
    ] = None,
) -> int:
    """Serve recorded Binance frames over a WebSocket, and the REST books that belong to them.

    When it is ready it prints one JSON line with ws_url and rest_url; the playing begins with the first client.

    Example: `orrery stand-in binance --recording hb_20240808_btcusdt_ws.jsonl.gz --port 9443`, then
    `orrery up --source binance --set market_data.websocket_url=ws://127.0.0.1:9443`
    """
    from orrery.stand_in import StandInOptions, run_stand_in

    return run_stand_in(
        StandInOptions(
            recording=recording, rest=rest, host=host, port=port, speed=speed, loop=loop, faults=tuple(fault or ())
        )
    )
