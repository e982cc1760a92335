"""`orrery arm`: trade again after `orrery kill`, a drawdown or a day's loss."""

from typing import Annotated

import typer

from orrery.commands import STACK
from orrery.options import ConfigOption, JsonOption, SetOption, load

PANEL = STACK


def command(
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
    reset_breaker: Annotated[bool, typer.Option(help="Close the circuit breaker, too.")] = False,
    wait: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for a service that is away.")] = 10.0,
) -> int:
    """Let orders through again: lifts the kill switch, an operator's reducing, the drawdown and the day's loss.

    Losses are counted anew from here. What is still in the way, such as an open circuit breaker, is told. Exit code 0
    when risk and execution obeyed and nothing is in the way.

    Example: `orrery arm --reset-breaker`
    """
    from common.routes import EXECUTION, RISK_MANAGER
    from orrery.telling import tell
    from orrery.view.told import print_told

    loaded = load(config, overrides).config
    if reset_breaker:
        tell(loaded, "reset_breaker", {RISK_MANAGER: {}}, wait)
    told = tell(loaded, "arm", {EXECUTION: {}, RISK_MANAGER: {}}, wait)
    code = print_told(told, json=json)
    return 1 if told[RISK_MANAGER].status.get("in_the_way") else code
