"""From the options of `orrery backtest` to what is run: on bars or on events, as the data are or as was asked for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orrery.backtesting.inputs import make_plan
from orrery.backtesting.options import Options
from orrery.data.kinds import Held, held_in
from orrery.data.options import ReadOptions, mapping_of
from orrery.errors import CommandLineError
from services.backtest.plan import Plan
from services.backtest.result import DataTier

if TYPE_CHECKING:
    from orrery.backtesting.event_run import EventRun

EVENTS_ONLY = "needs recorded trades, quotes or books; a bar does not show what happens in so short a time"


def make_run(options: Options) -> "Plan | EventRun":
    """Return a plan on bars, or a run on events.

    Raises:
        CommandLineError: an option, a data file or a strategy file cannot be used.
    """
    if options.tier == DataTier.BARS:
        return _on_bars(options)
    read = ReadOptions(mapping=mapping_of(options.mapping))
    venue = "binance" if options.loaded is None else options.loaded.market_data.exchange
    held = [held_in(path, read, venue) for path in options.data]
    found = common_tier(held)
    wanted = DataTier(options.tier) if options.tier else found
    if wanted is DataTier.BARS:
        return _on_bars(options)
    if wanted is DataTier.TRADES:
        is_there = all(each.has_trades for each in held)
    else:
        is_there = list(DataTier).index(wanted) <= list(DataTier).index(found) and found is not DataTier.TRADES
    if not is_there or found is DataTier.BARS:
        raise CommandLineError(f"--tier {wanted}: expected data that show it, found {found}")
    from orrery.backtesting.event_run import make_event_run

    return make_event_run(options, held, wanted)


def _on_bars(options: Options) -> Plan:
    if options.latency_ms or options.response_latency_ms:
        raise CommandLineError(f"--latency: {EVENTS_ONLY}")
    if options.fill_model:
        raise CommandLineError(f"--fill-model: {EVENTS_ONLY}")
    return make_plan(options)


def common_tier(held: Sequence[Held]) -> DataTier:
    """Return the closest look that all files allow; CommandLineError where some are of bars and others of events."""
    tiers = {each.tier for each in held if not each.is_of_signals} or {each.tier for each in held}
    if DataTier.BARS in tiers and len(tiers) > 1:
        bars = next(each.path for each in held if each.tier is DataTier.BARS)
        raise CommandLineError(f"--data {bars.name}: expected events as in the other files, found bars")
    order = list(DataTier)
    return min(tiers, key=order.index)
