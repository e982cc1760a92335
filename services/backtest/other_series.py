"""What the runners of a backtest on bars read beside their bars: longer bars and signals from outside, told in time."""

from collections import deque

from services.backtest.lanes import Lanes
from services.backtest.longer_bars import LongerBars
from services.backtest.plan import Plan
from services.signal.core.holding import settle
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import SeriesKey


class OtherSeries:
    """Makes what is read out of the tables of a plan, and tells it to the signal core; signals once their time has come.

    longer: the bars of other lengths.
    """

    def __init__(self, plan: Plan, signal: SignalCore, lanes: Lanes) -> None:
        self._plan, self._signal, self._lanes = plan, signal, lanes
        self._tables = [table.between(None, plan.end_ns) for table in plan.tables]
        first_ns = min(int(table.start_ns[0]) for table in plan.fed)
        self.longer = [LongerBars(self._tables, plan.longer, first_ns, plan.limits.window)] if plan.longer else []
        self._told: set[SeriesKey] = {*plan.longer, *((table.symbol, table.timeframe) for table in plan.tables)}
        self._known = len(signal.roster.series)
        self._signals = deque(plan.signals)

    def tell(self, now_ns: int) -> None:
        """Tell the longer bars that have ended by now, and the signals that were there by now."""
        while self._signals and self._signals[0].event_ns <= now_ns:
            self._lanes.follow((self._signals.popleft(),), now_ns)
        for longer in self.longer:
            if longer.next_ns <= now_ns:
                for bar in longer.until(now_ns):
                    self._lanes.publish_bar(bar, now_ns)

    def settle(self, now_ns: int) -> None:
        """Carry out what waits for bars of this moment that the data does not have."""
        if self._signal.roster.shared.held:
            self._lanes.follow(settle(self._signal.roster, now_ns), now_ns)

    def read_more(self, now_ns: int) -> None:
        """Make the series that a strategy was found to read while it ran; bars of it begin now, as in the running stack.

        Raises:
            PlanError: they cannot be made of the data.
        """
        roster = self._signal.roster
        if len(roster.series) == self._known:
            return
        self._known = len(roster.series)
        for runner in roster.runners.values():
            for key in runner.asker.readings.all:
                self._plan.check_series(runner.spec, key)
        new = sorted(roster.of_read.keys() - self._told)
        self._told.update(new)
        self.longer.append(LongerBars(self._tables, new, now_ns, 0))
