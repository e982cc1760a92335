"""`orrery parity`: do the running stack and the backtester decide alike?"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from common.config.models import Config

PANEL = TOOLS
_EXAMPLE = "`orrery parity --session var` or `orrery parity --recording day.jsonl.gz --strategy my.lua`"


def command(  # noqa: PLR0913 - one argument per option
    *,
    session: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The engine.data_dir of a run that has ended.")
    ] = None,
    recording: Annotated[
        list[Path] | None,
        typer.Option("--recording", "-r", metavar="FILE", help="JSON Lines, also .gz; repeat it for what follows it."),
    ] = None,
    strategy: Annotated[
        list[Path] | None,
        typer.Option(
            "--strategy", "-s", metavar="FILE", help="Lua file; may be repeated. Default: the configuration's."
        ),
    ] = None,
    symbol: Annotated[
        list[str] | None, typer.Option(help="Only this symbol of the recording; may be repeated.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="LINES", help="Only so many lines of it.")] = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Prove that what runs and what is computed agree, byte for byte; print the first difference with its causes.

    With --recording, the recording goes through the real processes in lock-step (the next line is sent when all has come
    to rest, and the time is the recording's) and through the backtester; market data, intents, decisions, reports and
    balances must be the same.

    With --session, everything that each service was told in a run, as it journaled it, is told again to fresh cores:
    they must answer what was answered then. The run's own configuration is used unless --config or --set is given.

    Exit code 0 when all is equal, 1 when not, 2 when the input cannot be used.

    Examples:

    - `orrery parity --recording day_ws.jsonl.gz --strategy strategies/ema_crossover.lua`
    - `orrery parity --session var`
    """
    if (session is None) == (not recording):
        raise CommandLineError(f"parity: expected one of --session and --recording, such as {_EXAMPLE}")
    if session is not None:
        if strategy or symbol or limit:
            raise CommandLineError(
                "--session: expected without --strategy, --symbol and --limit, which are of --recording"
            )
        given = None if config is None and not overrides else load(config, overrides).config
        return _session(session, given, json=json)
    settings = _settings(recording or [], strategy or [], symbol or [], overrides or [])
    return _recording(recording or [], settings, limit, config, json=json)


def _session(folder: Path, config: "Config | None", *, json: bool) -> int:
    import msgspec

    from orrery.parity.session_report import exit_code_of, lines, redrive_session

    if not folder.is_dir():
        raise CommandLineError(f"--session {folder}: expected the data folder of a session, found none")
    report = redrive_session(folder, config)
    print(msgspec.json.encode(report).decode() if json else "\n".join(lines(report)))
    return exit_code_of(report)


def _settings(files: list[Path], strategies: list[Path], symbols: list[str], overrides: list[str]) -> list[str]:
    from orrery.parity.recording_report import strategy_settings

    for file in files:
        if not file.is_file():
            raise CommandLineError(f"--recording {file}: expected a recording, found no file")
    settings = [*overrides, *strategy_settings(strategies), "data_source.type=file"]
    return [*settings, f"market_data.symbols={','.join(symbols)}"] if symbols else settings


def _recording(files: list[Path], settings: list[str], limit: int | None, config: Path | None, *, json: bool) -> int:
    import msgspec

    from orrery.commands.replay import recorded_settings
    from orrery.parity.joined import joined_settings
    from orrery.parity.processes import private_settings
    from orrery.parity.recording_report import exit_code_of, lines, private_folder, run_recording

    with private_folder() as folder:
        settings = [*settings, *joined_settings(files, Path(folder))]
        settings += recorded_settings(files[0], load(config, settings), config)
        settings += private_settings(Path(folder))
        report = run_recording(load(config, settings), settings, Path(folder), limit, None if json else _show)
    report.recording = " + ".join(map(str, files))
    if not json and sys.stderr.isatty():
        print(file=sys.stderr)
    print(msgspec.json.encode(report).decode() if json else "\n".join(lines(report)))
    return exit_code_of(report)


def _show(events: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{events:,} events in lock-step", end="", file=sys.stderr, flush=True)
