"""`orrery execution`: that service alone."""

from orrery.commands import ALONE
from orrery.options import ConfigOption, SetOption

PANEL = ALONE


def command(config: ConfigOption = None, overrides: SetOption = None) -> None:
    """Run execution alone: it sends approved orders to the venue (simulated: paper) and reports fills.

    Services find each other in any order; each can be stopped and started again without the others.

    Example: `orrery execution --config config/system.toml`
    """
    from orrery.alone import run_alone

    run_alone("execution", config, overrides)
