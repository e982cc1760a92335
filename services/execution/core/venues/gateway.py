"""Orrery's own order gateway: JSON objects over one message channel. Paper venues outside the process speak it.

A request is `<method>` and an object; a reply a status as in HTTP and an object:

    submit       {"id":"ema:BTCUSDT-1","symbol":"BTCUSDT","side":"buy","quantity":"1","type":"limit","tif":"gtc",
                  "limit_price":"100.5","is_reduction":false,"valid_until_ns":1700000000000000000}
                  and "terms" where there are any: trigger_price, trigger_by, trail, trail_bps, expires_ns, post_only
    amend        as submit, with the quantity in all; refused where no more than that has filled, or when it comes too late
    200          {"order_id":"ema:BTCUSDT-1","symbol":"BTCUSDT","standing":"open","quantity":"1","filled":"0.25"}
    400          {"reason":"invalid_price","detail":"…"}
    404          {}                                            no such order
    429          {"retry_after_ms":1000}
    open_orders  {} -> 200 {"orders":[…]}      fills {"since":7} -> 200 {"fills":[…],"is_complete":true}
    positions    {} -> 200 {"held":{"BTCUSDT":"1.5"}}

What it tells unasked is an order as above, or a fill, which has a `number`.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, assert_never

import msgspec

from common.messages import OrderTerms, OrderType, Side, TimeInForce
from services.execution.core.asking import (
    Absent,
    Amend,
    Answer,
    Ask,
    AskFills,
    AskOpenOrders,
    AskOrder,
    AskPositions,
    Cancel,
    Fills,
    Frame,
    Limited,
    Limits,
    OpenOrders,
    OrderView,
    Positions,
    Refused,
    Submit,
    Unclear,
)
from services.execution.core.venue import VenueFilled

NAME: Final = "gateway"
LIMITS: Final = Limits(
    windows=((1_200, 10_000_000_000),),
    weights={"AskOpenOrders": 5, "AskFills": 5, "AskPositions": 5},
)
OK: Final = 200
REFUSED: Final = 400
NOT_FOUND: Final = 404
TOO_MANY: Final = 429
MILLISECOND: Final = 1_000_000


class SubmitBody(msgspec.Struct, frozen=True):
    """An order on the wire."""

    id: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType
    tif: TimeInForce
    limit_price: Decimal | None = None
    is_reduction: bool = False
    valid_until_ns: int = 0
    terms: OrderTerms | msgspec.UnsetType = msgspec.UNSET


class NameBody(msgspec.Struct, frozen=True):
    """An order by its id."""

    id: str
    symbol: str


class SinceBody(msgspec.Struct, frozen=True):
    """A cursor into the fills."""

    since: int


class LimitedBody(msgspec.Struct, frozen=True):
    """How long to wait."""

    retry_after_ms: int


_encode = msgspec.json.Encoder(decimal_format="string").encode
_views = msgspec.json.Decoder(OrderView)
_fill = msgspec.json.Decoder(VenueFilled)
_refusals = msgspec.json.Decoder(Refused)
_limits = msgspec.json.Decoder(LimitedBody)
_open_orders = msgspec.json.Decoder(OpenOrders)
_fills = msgspec.json.Decoder(Fills)
_positions = msgspec.json.Decoder(Positions)


def encode(ask: Ask) -> Frame:  # noqa: PLR0911 - a table in the form of a match, one row a question
    """Return the request."""
    match ask:
        case Submit():
            return Frame("submit", _encode(_body(ask)))
        case Amend():
            return Frame("amend", _encode(_body(Submit(ask.order, ask.valid_until_ns))))
        case Cancel():
            return Frame("cancel", _encode(NameBody(ask.order_id, ask.symbol)))
        case AskOrder():
            return Frame("order", _encode(NameBody(ask.order_id, ask.symbol)))
        case AskOpenOrders():
            return Frame("open_orders", b"{}")
        case AskFills():
            return Frame("fills", _encode(SinceBody(ask.since)))
        case AskPositions():
            return Frame("positions", b"{}")
        case _:
            assert_never(ask)


def _body(ask: Submit) -> SubmitBody:
    order = ask.order
    return SubmitBody(
        order.id,
        order.symbol,
        order.side,
        order.quantity,
        order.order_type,
        order.time_in_force,
        order.limit_price,
        order.is_reduction,
        ask.valid_until_ns,
        msgspec.UNSET if order.terms is None else order.terms,
    )


def decode(ask: Ask, status: int, body: bytes) -> Answer:
    """Return what the reply to a question says; status as in HTTP."""
    try:
        if status == OK:
            return _answer(ask, body)
        if status == TOO_MANY:
            return Limited(_limits.decode(body).retry_after_ms * MILLISECOND)
        if status == NOT_FOUND:
            return Absent()
        if status == REFUSED:
            return _refusals.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Unclear(f"{status}: {error}")
    return Unclear(f"{status}: {body[:200]!r}")


def _answer(ask: Ask, body: bytes) -> Answer:
    match ask:
        case Submit() | Cancel() | Amend() | AskOrder():
            return _views.decode(body)
        case AskOpenOrders():
            return _open_orders.decode(body)
        case AskFills():
            return _fills.decode(body)
        case AskPositions():
            return _positions.decode(body)
        case _:
            assert_never(ask)


def pushed(body: bytes) -> Sequence[OrderView | VenueFilled]:
    """Return what the venue tells unasked; empty for what nobody can read."""
    try:
        return (_fill.decode(body) if b'"number"' in body else _views.decode(body),)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
