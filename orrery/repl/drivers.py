"""The backtest's own runs, one smallest step at a time: on bars a moment of `Phase`, on recordings an event.

How it works: these are the runs of `orrery backtest` with somebody listening. Nothing here feeds a core or decides
anything, so what is seen step by step is what a backtest does.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, override

from common.messages import AnyMessage, OperatorCommand
from common.money import figure
from services.backtest.accounting import Accounting
from services.backtest.engine import BacktestRun
from services.backtest.event_plan import EventPlan
from services.backtest.events import EventBacktestRun, Events
from services.backtest.plan import Plan
from services.backtest.result import RunResult
from services.backtest.schedule import Phase
from services.risk_manager.core.risk_core import RiskCore
from services.signal.core.signal_core import SignalCore


class Driver(Protocol):
    """A run that is gone through. now_ns: time of the latest step. told: what the cores published in it, in order.

    error: what ended the run before its data did, empty if nothing did.
    """

    now_ns: int
    told: list[AnyMessage]
    error: str

    @property
    def signal(self) -> SignalCore:
        """Return the signal core."""
        ...

    @property
    def risk(self) -> RiskCore:
        """Return the risk core, as it would judge an order now."""
        ...

    def advance(self) -> bool:
        """Take the next step; False where there is none."""
        ...

    def obey(self, command: OperatorCommand) -> None:
        """Tell the signal core what an operator wants."""
        ...

    def on_the_way(self) -> Sequence[AnyMessage]:
        """Return orders and cancels that the venue gets with the next event."""
        ...

    def accounting(self) -> Accounting:
        """Return what was counted so far."""
        ...

    def result(self) -> RunResult:
        """Return what came of the run; no step may follow."""
        ...


class BarDriver(BacktestRun):
    """A backtest on bars."""

    def __init__(self, plan: Plan) -> None:
        self.told: list[AnyMessage] = []
        self.error = ""
        super().__init__(plan)
        self.now_ns = self._first_ns
        self._left: Iterator[tuple[Phase, int, int]] = self.moments()

    @override
    def _observe(self, published: Sequence[AnyMessage]) -> None:
        super()._observe(published)
        self.told += published

    @property
    def signal(self) -> SignalCore:
        """Return the signal core."""
        return self._signal

    @property
    def risk(self) -> RiskCore:
        """Return the risk core; quotes that waited for somebody to act have reached it."""
        self._lanes.catch_up()
        return self._risk

    def advance(self) -> bool:
        """Take the next step; False where there is none."""
        self.told.clear()
        found, fault = _next_of(self._left)
        if found is None:
            self.error = fault and f"bar {self._bars + 1}: {fault}"
            return False
        phase, number, row = found
        feed = self._feeds[number]
        self.now_ns = feed.starts_at(row) + _into_the_bar(phase, feed.table.length_ns)
        return True

    def obey(self, command: OperatorCommand) -> None:
        """Tell the signal core what an operator wants."""
        self._lanes.follow(self._signal.handle(command, self.now_ns), self.now_ns)

    def on_the_way(self) -> Sequence[AnyMessage]:
        """Return orders and cancels that the venue gets with the next quote."""
        return [message for held in self._wire.held.values() for message in held]

    def accounting(self) -> Accounting:
        """Return what was counted so far."""
        self._log.catch_up()
        return self._accounting

    def result(self) -> RunResult:
        """Return what came of the run; no step may follow."""
        return self.end(self.error, is_complete=not self.error)


class EventDriver(EventBacktestRun):
    """A backtest on recorded events."""

    def __init__(self, plan: EventPlan, events: Events) -> None:
        self.told: list[AnyMessage] = []
        self.error = ""
        super().__init__(plan, None, self.told.append)
        self.now_ns = 0
        self._left = self.moments(events)

    @property
    def signal(self) -> SignalCore:
        """Return the signal core."""
        return self._signal

    @property
    def risk(self) -> RiskCore:
        """Return the risk core."""
        return self._risk

    def advance(self) -> bool:
        """Take the next step; False where there is none."""
        self.told.clear()
        found, fault = _next_of(self._left)
        if found is None:
            self.error = fault and f"event {self._events + 1}: {fault}"
            return False
        self.now_ns = found[0]
        return True

    def obey(self, command: OperatorCommand) -> None:
        """Tell the signal core what an operator wants."""
        self._observe(self._signal.handle(command, self.now_ns))

    def on_the_way(self) -> Sequence[AnyMessage]:
        """Return nothing: the execution core has what is on its way."""
        return ()

    def accounting(self) -> Accounting:
        """Return what was counted so far."""
        return self._accounting

    def result(self) -> RunResult:
        """Return what came of the run; no step may follow."""
        return self.end(self.error, is_complete=not self.error)


def counted(driver: Driver) -> dict[str, Any]:
    """Return the figures of a run that is under way."""
    accounting, risk = driver.accounting(), driver.risk.status()
    return {
        "intents": accounting.intents,
        "orders": accounting.orders,
        "fills": accounting.fills,
        "refusals": accounting.refusals,
        "round_trips": len(accounting.trades.closed),
        "fees": figure(accounting.fees),
        "equity": risk["equity"],
        "realised_pnl": risk["realised_pnl"],
        "unrealised_pnl": risk["unrealised_pnl"],
    }


def _next_of[Step](left: Iterator[Step]) -> tuple[Step | None, str]:
    """Return the next step; None at the end of the run, and what ended it where that was a fault."""
    try:
        return next(left, None), ""
    except Exception as fault:  # noqa: BLE001 - whatever fails in a core ends the run, as in a backtest
        return None, f"{type(fault).__name__}: {fault}"


def _into_the_bar(phase: Phase, length_ns: int) -> int:
    match phase:
        case Phase.OPEN:
            return 0
        case Phase.FIRST:
            return length_ns // 4
        case Phase.SECOND:
            return length_ns // 2
        case Phase.CLOSE | Phase.BAR:
            return length_ns
