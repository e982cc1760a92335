"""`orrery kill`: cancel everything, flatten, and take no new orders until `orrery arm`."""

from typing import Annotated

import typer

from orrery.commands import STACK
from orrery.options import ConfigOption, JsonOption, SetOption, load

PANEL = STACK


def command(
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
    flatten: Annotated[bool, typer.Option(help="Close all positions at market, too.")] = True,
    reason: Annotated[str, typer.Option(help="Why; it stands in every refusal.")] = "",
    wait: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for a service that is away.")] = 10.0,
) -> int:
    """Stop trading at once: every order on its way is cancelled, positions are closed, entries are refused.

    It is told to risk and to execution at the same time, so that either alone keeps new orders out; signal and market
    data are not needed. Both write it down: a restart changes nothing, `orrery arm` does. Exit code 0 when both obeyed,
    1 when one is away: then orders are kept out, and what the other had to do is not done.

    Example: `orrery kill --reason "fat finger"`
    """
    from common.routes import EXECUTION, RISK_MANAGER
    from orrery.telling import tell
    from orrery.view.told import print_told

    yes = "yes" if flatten else "no"
    told = tell(
        load(config, overrides).config,
        "kill",
        {RISK_MANAGER: {"flatten": yes, "reason": reason}, EXECUTION: {"reason": reason}},
        wait,
    )
    return print_told(told, json=json)
