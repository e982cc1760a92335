"""`orrery audit`: do the numbers of a run add up?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orrery.audit import Audit

PANEL = TOOLS


def command(
    data_dir: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The run's engine.data_dir. Default: the configuration's.")
    ] = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Hold every intent, order, fill and position in the journals together; the stack may run meanwhile.

    Each intent has one outcome, each approved order one life, no fill is doubled, and positions equal the sum of the
    fills. Exit code 0 when all adds up, 1 when not. What is still on its way is counted and no fault.

    Example: `orrery audit --data-dir var`
    """
    from common.journal import JournalError
    from orrery.audit import audit_folder

    folder = data_dir or Path(load(config, overrides).config.engine.data_dir)
    if not folder.is_dir():
        raise CommandLineError(f"{folder}: expected the data folder of a run, found none")
    try:
        audit = audit_folder(folder)
    except JournalError as error:
        raise CommandLineError(str(error)) from error
    if json:
        import msgspec

        print(msgspec.json.encode(audit).decode())
    else:
        for line in _lines(audit, folder):
            print(line)
    return EXIT_FAILED if audit.problems else EXIT_OK


def _lines(audit: "Audit", folder: Path) -> "Iterator[str]":
    yield f"intents {audit.intents:,} · approved {audit.approved:,} · refused {audit.refused:,}"
    yield f"accepted {audit.accepted:,} · rejected {audit.rejected:,} · cancelled {audit.cancelled:,} · fills {audit.fills:,}"
    on_their_way = len(audit.undecided_intents) + len(audit.unreported_orders)
    yield f"on their way {on_their_way:,} · working orders {len(audit.working_orders):,}"
    for symbol, quantity in audit.net_positions.items():
        yield f"net position {quantity} {symbol}"
    for problem in audit.problems:
        yield f"problem: {problem}"
    yield f"{folder}: {'all adds up' if not audit.problems else f'{len(audit.problems)} problems'}"
