"""The backtest on bars: the cores of the running stack, wired by the same routes, fed in order of (time, phase, symbol).

How it works: `Feed` turns bars into market data, `Lanes` carry it to the signal, risk and execution cores,
`VenueWire` holds orders back until the next event, and `Accounting` observes what the cores publish. Nothing here
decides about an order.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import numpy as np

from common.clock import monotonic_ns
from common.messages import AnyMessage
from common.money import use_money_context
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL
from services.backtest.accounting import Accounting, closes_at
from services.backtest.bars_table import BarTable, Integers
from services.backtest.feeding import ROWS_AT_ONCE, Feed
from services.backtest.history import whole_history
from services.backtest.lanes import Lanes
from services.backtest.levels import Levels, follow_of
from services.backtest.order_log import OrderLog
from services.backtest.other_series import OtherSeries
from services.backtest.outcome import Ending, result_of, tell_runners
from services.backtest.plan import Plan, Steps
from services.backtest.result import DataTier, RunResult
from services.backtest.schedule import Phase, schedule
from services.backtest.wire import VenueWire
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.venues.simulated import SimulatedVenue
from services.risk_manager.core.risk_core import RiskCore
from services.signal.core.signal_core import PAUSE, RESUME, SignalCore
from services.signal.core.spans import Span
from services.signal.core.spec import Update

PROGRESS_EVERY = ROWS_AT_ONCE
"""Bars, or steps where there are several tables, between two calls of the progress callback."""

Progress = Callable[[int, int], None]
"""Told the bars done and the bars there are."""


def run(plan: Plan, progress: Progress | None = None) -> RunResult:
    """Run a backtest; what fails in a core ends it, and the result says so and keeps what there is."""
    with whole_history(plan.fed):
        return BacktestRun(plan, progress).run()


class BacktestRun:
    """One run of a plan, for who wants to see the cores afterwards."""

    def __init__(self, plan: Plan, progress: Progress | None = None) -> None:
        self._plan = plan
        self._progress = progress
        self._began_ns = monotonic_ns()
        facts = plan.facts
        risk = plan.risk.model_copy(update={"account_currency": plan.currency})
        self._runners = plan.runners
        self._tables = plan.fed
        self._first_ns = min(int(table.start_ns[0]) for table in plan.traded)
        self._risk = RiskCore(risk, facts)
        self._wire = VenueWire(ExecutionCore(plan.execution, facts, SimulatedVenue(plan.execution, facts)))
        signal = SignalCore(self._runners, plan.make_host, facts, plan.limits)
        self._signal = signal
        lanes = self._lanes = Lanes({SIGNAL: signal, RISK_MANAGER: self._risk, EXECUTION: self._wire}, self._observe)
        self._accounting = Accounting(plan.symbols, plan.initial_cash)
        self._log = OrderLog(self._accounting)
        share = float(risk.trailing_stop_percent) / 100
        self._levels = {symbol: Levels(facts[symbol], share) for symbol in plan.symbols}
        self._follow = follow_of(self._levels)
        self._feeds = [
            Feed(
                table,
                self._levels[table.symbol],
                lanes,
                self._wire.held,
                shows_all=_wants_quotes(plan, table.symbol),
            )
            for table in self._tables
        ]
        self._others = OtherSeries(plan, signal, lanes)
        self._warming = sum(int(np.searchsorted(table.start_ns, self._first_ns)) for table in self._tables)
        self._bars = 0
        self._last_ns = 0
        if self._warming:
            tell_runners(signal, self._runners, PAUSE, self._first_ns)

    def snapshots(self) -> tuple[bytes, bytes]:
        """Return the states of the signal and the risk core, canonical bytes."""
        return self._signal.snapshot(), self._risk.snapshot()

    def run(self) -> RunResult:
        """Run it, once; see `run`."""
        error, is_complete = "", True
        try:
            self._walk()
        except Exception as fault:  # noqa: BLE001 - whatever fails in a core, what was found until then is kept
            error, is_complete = f"bar {self._bars + 1}: {type(fault).__name__}: {fault}", False
        return self.end(error, is_complete=is_complete)

    def _walk(self) -> None:
        total = sum(len(table) for table in self._tables)
        if len(self._feeds) == 1:
            self._walk_alone(self._feeds[0], total)
        else:
            self._walk_together(total)
        if self._progress is not None:
            self._progress(total, total)

    def _walk_alone(self, feed: Feed, total: int) -> None:
        """Go through one table as `_walk_together` would, without asking for what moves nobody."""
        levels, wire, row, roster = feed.levels, self._wire, 0, self._signal.roster
        may_span = self._plan.steps is Steps.SPAN and len(self._runners) == 1 and not feed.shows_all
        may_span = may_span and not self._plan.signals  # they come between bars
        while row < total:
            may_span = may_span and not roster.of_read
            if self._progress is not None and row % PROGRESS_EVERY == 0:
                self._progress(row, total)
            is_walking = False
            if levels.is_needed or wire.held or feed.shows_all or self._warming:
                self._open(feed, row)
                if feed.is_walking(row):
                    self._walk_first(feed, row)
                    self._walk_second(feed, row)
                    is_walking = feed.is_walking(row)
            if may_span and not self._warming:
                row = self._stretch(feed, row, is_walking=is_walking)
                continue
            self._close(feed, row)
            self._bar(feed, row)
            self._others.settle(self._last_ns)
            row += 1

    def _stretch(self, feed: Feed, first: int, *, is_walking: bool) -> int:
        """Take bars from the close of row `first` on, as long as nothing happens; return the first row that was not taken."""
        rows = feed.rows_at(first)
        if is_walking:
            self._log.begin(first, is_behind=False)
            feed.walk_to_close(first)
        span = Span(rows, first, rows.behind, feed.latest if is_walking else None, *feed.levels.bounds)
        behind, answers = self._signal.walk(span)
        row = behind - 1
        end_ns = rows.starts[row - rows.first] + rows.length_ns
        if row > first or not is_walking:
            feed.show_quiet_close(row)
        if row > first:
            self._last_ns = rows.starts[row - 1 - rows.first] + rows.length_ns
            self._bars += row - first
        if answers:
            self._log.begin(row, is_behind=False)
            self._lanes.follow(answers, end_ns)
        self._last_ns = end_ns
        self._bars += 1
        self._others.read_more(end_ns)
        return behind

    def _walk_together(self, total: int) -> None:
        for done, _ in enumerate(self.moments()):
            if self._progress is not None and done % PROGRESS_EVERY == 0:
                self._progress(done // len(Phase), total)

    def moments(self) -> Iterator[tuple[Phase, int, int]]:
        """Go through all tables; yield after each step what was done, with which table and row."""
        take = (self._close, self._bar, self._open, self._walk_first, self._walk_second)  # in the order of Phase
        for phase, number, row in schedule(self._tables):
            if phase != Phase.BAR:
                self._others.settle(self._last_ns)
            take[phase](self._feeds[number], row)
            yield Phase(phase), number, row
        self._others.settle(self._last_ns)

    def _close(self, feed: Feed, row: int) -> None:
        self._log.begin(row, is_behind=False)
        feed.show_close(row)

    def _bar(self, feed: Feed, row: int) -> None:
        self._others.tell(feed.starts_at(row) + feed.table.length_ns)
        self._last_ns = feed.show_bar(row)
        self._others.read_more(self._last_ns)
        if not self._warming:
            self._bars += 1

    def _open(self, feed: Feed, row: int) -> None:
        if self._others.longer or self._plan.signals:
            self._others.tell(feed.starts_at(row))
        if self._warming and feed.starts_at(row) >= self._first_ns:
            self._warming = 0
            tell_runners(self._signal, self._runners, RESUME, self._first_ns)
        self._log.begin(row, is_behind=True)
        feed.show_open(row, is_awaited=feed.table.symbol in self._wire.held)

    def _walk_first(self, feed: Feed, row: int) -> None:
        if feed.is_walking(row):
            self._log.begin(row, is_behind=True)
            feed.walk_first(row)

    def _walk_second(self, feed: Feed, row: int) -> None:
        if feed.is_walking(row):
            self._log.begin(row, is_behind=True)
            feed.walk_second(row)

    def _observe(self, published: Sequence[AnyMessage]) -> None:
        self._log.put(published)
        self._follow(published)

    def end(self, error: str = "", *, is_complete: bool = True) -> RunResult:
        """Return what came of the run as far as it went; nothing may be asked of it after that."""
        self._log.catch_up()
        if not error and self._accounting.errors:
            error = self._accounting.errors[-1]
        times = _times(self._tables, self._first_ns, self._last_ns)
        closes = {table.symbol: closes_at(times, table) for table in self._tables}
        self._mark_at_closes()
        use_money_context()
        end = Ending(
            tier=DataTier.BARS,
            bars=self._bars,
            times=times,
            closes=closes,
            final_equity=Decimal(self._risk.status()["equity"]),
            venue=self._wire.status()["venue"],
            began_ns=self._began_ns,
            error=error,
            is_complete=is_complete,
        )
        return result_of(self._plan, self._accounting, end)

    def _mark_at_closes(self) -> None:
        """Value what is held at the very closes: the last quote may lie a tick beside. Nobody acts on it any more."""
        for feed in self._feeds:
            quote = feed.last_close(self._last_ns)
            if quote is not None:
                self._risk.handle(quote, self._last_ns)


def _wants_quotes(plan: Plan, symbol: str) -> bool:
    """Return whether somebody may act on any quote of a symbol."""
    if plan.shows_all or plan.risk.follows_marks:
        return True  # losses may reach their limit at any price inside a bar
    return any(
        Update.TICK in runner.strategy.evaluate_on.values() for runner in plan.runners if runner.symbol == symbol
    )


def _times(tables: Sequence[BarTable], first_ns: int, last_ns: int) -> Integers:
    """Return the ends of the bars that were traded on as far as the run came, each once."""
    ends = [table.end_ns[table.start_ns >= first_ns] for table in tables]
    times: Integers = ends[0] if len(ends) == 1 else np.unique(np.concatenate(ends))
    return times[: np.searchsorted(times, last_ns, side="right")]
