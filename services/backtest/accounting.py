"""What a run adds up to: counts, digest, round trips, and the equity curve, computed at once for all bars at the end.

How it works: equity changes with every price, but cash and positions change with fills alone. So only their steps are
noted, each with its time, and the curve is cash plus positions times closes, as columns.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from common.codec import encode_array
from common.messages import (
    AccountChanged,
    AnyMessage,
    Fill,
    OrderAccepted,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    PositionChanged,
    RunnerFailed,
    RunnerTransitioned,
)
from common.money import ZERO, use_money_context
from common.routes import topic_of
from services.backtest.bars_table import BarTable, Floats, Integers
from services.backtest.trades import TradeBook

RUNNERS = "runners"
"""The topic of what runners did, which is no order flow."""

type Observe = Callable[[Any], None]


class Steps:
    """A value that changes now and then. Whether a change at a bar's end belongs to that bar is said with it."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._changes: list[tuple[float, int]] = []

    def put(self, value: float, time_ns: int, *, is_behind: bool) -> None:
        """Note a change; is_behind: it follows what ended at this very time."""
        self._changes.append((value, time_ns + is_behind))

    def at(self, times_ns: Integers) -> Floats:
        """Return the value at the end of each time, times ascending."""
        changed = np.array([time_ns for _, time_ns in self._changes], dtype=np.int64)
        values = np.array([self._first, *[value for value, _ in self._changes]])
        return values[np.searchsorted(changed, times_ns, side="right")]


class Accounting:
    """Observes all that the cores publish, in order. `is_behind` is set by who drives: the bars of this time have ended."""

    def __init__(self, symbols: tuple[str, ...], cash: Decimal) -> None:
        self.is_behind = True
        self.row = 0
        self.trades = TradeBook()
        self.intents = self.orders = self.fills = self.refusals = 0
        self.turnover = ZERO
        self.fees = ZERO
        self.errors: list[str] = []
        self._digest = hashlib.sha256()
        self._known: set[type] = set()
        self._order_flow: set[type] = set()
        self._take: dict[type, Observe] = {
            Fill: self._take_fill,
            PositionChanged: self._take_position,
            AccountChanged: self._take_account,
            OrderIntent: self._take_intent,
            OrderAccepted: self._take_accepted,
            OrderRejected: self._take_end,
            OrderRefused: self._take_end,
            OrderCancelled: self._take_end,
            RunnerTransitioned: self.trades.learn_signal,
            RunnerFailed: self._take_failure,
        }
        self._cash = Steps(float(cash))
        self._net = {symbol: Steps(0.0) for symbol in symbols}
        self._held: dict[str, dict[str, float]] = {symbol: {} for symbol in symbols}

    def observe(self, messages: Sequence[AnyMessage]) -> None:
        """Take what the cores published on one bar, in order."""
        take = self._take
        for message in messages:
            observe = take.get(type(message))
            if observe is not None:
                observe(message)

    def digest_all(self, messages: Sequence[AnyMessage]) -> None:
        """Let the digest have messages that the cores published, in order; what runners did is no part of it."""
        if not self._known.issuperset(map(type, messages)):
            self._known.update(map(type, messages))
            self._order_flow.update(type(message) for message in messages if topic_of(message) != RUNNERS)
        flow = self._order_flow
        self._digest.update(encode_array([message for message in messages if type(message) in flow]))

    def _take_failure(self, failed: RunnerFailed) -> None:
        self.errors.append(f"{failed.error}{' (paused)' if failed.paused else ''}")

    def _take_intent(self, intent: OrderIntent) -> None:
        self.intents += 1
        self.trades.expect(intent)

    def _take_accepted(self, _accepted: OrderAccepted) -> None:
        self.orders += 1

    def _take_account(self, changed: AccountChanged) -> None:
        self._cash.put(float(changed.cash), changed.event_ns, is_behind=self.is_behind)

    def _take_end(self, ended: OrderRejected | OrderRefused | OrderCancelled) -> None:
        self.orders += isinstance(ended, OrderRejected)
        self.refusals += not isinstance(ended, OrderCancelled)
        self.trades.forget(ended.intent_id)

    def _take_fill(self, fill: Fill) -> None:
        use_money_context()  # for the round trips as well
        self.fills += 1
        self.turnover += fill.quantity * fill.price
        self.fees += fill.fee
        self.trades.fill(fill, self.row)

    def _take_position(self, changed: PositionChanged) -> None:
        quantity, symbol, runner = float(changed.quantity), changed.symbol, changed.runner
        self.trades.learn_levels(changed)
        held = self._held[symbol]
        if quantity != held.get(runner, 0.0):
            held[runner] = quantity
            net = quantity if len(held) == 1 else sum(held.values())
            self._net[symbol].put(net, changed.event_ns, is_behind=self.is_behind)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the order flow so far, hexadecimal."""
        return self._digest.hexdigest()

    def curve(self, times_ns: Integers, closes: Mapping[str, Floats]) -> tuple[Floats, Floats]:
        """Return equity and exposure at the times, which the closes belong to; account currency."""
        equity = self._cash.at(times_ns)
        exposure: Floats = np.zeros(len(times_ns))
        for symbol, steps in self._net.items():
            worth = steps.at(times_ns) * closes[symbol]
            equity = equity + worth
            exposure += np.abs(worth)
        return equity, exposure


def closes_at(times_ns: Integers, table: BarTable) -> Floats:
    """Return the latest close at each time; before the first bar's end, its open."""
    rows: npt.NDArray[np.intp] = np.searchsorted(table.end_ns, times_ns, side="right") - 1
    return np.where(rows < 0, table.open[0], table.close[np.maximum(rows, 0)])
