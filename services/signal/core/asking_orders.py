"""The part of an answer that says what order it shall be: its type, prices, how long it lasts, what risk shall guard."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from common.messages import OrderType, TimeInForce, TriggerBy
from common.order_terms import CONDITIONAL, WITH_PRICE
from services.signal.core.reading import AnswerError, flag, member, positive

ORDER_KEYS: Final = frozenset(
    {
        "type", "order_type", "limit_price", "trigger_price", "trigger_by", "trail", "trail_percent", "time_in_force",
        "expires_in", "expires_at", "post_only", "reduce_only", "manage",
    }
)  # fmt: skip
"""Keys of an answer that make an order more than a market order for as long as it takes."""
GUARD_KEYS: Final = frozenset({"trailing_stop", "trailing_percent", "trailing_atr", "breakeven_at"})
"""Keys of an entry that say what risk shall watch beside stop and target."""
ENTRY_KEYS: Final = ORDER_KEYS | GUARD_KEYS
"""Keys that make an entry more than a market order with a stop and a target."""
PERCENT: Final = 100.0


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What order a strategy wants, in its own floats. price: of the limit; trail_share: a fraction of the price.

    expires_in, expires_at: seconds from now, seconds since 1970; one of them for gtd. manage: ask again while it rests.
    """

    order_type: OrderType
    time_in_force: TimeInForce
    price: float | None
    trigger: float | None
    trigger_by: TriggerBy
    trail: float | None
    trail_share: float | None
    expires_in: float | None
    expires_at: float | None
    post_only: bool
    manage: bool

    @property
    def reference(self) -> float | None:
        """Return the price at which it may trade at worst, as far as it says."""
        return self.trigger if self.price is None else self.price

    @property
    def has_terms(self) -> bool:
        """Return whether it is more than market or limit."""
        if self.order_type in CONDITIONAL or self.post_only:
            return True
        return self.expires_in is not None or self.expires_at is not None or self.time_in_force is TimeInForce.GTD


class Guarding(msgspec.Struct, frozen=True, gc=False):
    """What risk shall watch. distance: quote units; share: a fraction of the best price; breakeven_at: quote units."""

    distance: float | None
    share: float | None
    breakeven_at: float | None


def asked_of(answer: Mapping[str, Any], *, reduces: bool) -> Asked | None:
    """Return what order an answer wants; None for a market order without more. Raises AnswerError.

    reduces: it closes a position, and so only ever reduces.
    """
    if ORDER_KEYS.isdisjoint(answer):
        return None
    if flag(answer, "reduce_only", default=reduces) is not reduces:
        what = "true: an exit only ever reduces" if reduces else "false: an entry adds to a position"
        raise AnswerError(f"reduce_only: expected {what}; found {not reduces}")
    kind = _kind(answer)
    price = positive(answer, "limit_price")
    if price is None and kind in WITH_PRICE:
        price = positive(answer, "price")
        if price is None:
            word = "price" if kind is OrderType.LIMIT else "limit_price"
            raise AnswerError(f"{word}: expected a price for a {kind} order, found nothing")
    percent = positive(answer, "trail_percent")
    in_force = member(TimeInForce, answer, "time_in_force", _usual(answer))
    return Asked(
        order_type=kind,
        time_in_force=in_force,
        price=price,
        trigger=positive(answer, "trigger_price"),
        trigger_by=member(TriggerBy, answer, "trigger_by", TriggerBy.DEFAULT),
        trail=positive(answer, "trail"),
        trail_share=None if percent is None else percent / PERCENT,
        expires_in=positive(answer, "expires_in"),
        expires_at=positive(answer, "expires_at"),
        post_only=flag(answer, "post_only"),
        manage=flag(answer, "manage", default=reduces),
    )


def _kind(answer: Mapping[str, Any]) -> OrderType:
    word = answer.get("order_type")
    word = answer.get("type", OrderType.MARKET) if word is None else word
    return member(OrderType, {"order_type": word}, "order_type", OrderType.MARKET)


def _usual(answer: Mapping[str, Any]) -> TimeInForce:
    has_end = answer.get("expires_in") is not None or answer.get("expires_at") is not None
    return TimeInForce.GTD if has_end else TimeInForce.GTC


def guarding_of(answer: Mapping[str, Any]) -> Guarding | None:
    """Return what risk shall watch over the position of an entry; None for nothing more. Raises AnswerError."""
    if GUARD_KEYS.isdisjoint(answer):
        return None
    distance, percent = positive(answer, "trailing_stop"), positive(answer, "trailing_percent")
    multiple, breakeven = positive(answer, "trailing_atr"), positive(answer, "breakeven_at")
    if sum(each is not None for each in (distance, percent, multiple)) > 1:
        raise AnswerError("trailing_stop: expected one of trailing_stop, trailing_percent and trailing_atr, found more")
    if multiple is not None:
        move = positive(answer, "atr")
        if move is None:
            raise AnswerError(
                "atr: expected the average true range for trailing_atr, as indicators.atr(14), found nothing"
            )
        distance = multiple * move
    if percent is not None and percent >= PERCENT:
        raise AnswerError(f"trailing_percent: expected less than 100, found {percent:g}")
    return Guarding(distance, None if percent is None else percent / PERCENT, breakeven)
