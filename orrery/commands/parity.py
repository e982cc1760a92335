"""`orrery parity`: do the running stack and the backtester decide alike?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from common.config.models import Config

PANEL = TOOLS


def command(
    *,
    session: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The engine.data_dir of a run that has ended.")
    ] = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Prove that what ran and what is computed agree, byte for byte; print the first difference with its causes.

    With --session, everything that each service was told in a run, as it journaled it, is told again to fresh cores:
    they must answer what was answered then. The run's own configuration is used unless --config or --set is given.

    Exit code 0 when all is equal, 1 when not, 2 when the input cannot be used.

    Example: `orrery parity --session var`
    """
    if session is None:
        raise CommandLineError("parity: expected --session FOLDER, such as `orrery parity --session var`")
    return _session(session, _config(config, overrides), json=json)


def _config(path: Path | None, overrides: list[str] | None) -> "Config | None":
    return None if path is None and not overrides else load(path, overrides).config


def _session(folder: Path, config: "Config | None", *, json: bool) -> int:
    import msgspec

    from orrery.parity.sessions_report import exit_code_of, lines, redrive_session

    if not folder.is_dir():
        raise CommandLineError(f"--session {folder}: expected the data folder of a session, found none")
    report = redrive_session(folder, config)
    print(msgspec.json.encode(report).decode() if json else "\n".join(lines(report)))
    return exit_code_of(report)
