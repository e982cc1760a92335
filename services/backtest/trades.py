"""Round trips from fills: what each runner bought and sold from flat to flat, or to the other side."""

from decimal import Decimal

import msgspec

from common.messages import Fill, IntentKind, OrderIntent, PositionChanged, RunnerState, RunnerTransitioned, Side
from common.money import ZERO, ratio
from services.backtest.result import ClosedTrade


class _Open(msgspec.Struct, gc=False):
    """A round trip under way. Amounts are units times price; held: units, negative when short."""

    side: Side
    entry_ns: int
    entry_row: int
    entry_reason: str
    held: Decimal = ZERO
    entered: Decimal = ZERO
    entry_amount: Decimal = ZERO
    exited: Decimal = ZERO
    exit_amount: Decimal = ZERO
    fees: Decimal = ZERO
    target: Decimal | None = None


class TradeBook:
    """Follows intents, fills and levels; `closed` has the round trips in the order of their ends."""

    def __init__(self) -> None:
        self.closed: list[ClosedTrade] = []
        self._open: dict[str, _Open] = {}
        self._reasons: dict[str, str] = {}
        self._signals: dict[str, str] = {}

    def learn_signal(self, transition: RunnerTransitioned) -> None:
        """Remember what a runner saw that made it think of an entry."""
        if transition.after is RunnerState.ANALYZING:
            self._signals[transition.runner] = transition.reason

    def expect(self, intent: OrderIntent) -> None:
        """Remember why an order was wanted: the reason given, or else the signal that led to an entry."""
        reason = intent.reason
        if not reason and intent.kind is IntentKind.ENTRY:
            reason = self._signals.get(intent.runner, "")
        if reason:
            self._reasons[intent.id] = reason

    def forget(self, intent_id: str) -> None:
        """Forget an intent that came to nothing."""
        self._reasons.pop(intent_id, None)

    def learn_levels(self, changed: PositionChanged) -> None:
        """Remember where risk takes profit."""
        trade = self._open.get(changed.runner)
        if trade is not None:
            trade.target = changed.target_price

    def fill(self, fill: Fill, row: int) -> None:
        """Take a fill on the bar `row`; `use_money_context` has been called."""
        reasons, intent_id = self._reasons, fill.intent_id
        reason = reasons.get(intent_id, "") if fill.remaining_quantity else reasons.pop(intent_id, "")
        trade = self._open.get(fill.runner)
        if trade is None:
            self._begin(fill, fill.quantity, fill.fee, row, reason)
        elif trade.side is fill.side:
            _enter(trade, fill, fill.quantity, fill.fee)
        else:
            closing = min(fill.quantity, abs(trade.held))
            left = fill.quantity - closing
            fee = fill.fee if not left else ratio(fill.fee * closing, fill.quantity)
            self._leave(trade, fill, closing, fee, row, reason or self._protective_reason(trade, fill))
            if left:
                self._begin(fill, left, fill.fee - fee, row, reason)

    def _begin(self, fill: Fill, quantity: Decimal, fee: Decimal, row: int, reason: str) -> None:
        trade = self._open[fill.runner] = _Open(fill.side, fill.event_ns, row, reason)
        _enter(trade, fill, quantity, fee)

    def _leave(self, trade: _Open, fill: Fill, quantity: Decimal, fee: Decimal, row: int, reason: str) -> None:
        trade.held -= quantity if trade.side is Side.BUY else -quantity
        trade.exited += quantity
        trade.exit_amount += quantity * fill.price
        trade.fees += fee
        if trade.held:
            return
        del self._open[fill.runner]
        self.closed.append(
            ClosedTrade(
                runner=fill.runner,
                strategy=fill.strategy,
                symbol=fill.symbol,
                side="long" if trade.side is Side.BUY else "short",
                quantity=trade.entered,
                entry_ns=trade.entry_ns,
                entry_price=ratio(trade.entry_amount, trade.entered),
                exit_ns=fill.event_ns,
                exit_price=ratio(trade.exit_amount, trade.exited),
                pnl=(trade.exit_amount - trade.entry_amount) * trade.side.sign - trade.fees,
                fees=trade.fees,
                bars_held=row - trade.entry_row,
                entry_reason=trade.entry_reason,
                exit_reason=reason,
            )
        )

    def _protective_reason(self, trade: _Open, fill: Fill) -> str:
        if "-stop-" not in fill.order_id:
            return ""
        gained = trade.target is not None and (fill.price - trade.target) * trade.side.sign >= ZERO
        return "target" if gained else "stop"


def _enter(trade: _Open, fill: Fill, quantity: Decimal, fee: Decimal) -> None:
    trade.held += quantity if trade.side is Side.BUY else -quantity
    trade.entered += quantity
    trade.entry_amount += quantity * fill.price
    trade.fees += fee
