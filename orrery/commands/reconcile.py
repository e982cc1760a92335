"""`orrery reconcile`: do execution and its venue agree?"""

from typing import Annotated

import typer

from orrery.commands import STACK
from orrery.errors import EXIT_FAILED, EXIT_OK
from orrery.options import ConfigOption, JsonOption, SetOption, load

PANEL = STACK


def command(
    wait: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the comparison.")] = 15.0,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Let execution compare orders, fills and positions with its venue now, and print what differs.

    It does so by itself when the venue appears and every execution.reconcile_interval_ms. Differences that are safe to
    heal are healed; others halt execution until `orrery resume`. Exit code 0 when all agree and nothing is halted.

    Example: `orrery reconcile --json`
    """
    from orrery.venue.reconciling import lines, reconcile

    found = reconcile(load(config, overrides).config, wait)
    if json:
        import msgspec

        print(msgspec.json.encode(found).decode())
    else:
        for line in lines(found):
            print(line)
    return EXIT_OK if found.complete and not found.differences and not found.halted else EXIT_FAILED
