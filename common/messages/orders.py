"""Order flow: what a strategy wants, what risk answers, what the venue does. Money is Decimal."""

from decimal import Decimal

import msgspec

from common.messages.base import Message
from common.messages.enums import (
    CancelReason,
    IntentKind,
    Liquidity,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
    VenueRejectReason,
)
from common.messages.terms import Guards, OrderTerms


class SizingHint(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a strategy says of the size it leaves to risk. risk: share of the equity to lose at the stop.

    atr: a typical move of the price, quote units.
    """

    risk: Decimal | None = None
    atr: Decimal | None = None


class Sized(msgspec.Struct, frozen=True, gc=False):
    """How risk came to a quantity: the model, and its inputs by name, as text."""

    model: str
    figures: dict[str, str]


class OrderIntent(Message, frozen=True, kw_only=True, tag="order_intent", gc=False):
    """A runner wants to trade. `id` is `<runner>-<decision number>`, the same whenever the decision is repeated.

    quantity: base units, positive; None leaves the size of an entry to risk, and `sizing` says what helps with it.
    limit_price: quote units, for limit orders. reference_price: what the strategy saw when it decided. stop_price and
    target_price: where risk shall close the position, if given. cause: id of the market-data message that led here.
    terms: of orders that are more than market or limit; guards: what else risk shall watch over the position.
    """

    id: str
    runner: str
    strategy: str
    symbol: str
    kind: IntentKind
    side: Side
    quantity: Decimal | None
    reference_price: Decimal
    cause: str
    order_type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.GTC
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    reason: str = ""
    sizing: SizingHint | msgspec.UnsetType = msgspec.UNSET
    terms: OrderTerms | msgspec.UnsetType = msgspec.UNSET
    guards: Guards | msgspec.UnsetType = msgspec.UNSET


class CancelIntent(Message, frozen=True, kw_only=True, tag="cancel_intent", gc=False):
    """A runner no longer wants what it asked for in `intent_id`."""

    id: str
    runner: str
    intent_id: str
    symbol: str
    reason: str
    cause: str


class AmendIntent(Message, frozen=True, kw_only=True, tag="amend_intent", gc=False):
    """A runner wants the order of `intent_id` changed where it rests; what is None stays as it was.

    quantity: base units in all, what has filled included; 0 < quantity. Prices in quote units.
    """

    id: str
    runner: str
    intent_id: str
    symbol: str
    cause: str
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    reason: str = ""


class StopUpdate(Message, frozen=True, kw_only=True, tag="stop_update", gc=False):
    """A runner moves its levels. A price that is None stays as it was; prices are in quote units.

    allow_widen: the stop may move away from the market, too; else it only comes nearer.
    """

    id: str
    runner: str
    symbol: str
    cause: str
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    allow_widen: bool | msgspec.UnsetType = msgspec.UNSET


class ApprovedOrder(Message, frozen=True, kw_only=True, tag="approved_order", gc=False):
    """An order that passed every rule; only the risk core makes one, and execution accepts nothing else.

    `id` is the client order id, a pure function of the intent (or of the stop that fired). sizing: how risk came to the
    quantity, where the intent left it open.
    """

    id: str
    intent_id: str
    runner: str
    strategy: str
    symbol: str
    kind: IntentKind
    side: Side
    quantity: Decimal
    order_type: OrderType
    time_in_force: TimeInForce
    reference_price: Decimal
    cause: str
    limit_price: Decimal | None = None
    reduce_only: bool = False
    sizing: Sized | msgspec.UnsetType = msgspec.UNSET
    terms: OrderTerms | msgspec.UnsetType = msgspec.UNSET


class ApprovedCancel(Message, frozen=True, kw_only=True, tag="approved_cancel", gc=False):
    """The order named shall be cancelled at its venue."""

    id: str
    order_id: str
    symbol: str
    cause: str


class ApprovedAmend(Message, frozen=True, kw_only=True, tag="approved_amend", gc=False):
    """The order named shall be changed at its venue; only the risk core makes one. What is None stays as it was.

    quantity: base units in all, what has filled included.
    """

    id: str
    order_id: str
    symbol: str
    cause: str
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None


class OrderRefused(Message, frozen=True, kw_only=True, tag="order_refused", gc=False):
    """Risk said no. `limit` and `found` are the rule's figures, `detail` a sentence for people.

    code: the reason's number in docs/risk.md. used and asked: where the limit is an amount, how much of it was in use
    and how much the order asks for; else empty.
    """

    intent_id: str
    runner: str
    symbol: str
    reason: RejectReason
    limit: str
    found: str
    detail: str
    cause: str
    code: int = 0
    used: str = ""
    asked: str = ""


class AmendRefused(Message, frozen=True, kw_only=True, tag="amend_refused", gc=False):
    """Risk does not let the change named by `cause` through; the order is as it was. Figures as in `OrderRefused`."""

    order_id: str
    runner: str
    symbol: str
    reason: RejectReason
    limit: str
    found: str
    detail: str
    cause: str
    code: int = 0
    used: str = ""
    asked: str = ""


class OrderAccepted(Message, frozen=True, kw_only=True, tag="order_accepted", gc=False):
    """The venue has the order."""

    order_id: str
    intent_id: str
    runner: str
    symbol: str
    venue: str
    cause: str


class OrderTriggered(Message, frozen=True, kw_only=True, tag="order_triggered", gc=False):
    """The price has come to the order's trigger: from now on it is a market order, or a limit order."""

    order_id: str
    intent_id: str
    runner: str
    symbol: str
    venue: str
    cause: str


class OrderAmended(Message, frozen=True, kw_only=True, tag="order_amended", gc=False):
    """The order is now as it stands here. quantity: base units in all; remaining_quantity: not filled.

    cause: the amend that asked for it; where nobody did, the fill that left less to reduce.
    """

    order_id: str
    intent_id: str
    runner: str
    symbol: str
    venue: str
    quantity: Decimal
    remaining_quantity: Decimal
    limit_price: Decimal | None
    trigger_price: Decimal | None
    cause: str


class AmendRejected(Message, frozen=True, kw_only=True, tag="amend_rejected", gc=False):
    """The amend named by `cause` was not done; the order is as it was."""

    order_id: str
    intent_id: str
    runner: str
    symbol: str
    venue: str
    reason: VenueRejectReason
    detail: str
    cause: str


class OrderRejected(Message, frozen=True, kw_only=True, tag="order_rejected", gc=False):
    """The venue refused the order; its life ends here."""

    order_id: str
    intent_id: str
    runner: str
    symbol: str
    venue: str
    reason: VenueRejectReason
    detail: str
    cause: str


class OrderCancelled(Message, frozen=True, kw_only=True, tag="order_cancelled", gc=False):
    """The order ended with `remaining_quantity` (base units) not filled. reason: where nobody asked for its end."""

    order_id: str
    intent_id: str
    runner: str
    symbol: str
    venue: str
    remaining_quantity: Decimal
    cause: str
    reason: CancelReason | msgspec.UnsetType = msgspec.UNSET


class Fill(Message, frozen=True, kw_only=True, tag="fill", gc=False):
    """The venue traded part or all of an order. `fee` is in `fee_currency`; `remaining_quantity` 0 ends the order."""

    id: str
    order_id: str
    intent_id: str
    runner: str
    strategy: str
    symbol: str
    kind: IntentKind
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    liquidity: Liquidity
    remaining_quantity: Decimal
    venue: str
    cause: str
