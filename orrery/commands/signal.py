"""`orrery signal`: that service alone."""

from orrery.commands import ALONE
from orrery.options import ConfigOption, SetOption

PANEL = ALONE


def command(config: ConfigOption = None, overrides: SetOption = None) -> None:
    """Run the signal service alone: strategies hear market data and say what they want.

    Services find each other in any order; each can be stopped and started again without the others.

    Example: `orrery signal --config config/system.toml`
    """
    from orrery.alone import run_alone

    run_alone("signal", config, overrides)
