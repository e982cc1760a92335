"""`orrery replay`: a recording through the whole stack."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import DATA
from orrery.commands.run import refuse_dashboard
from orrery.errors import CommandLineError
from orrery.options import ConfigOption, DurationOption, JsonOption, SetOption, VerboseOption, load

if TYPE_CHECKING:
    from common.config.load import LoadedConfig

PANEL = DATA
_SYMBOLS = "market_data.symbols"
_BAR_SOURCE = "market_data.bar_source"

AtOption = Annotated[
    str, typer.Option(metavar="TIME", help="No recording: show every service of --session as it stood then.")
]
ToSequenceOption = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="The same, at event N of the session's event store.")
]
DiffOption = Annotated[
    str, typer.Option(metavar="OTHER", help="How that differs from another TIME, or from another session's folder.")
]
SessionOption = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="The session's data folder. Default: engine.data_dir.")
]


def command(  # noqa: PLR0913 - one argument per option
    *,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Recording: JSON Lines, also .gz.")
    ] = None,
    at: AtOption = "",
    to_seq: ToSequenceOption = None,
    diff: DiffOption = "",
    session: SessionOption = None,
    realtime: Annotated[bool, typer.Option("--realtime", help="At the recorded pace; the same as --speed 1.")] = False,
    speed: Annotated[
        float | None, typer.Option(min=0.0, help="So many times the recorded pace; 0, as fast as possible, is default.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep the journals in this new folder. Default: kept nowhere.")
    ] = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
    duration: DurationOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    dashboard: Annotated[
        int | None, typer.Option(metavar="PORT", help="The dashboard comes in a later version.")
    ] = None,
) -> int:
    """Play a recording through the real services, with journals of its own, and sum up.

    It reads what `orrery record` wrote, a venue's raw frames, and lines like
    {"timestamp":1700000000,"instrument":"X","best_bid":100.0,"best_ask":101.0}. Symbols are taken from the recording
    unless --config or --set names them. Bars are built from the quotes of a recording that begins without trades, unless
    market_data.bar_source is set.

    Examples:

    - `orrery replay --file market_data.jsonl`
    - `orrery replay --file today.jsonl.gz --speed 10 --json`

    With --at, --to-seq or --session it plays nothing: it rebuilds every service of a session from its snapshots and
    journals, and prints the state and its hashes. TIME is a time of the services' clock or of a replayed market, or `end`.

    - `orrery replay --session var --at 2024-08-08T23:54:30`
    - `orrery replay --session var --at 2024-08-08T23:54:30 --diff end`
    """
    from orrery.launch import Launch, launch, log_folder
    from orrery.stack.run import RunOptions

    if at or to_seq is not None or session is not None or diff:
        return _state(file, session or _data_dir(config, overrides), at, to_seq, diff, json=json)
    refuse_dashboard(dashboard)
    if file is None:
        raise CommandLineError("expected --file FILE to play, or --at TIME to show how a session stood")
    user = [*(overrides or ()), *_source(file, speed, realtime=realtime)]
    user += recorded_settings(file, load(config, user), config)
    with tempfile.TemporaryDirectory(prefix="orrery-replay-") as scratch:
        folder = Path(scratch) / "data" if data_dir is None else _new_folder(data_dir)
        logs = log_folder(load(config, user))
        settings = [*user, f"engine.data_dir={folder}"]
        return launch(
            Launch(
                loaded=load(config, settings),
                overrides=settings,
                options=RunOptions(duration_s=duration, until_finished=True),
                json=json,
                verbose=verbose,
                logs=logs,
            )
        )


def _source(file: Path, speed: float | None, *, realtime: bool) -> list[str]:
    if realtime and speed not in {None, 1.0}:
        raise CommandLineError(f"--realtime and --speed {speed}: expected one of them")
    if not file.is_file():
        raise CommandLineError(f"--file {file}: expected a recording, found no file")
    pace = 1.0 if realtime else speed or 0.0
    return ["data_source.type=file", f"data_source.file.path={file.absolute()}", f"data_source.file.speed={pace}"]


def _data_dir(config: Path | None, overrides: list[str] | None) -> Path:
    return Path(load(config, overrides).config.engine.data_dir)


def _state(file: Path | None, folder: Path, at: str, to_seq: int | None, diff: str, *, json: bool) -> int:
    from orrery.redrive.state import show_state

    if file is not None:
        raise CommandLineError(f"--file {file}: expected either a recording to play or a session to show")
    if at and to_seq is not None:
        raise CommandLineError(f"--at {at} and --to-seq {to_seq}: expected one of them")
    return show_state(folder, at, to_seq, diff, json=json)


def recorded_settings(file: Path, loaded: "LoadedConfig", config: Path | None) -> list[str]:
    """Return the overrides that follow from what is recorded, where the user has chosen nothing."""
    from orrery.recording.contents import LOOKED_AT, contents_of
    from services.market_data.adapters.recordings import RecordingError

    try:
        contents = contents_of(file, loaded.config)
    except RecordingError as error:
        raise CommandLineError(str(error)) from error
    overrides = _symbols(contents.symbols, loaded, config)
    if contents.quotes_alone and _BAR_SOURCE not in loaded.sources:
        print(
            f"orrery: {file}: no trades in its first {LOOKED_AT} lines: bars are built from quotes ({_BAR_SOURCE}=quotes)",
            file=sys.stderr,
        )
        overrides.append(f"{_BAR_SOURCE}=quotes")
    return overrides


def _symbols(recorded: list[str], loaded: "LoadedConfig", config: Path | None) -> list[str]:
    """Return the override that follows the recording's symbols, nothing if the user has chosen some."""
    origin, followed = loaded.sources.get(_SYMBOLS, ""), loaded.config.market_data.symbols
    if not origin or (config is None and origin.startswith(str(loaded.path))):
        return [f"{_SYMBOLS}={','.join(recorded)}"]
    if not set(followed) & set(recorded):
        raise CommandLineError(
            f"{origin}: {_SYMBOLS}: expected some of {', '.join(recorded)}, found {', '.join(followed)}"
        )
    return []


def _new_folder(folder: Path) -> Path:
    if folder.exists() and any(folder.iterdir()):
        raise CommandLineError(f"--data-dir {folder}: expected a new or empty folder, found files in it")
    return folder.absolute()
