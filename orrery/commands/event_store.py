"""`orrery event-store`: that service alone."""

from orrery.commands import ALONE
from orrery.options import ConfigOption, SetOption

PANEL = ALONE


def command(config: ConfigOption = None, overrides: SetOption = None) -> None:
    """Run the event store alone: it keeps everything the others say, in one order, chained by hashes.

    Services find each other in any order; each can be stopped and started again without the others. What is kept is
    read with `orrery events`, whether this service runs or not.

    Example: `orrery event-store --config config/system.toml`
    """
    from orrery.alone import run_alone

    run_alone("event_store", config, overrides)
