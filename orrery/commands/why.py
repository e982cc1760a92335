"""`orrery why`: how an order came to be, or why a runner did not trade."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import EXIT_OK, CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from orrery.redrive.session import Session

PANEL = TOOLS

SessionOption = Annotated[
    Path | None,
    typer.Option("--session", "--data-dir", metavar="FOLDER", help="The run's data folder. Default: engine.data_dir."),
]


def command(  # noqa: PLR0913 - one argument per option
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Id of an order, an intent or a fill.")] = "",
    *,
    runner: Annotated[str, typer.Option(metavar="RUNNER", help="Why this runner did not trade; with --at.")] = "",
    at: Annotated[
        str, typer.Option(metavar="TIME", help="When: as ISO text, in s, ms, µs or ns, or `end`; also market time.")
    ] = "end",
    session: SessionOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Say why: how an order came to be, from the tick to the fill, or why a runner did not trade at a moment.

    Everything comes from the journals of a session, which may be running meanwhile: the services' own code is driven again
    to that moment, so it shows what the strategy was asked and answered, and what each rule of risk saw.

    Examples:

    - `orrery why ema_crossover:BTCUSDT-1`
    - `orrery why --runner ema_crossover:BTCUSDT --at 2024-08-08T23:54:30`
    """
    from common.journal import JournalError

    if bool(order) is bool(runner):
        raise CommandLineError("expected either an ORDER or --runner RUNNER; `orrery why --help` shows both")
    found = _session(session, config, overrides)
    try:
        return _why_order(found, order, json=json) if order else _why_not(found, runner, at, json=json)
    except JournalError as error:
        raise CommandLineError(str(error)) from error


def _session(folder: Path | None, config: Path | None, overrides: list[str] | None) -> "Session":
    from orrery.redrive.session import Session

    loaded = load(config, overrides) if folder is None or config is not None else None
    where = folder or Path(loaded.config.engine.data_dir if loaded is not None else "")
    return Session(where, loaded.config if config is not None and loaded is not None else None)


def _why_order(session: "Session", order: str, *, json: bool) -> int:
    import msgspec

    from orrery.why.story import story_of
    from orrery.why.story_text import lines

    story = story_of(session, order)
    if json:
        print(msgspec.json.encode(story).decode())
    else:
        print("\n".join(lines(story)))
    return EXIT_OK


def _why_not(session: "Session", runner: str, at: str, *, json: bool) -> int:
    import msgspec

    from orrery.redrive.moments import moment_of
    from orrery.why.standing import standing_of
    from orrery.why.standing_text import lines

    standing = standing_of(session, runner, moment_of(session, at))
    if json:
        print(msgspec.json.encode(standing).decode())
    else:
        print("\n".join(lines(standing)))
    return EXIT_OK
