"""`orrery risk-manager`: that service alone."""

from orrery.commands import ALONE
from orrery.options import ConfigOption, SetOption

PANEL = ALONE


def command(config: ConfigOption = None, overrides: SetOption = None) -> None:
    """Run the risk manager alone: it approves or refuses what strategies want, and keeps positions and P&L.

    Services find each other in any order; each can be stopped and started again without the others.

    Example: `orrery risk-manager --config config/system.toml`
    """
    from orrery.alone import run_alone

    run_alone("risk_manager", config, overrides)
