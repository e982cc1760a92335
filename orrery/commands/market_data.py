"""`orrery market-data`: that service alone."""

from orrery.commands import ALONE
from orrery.options import ConfigOption, SetOption

PANEL = ALONE


def command(config: ConfigOption = None, overrides: SetOption = None) -> None:
    """Run market data alone: follow the venue (or the simulation, or a file) and publish quotes, trades, books and bars.

    Services find each other in any order; each can be stopped and started again without the others.

    Example: `orrery market-data --config config/system.toml`
    """
    from orrery.alone import run_alone

    run_alone("market_data", config, overrides)
