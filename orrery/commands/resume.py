"""`orrery resume`: after a difference with the venue that halted execution."""

from typing import Annotated

import typer

from orrery.commands import STACK
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

PANEL = STACK


def command(
    wait: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for execution.")] = 10.0,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Let execution take entries again after a difference with the venue that it must not heal by itself.

    Look first: `orrery reconcile` shows what differs, and a difference that is still there halts it again when it is next
    told. The command is journaled; a restart changes nothing. It does not lift the kill switch: that is `orrery arm`.

    Example: `orrery resume`
    """
    from common.routes import EXECUTION
    from orrery.telling import tell
    from orrery.venue.reconciling import venue_of

    loaded = load(config, overrides).config
    before = venue_of(loaded)["halted"]
    told = tell(loaded, "resume", {EXECUTION: {}}, wait)[EXECUTION]
    if not told.ok:
        raise CommandLineError(f"execution: {told.error}", EXIT_FAILED)
    halted = venue_of(loaded)["halted"]
    if json:
        import msgspec

        print(msgspec.json.encode({"ok": not halted, "was": before, "halted": halted}).decode())
    else:
        print(f"execution takes entries again; it was halted: {before}" if before else "execution was not halted")
    return EXIT_FAILED if halted else EXIT_OK
