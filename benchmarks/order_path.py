"""The order path in one process: from a bar on which a strategy decides to the position that it sees, stage by stage.

A runner enters and leaves by turns, so half of the orders open a position and half close one. The strategy itself is a
few lines of Python here: what a Lua file costs is another benchmark's business.
"""

import time
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import override

from benchmarks.figures import Figure, percentile
from common.config.models import ExecutionSection, RiskSection
from common.instruments import Instruments
from common.messages import AnyMessage, ApprovedOrder, Bar, BarSource, Fill, OrderIntent, Quote
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.venues.simulated import SimulatedVenue
from services.risk_manager.core.risk_core import RiskCore
from services.signal.core.host import AccountView, Function, OrderView, Outcome, PositionView, StrategyHost
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec

NOW_NS = 1_700_000_000_000_000_000
MINUTE_NS = 60_000_000_000
ROUNDS = 5
ORDERS = 2_000
QUOTES = 20_000
STAGES = ("intent", "risk", "venue", "fill -> risk", "fill -> signal")
_ANSWERS = {
    Function.DETECT: Outcome({"signal": "bullish"}),
    Function.FILTER: Outcome({"action": "enter_long", "quantity": 1}),
    Function.MANAGE: Outcome({"action": "exit", "reason": "crossed"}),
}


class _Host(StrategyHost):
    """A strategy that wants something at every bar, or nothing while it is quiet."""

    def __init__(self) -> None:
        self.is_quiet = False

    @override
    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        return None if self.is_quiet else _ANSWERS[function]

    @override
    def set_position(self, position: PositionView | None) -> None:
        pass

    @override
    def set_order(self, order: OrderView | None, other: OrderView | None = None) -> None:
        pass

    @override
    def set_account(self, account: AccountView) -> None:
        pass

    @override
    def save(self) -> bytes:
        return b""

    @override
    def restore(self, saved: bytes) -> None:
        pass


class _Stack:
    """The three cores, and the microseconds of each stage of each order."""

    def __init__(self) -> None:
        instruments, wide = Instruments(), Decimal(10**15)
        section = ExecutionSection(slippage_bps=Decimal(0), taker_fee_bps=Decimal(10))
        limits = RiskSection(initial_cash=Decimal(10**8), max_position_size=wide, max_notional_exposure=wide)
        strategy = StrategySpec(name="bench", script="bench.lua", source=b"")
        spec = RunnerSpec(strategy=strategy, symbol="BTCUSDT", timeframe="1m", currency="USDT")
        self.host = _Host()
        self._signal = SignalCore([spec], lambda _spec: self.host, instruments)
        self._risk = RiskCore(limits, instruments)
        self._execution = ExecutionCore(section, instruments, SimulatedVenue(section, instruments))
        self._cores = (self._signal, self._risk, self._execution)
        self._number = 0
        self.taken_us: dict[str, list[float]] = {stage: [] for stage in STAGES}

    def show(self, quote: Quote) -> None:
        """Show a quote to all."""
        for core in self._cores:
            core.handle(quote, quote.received_ns)

    def bar(self) -> tuple[Sequence[AnyMessage], float]:
        """Show the next close as quote and bar; return what the runner says, and how many microseconds that took."""
        self._number += 1
        now_ns = NOW_NS + self._number * MINUTE_NS
        quote, bar = _quote(self._number, now_ns), _bar(self._number, now_ns)
        self.show(quote)
        start_ns = time.perf_counter_ns()
        said = self._signal.handle(bar, now_ns)
        return said, (time.perf_counter_ns() - start_ns) / 1e3

    def order(self, quiet_us: float) -> None:
        """Let the strategy decide, and follow its order to the position; quiet_us: what a bar without decision takes."""
        said, bar_us = self.bar()
        (intent,) = (message for message in said if isinstance(message, OrderIntent))
        now_ns, clock = intent.event_ns, time.perf_counter_ns
        begun = clock()
        (approved,) = self._risk.handle(intent, now_ns)
        checked = clock()
        assert isinstance(approved, ApprovedOrder), approved
        reports = self._execution.handle(approved, now_ns)
        traded = clock()
        changes = [change for report in reports for change in self._risk.handle(report, now_ns)]
        booked = clock()
        for message in (approved, *reports, *changes):
            self._signal.handle(message, now_ns)
        ended = clock()
        assert isinstance(reports[-1], Fill), reports
        moments = (begun, checked, traded, booked, ended)
        spans = [(after - before) / 1e3 for before, after in pairwise(moments)]
        for stage, taken in zip(STAGES, (bar_us - quiet_us, *spans), strict=True):
            self.taken_us[stage].append(taken)


def run() -> list[Figure]:
    """Measure the stages of an order and its fill, the best of some rounds, and what a quote costs that moves nobody."""
    rounds = [_round() for _ in range(ROUNDS)]
    figures = [Figure(stage, min(taken[stage] for taken in rounds), "us") for stage in STAGES]
    total = min(sum(taken.values()) for taken in rounds)
    return [*figures, Figure("intent -> position, all stages", total, "us", "", "<= 10 us"), *_quotes()]


def _round() -> dict[str, float]:
    stack = _Stack()
    stack.host.is_quiet = True
    quiet_us = percentile([stack.bar()[1] for _ in range(ORDERS)], 0.5)
    stack.host.is_quiet = False
    for _ in range(ORDERS):
        stack.order(quiet_us)
    # Entries and exits take different ways, so each has its median.
    return {
        stage: (percentile(samples[::2], 0.5) + percentile(samples[1::2], 0.5)) / 2
        for stage, samples in stack.taken_us.items()
    }


def _quotes() -> list[Figure]:
    figures = []
    for orders, name in ((0, "nothing held"), (1, "one position held")):
        stack = _Stack()
        for _ in range(orders):
            stack.order(0.0)
        taken_ns = min(_quotes_ns(stack) for _ in range(ROUNDS))
        figures.append(
            Figure(f"quote through signal, risk and execution, {name}", 1e9 / taken_ns, "ticks/s", "", ">= 150 000")
        )
    return figures


def _quotes_ns(stack: _Stack) -> float:
    quotes = [_quote(number, NOW_NS + number) for number in range(QUOTES)]
    start_ns = time.perf_counter_ns()
    for quote in quotes:
        stack.show(quote)
    return (time.perf_counter_ns() - start_ns) / QUOTES


def _quote(number: int, now_ns: int) -> Quote:
    price = 40_000.0 + number % 97
    return Quote(
        event_ns=now_ns, received_ns=now_ns, symbol="BTCUSDT", bid=price, bid_size=1.0, ask=price, ask_size=1.0,
        update_id=number,
    )  # fmt: skip


def _bar(number: int, now_ns: int) -> Bar:
    price = 40_000.0 + number % 97
    return Bar(
        event_ns=now_ns, received_ns=now_ns, symbol="BTCUSDT", timeframe="1m", start_ns=now_ns - MINUTE_NS,
        end_ns=now_ns, open=price, high=price, low=price, close=price, volume=1.0, trade_count=1,
        source=BarSource.TRADES,
    )  # fmt: skip
