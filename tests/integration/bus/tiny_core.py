"""A real core, as small as can be: it makes, approves or fills orders, and its state depends on every input in order."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal
from zlib import crc32

import msgspec

from common.codec import encode
from common.messages import (
    AnyMessage,
    ApprovedOrder,
    Fill,
    InputGap,
    IntentKind,
    Liquidity,
    OperatorCommand,
    OrderIntent,
    OrderType,
    Quote,
    Side,
    TimeInForce,
)

PERIOD_NS = 1_000_000
RUNNER, SYMBOL, STRATEGY = "tiny:BTCUSDT", "BTCUSDT", "tiny"

type Role = Literal["maker", "approver", "filler"]


class TinyState(msgspec.Struct):
    """Everything a tiny core knows."""

    made: int = 0
    orders: int = 0
    quotes: int = 0
    gaps: int = 0
    commands: int = 0
    due_ns: int | None = None
    digest: int = 0
    last_id: str = ""


class TinyCore:
    """Makes `total` intents, one a millisecond; or approves each intent; or fills each order."""

    def __init__(self, role: Role, total: int = 0, price: str = "100") -> None:
        self._role, self._total, self._price = role, total, Decimal(price)
        self.state = TinyState(due_ns=0 if role == "maker" and total else None)

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Take one input."""
        state = self.state
        state.digest = crc32(encode(message), state.digest)
        state.digest = crc32(now_ns.to_bytes(8, "little"), state.digest)
        match message:
            case OrderIntent() if self._role == "approver":
                state.orders += 1
                state.last_id = message.id
                return [self._approved(message, now_ns)]
            case ApprovedOrder() if self._role == "filler":
                state.orders += 1
                state.last_id = message.id
                return [self._filled(message, now_ns)]
            case Quote():
                state.quotes += 1
            case InputGap():
                state.gaps += message.missing
            case OperatorCommand(name="make"):
                state.commands += 1
                return [self._intent(now_ns)]
            case OperatorCommand():
                state.commands += 1
            case _:
                pass
        return []

    def next_deadline_ns(self) -> int | None:
        """Return when the next intent is due."""
        return self.state.due_ns

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """Make the next intent."""
        state = self.state
        state.digest = crc32(now_ns.to_bytes(8, "little"), state.digest)
        intent = self._intent(now_ns)
        state.due_ns = now_ns + PERIOD_NS if state.made < self._total else None
        return [intent]

    def snapshot(self) -> bytes:
        """Return the whole state."""
        return msgspec.msgpack.encode(self.state)

    def restore(self, state: bytes) -> None:
        """Take a state over."""
        self.state = msgspec.msgpack.decode(state, type=TinyState)

    def status(self) -> dict[str, Any]:
        """Return the state as plain types."""
        return msgspec.structs.asdict(self.state)

    def _intent(self, now_ns: int) -> OrderIntent:
        self.state.made += 1
        return intent(self.state.made, now_ns, self._price)

    def _approved(self, order: OrderIntent, now_ns: int) -> ApprovedOrder:
        assert order.quantity is not None, f"{order.id} leaves its size to risk"
        return ApprovedOrder(
            id=order.id,
            intent_id=order.id,
            runner=order.runner,
            strategy=order.strategy,
            symbol=order.symbol,
            kind=order.kind,
            side=order.side,
            quantity=order.quantity,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            reference_price=order.reference_price * self._price / 100,
            cause=order.id,
            event_ns=now_ns,
            received_ns=now_ns,
        )

    def _filled(self, order: ApprovedOrder, now_ns: int) -> Fill:
        return Fill(
            id=f"{order.id}-f1",
            order_id=order.id,
            intent_id=order.intent_id,
            runner=order.runner,
            strategy=order.strategy,
            symbol=order.symbol,
            kind=order.kind,
            side=order.side,
            quantity=order.quantity,
            price=self._price,
            fee=Decimal(0),
            fee_currency="USDT",
            liquidity=Liquidity.TAKER,
            remaining_quantity=Decimal(0),
            venue="tiny",
            cause=order.id,
            event_ns=now_ns,
            received_ns=now_ns,
        )


def intent(number: int, now_ns: int = 0, price: Decimal = Decimal(100)) -> OrderIntent:
    """Return the intent of that number."""
    return OrderIntent(
        id=f"{RUNNER}-{number}",
        runner=RUNNER,
        strategy=STRATEGY,
        symbol=SYMBOL,
        kind=IntentKind.ENTRY,
        side=Side.BUY,
        quantity=Decimal(1),
        reference_price=price,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        cause=f"quote:{SYMBOL}:{number}",
        event_ns=now_ns,
        received_ns=now_ns,
    )


def quote(number: int, symbol: str = SYMBOL, event_ns: int = 0) -> Quote:
    """Return the quote of that number."""
    return Quote(
        symbol=symbol,
        bid=100.0 + number % 7,
        bid_size=1.0,
        ask=101.0 + number % 7,
        ask_size=2.0,
        update_id=number,
        event_ns=event_ns,
        received_ns=event_ns,
    )
