"""The backtest on recorded events: the cores of the running stack on the in-process bus, at the times of the recording.

How it works: everything happens in the order of (time, priority, sequence): deadlines of cores before the event at their
time, deadlines at one time in the order of the flow, events at one time as they were recorded. An event is taken by all
who hear it, in the order of the flow, then what follows from it, and so on until all is quiet. This is what the running
stack does when each event is sent after it has come to rest.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from common.clock import monotonic_ns
from common.codec import encode
from common.core import Core
from common.local_bus import LocalBus
from common.messages import AnyMessage, Quote, Trade
from common.money import use_money_context
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL, topic_of
from services.backtest.accounting import Accounting
from services.backtest.event_curve import EventCurve
from services.backtest.event_plan import EventPlan
from services.backtest.outcome import Ending, result_of, tell_runners
from services.backtest.result import RunResult
from services.execution.core.making import also_hears, make_execution
from services.risk_manager.core.risk_core import RiskCore
from services.signal.core.signal_core import PAUSE, RESUME, SignalCore

PROGRESS_EVERY: Final = 8_192
"""Events between two calls of the progress callback."""
ORDER_FLOW: Final = ("intents", "decisions", "reports")
"""The streams that digests are made of."""

type Progress = Callable[[int, int], None]
"""Told the events done and the events there are, 0 if that is not known."""

type Events = Iterable[tuple[int, AnyMessage]]
"""(time, market data to publish), nanoseconds UTC, never going back; `market_messages` makes them of recorded inputs."""

type Require = Callable[[Sequence[tuple[str, str]]], None]
"""Told (symbol, timeframe) of bars that a strategy was found to read while it ran; to be built from then on."""

type Tell = Callable[[AnyMessage], None]
"""Told each message that a core publishes, in the order of publishing."""


def run_events(
    plan: EventPlan,
    events: Events,
    progress: Progress | None = None,
    tell: Tell | None = None,
    require: Require | None = None,
) -> RunResult:
    """Run a backtest; what fails in a core ends it, and the result says so and keeps what there is."""
    return EventBacktestRun(plan, progress, tell, require).run(events)


class EventBacktestRun:
    """One run of a plan, for who wants to go through it step by step."""

    def __init__(
        self, plan: EventPlan, progress: Progress | None, tell: Tell | None = None, require: Require | None = None
    ) -> None:
        self._plan = plan
        self._progress, self._tell, self._require = progress, tell, require
        self._began_ns = monotonic_ns()
        facts = plan.instruments
        self._signal = SignalCore(plan.runners, plan.make_host, facts, plan.limits)
        self._risk = RiskCore(plan.risk, facts)
        self._execution = make_execution(plan.execution, facts)
        cores: dict[str, Core] = {SIGNAL: self._signal, RISK_MANAGER: self._risk, EXECUTION: self._execution}
        self._series = len(self._signal.roster.series)
        self._bus = LocalBus(cores, {EXECUTION: also_hears(plan.execution)})
        self._accounting = Accounting(plan.symbols, plan.initial_cash)
        self._curve = EventCurve(plan.symbols, plan.step_ns)
        self._digests = {stream: hashlib.sha256() for stream in ORDER_FLOW}
        self._events = self._now_ns = self._first_ns = self._warm_bars = 0
        self._quoted: set[str] = set()

    def run(self, events: Events) -> RunResult:
        """Run it, once; see `run_events`."""
        error, is_complete = "", True
        try:
            self._walk(events)
        except Exception as fault:  # noqa: BLE001 - whatever fails in a core, what was found until then is kept
            error, is_complete = f"event {self._events + 1}: {type(fault).__name__}: {fault}", False
        return self.end(error, is_complete=is_complete)

    def _walk(self, events: Events) -> None:
        for _ in self.moments(events):
            if self._progress is not None and self._events % PROGRESS_EVERY == 0:
                self._progress(self._events, self._plan.events)
        if self._progress is not None:
            self._progress(self._events, self._events)

    def moments(self, events: Events) -> Iterator[tuple[int, AnyMessage]]:
        """Take one event after the other; yield each when all that followed from it is done."""
        plan, end_ns = self._plan, self._plan.end_ns
        is_warming = plan.start_ns is not None
        for now_ns, message in events:
            if end_ns is not None and now_ns >= end_ns:
                break
            if not self._events and is_warming:
                tell_runners(self._signal, self._plan.runners, PAUSE, now_ns)
            if is_warming and now_ns >= (plan.start_ns or 0):
                is_warming = False
                tell_runners(self._signal, self._plan.runners, RESUME, now_ns)
                self._warm_bars = self._signal.status()["bars"]
            self._take(message, now_ns)
            if len(self._signal.roster.series) != self._series:
                self._read_more()
            self._events += 1
            yield now_ns, message

    def _read_more(self) -> None:
        series = self._signal.roster.series
        self._series = len(series)
        if self._require is not None:
            self._require(sorted(series))

    def _take(self, message: AnyMessage, now_ns: int) -> None:
        self._now_ns = now_ns
        self._observe(self._bus.advance(now_ns))
        if now_ns >= self._curve.next_ns:
            self._curve.pass_time(now_ns)
            self._accounting.row = now_ns // self._plan.step_ns
        self._publish(message, now_ns)
        if isinstance(message, Quote):
            self._mark(message.symbol, message.mid)
        elif isinstance(message, Trade):
            self._take_trade(message, now_ns)

    def _take_trade(self, trade: Trade, now_ns: int) -> None:
        if self._plan.trade_spread is not None:
            self._publish(_quote_around(trade, self._plan.trade_spread, now_ns), now_ns)
        if trade.symbol not in self._quoted:
            self._curve.marks[trade.symbol] = trade.price

    def _mark(self, symbol: str, mid: float) -> None:
        self._quoted.add(symbol)
        if symbol in self._curve.marks:
            self._curve.marks[symbol] = mid

    def _publish(self, message: AnyMessage, now_ns: int) -> None:
        published = self._bus.publish(MARKET_DATA, message, now_ns)
        if published:
            self._observe(published)

    def _observe(self, published: Sequence[AnyMessage]) -> None:
        self._accounting.digest_all(published)
        self._accounting.observe(published)
        for message in published:
            if self._tell is not None:
                self._tell(message)
            digest = self._digests.get(topic_of(message) or "")
            if digest is not None:
                digest.update(encode(message))

    def end(self, error: str = "", *, is_complete: bool = True) -> RunResult:
        """Return what came of the run as far as it went; nothing may be asked of it after that."""
        if not error and self._accounting.errors:
            error = self._accounting.errors[-1]
        self._curve.end(self._now_ns)
        times, closes = self._curve.columns()
        use_money_context()
        end = Ending(
            tier=self._plan.tier,
            bars=self._signal.status()["bars"] - self._warm_bars,
            times=times,
            closes=closes,
            final_equity=Decimal(self._risk.status()["equity"]),
            venue=self._execution.status()["venue"],
            began_ns=self._began_ns,
            error=error,
            is_complete=is_complete,
        )
        digests = {stream: digest.hexdigest() for stream, digest in self._digests.items()}
        return msgspec.structs.replace(
            result_of(self._plan, self._accounting, end), events=self._events, digests=digests
        )


def _quote_around(trade: Trade, spread: float, now_ns: int) -> Quote:
    half = trade.price * spread / 2
    return Quote(
        symbol=trade.symbol,
        bid=trade.price - half,
        bid_size=trade.size,
        ask=trade.price + half,
        ask_size=trade.size,
        update_id=trade.trade_id,
        event_ns=trade.event_ns,
        received_ns=now_ns,
    )
