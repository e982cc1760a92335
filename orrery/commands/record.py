"""`orrery record`: market data into a file that can be replayed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import DATA
from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.options import ConfigOption, SetOption, load

if TYPE_CHECKING:
    from common.config.models import Config

PANEL = DATA


def command(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="New file; .gz at its end packs it.")],
    symbols: Annotated[str, typer.Option(metavar="A,B", help="Only these. Default: all that are followed.")] = "",
    raw: Annotated[
        bool, typer.Option("--raw", help="The venue's own frames, from the venue itself, for stand-in and replay.")
    ] = False,
    duration: Annotated[float | None, typer.Option(min=0.0, metavar="SECONDS", help="End by itself.")] = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Record the running stack's market data as JSON Lines: quotes, trades, books, bars, until Ctrl-C.

    With `--raw` no stack is needed: the venue of the configuration is followed directly, and its REST books go
    beside the frames: NAME_ws.jsonl.gz and NAME_depth_rest.jsonl.gz.

    Examples:

    - `orrery record --out today.jsonl.gz --duration 60`
    - `orrery record --raw --out btc_ws.jsonl.gz --symbols BTCUSDT`
    """
    from services.market_data.adapters.recordings import RecordingError

    loaded = load(config, overrides)
    wanted = [symbol.strip() for symbol in symbols.split(",") if symbol.strip()]
    try:
        return (_record_raw if raw else _record_stream)(loaded.config, out, wanted, duration)
    except (RecordingError, ValueError) as error:
        raise CommandLineError(str(error)) from error


def _record_stream(config: "Config", out: Path, symbols: list[str], duration: float | None) -> int:
    from orrery.recording.stream import TOPICS, StreamRecorder, topics_of

    recorder = StreamRecorder(config, out, topics_of(TOPICS, symbols), duration)
    print(f"recording to {out}; Ctrl-C ends it", file=sys.stderr)
    result = recorder.run()
    print(f"{out}: {result.lines} messages, {result.lost} lost, {result.undecodable} undecodable")
    if not result.lines:
        out.unlink()  # So that the next attempt may have the name.
    if not result.heard:
        print("orrery: nothing heard from market_data; is the stack running? see `orrery status`", file=sys.stderr)
        return EXIT_FAILED
    return 0


def _record_raw(config: "Config", out: Path, symbols: list[str], duration: float | None) -> int:
    from orrery.recording.raw import RawRecorder, rest_path

    section = config.market_data
    recorder = RawRecorder(section, symbols or section.symbols, out, duration)
    print(f"recording {section.websocket_url} to {out} and {rest_path(out).name}; Ctrl-C ends it", file=sys.stderr)
    frames, replies = recorder.run()
    for problem in recorder.problems:
        print(f"orrery: {problem}", file=sys.stderr)
    print(f"{out}: {frames} frames, {replies} books, {len(recorder.problems)} problems")
    return 0 if frames else EXIT_FAILED
