"""From what a strategy's function returned to what it decided: every key checked, every mistake named."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from common.messages import OrderType, Side, TimeInForce
from services.signal.core.host import Function


class AnswerError(ValueError):
    """A function returned what its caller cannot use; the text names key, expected and found."""


class Hold(NamedTuple):
    """Nothing to do."""


class Hint(NamedTuple):
    """For an entry that risk shall size. risk: share of the equity to lose at the stop; atr: a typical move, quote units."""

    risk: float | None
    atr: float | None


class Enter(msgspec.Struct, frozen=True, gc=False):
    """Open a position. quantity: base units, None to leave it to risk, and hint is then what helps with it.

    price: None for the market's. stop, target: where to close it.
    """

    side: Side
    quantity: float | None
    price: float | None
    order_type: OrderType
    time_in_force: TimeInForce
    stop: float | None
    target: float | None
    stop_fraction: float | None
    target_fraction: float | None
    reason: str
    hint: Hint | None = None


class CancelAnalysis(NamedTuple):
    """Go back to Idle."""

    reason: str


class Exit(msgspec.Struct, frozen=True, gc=False):
    """Close the position, or `quantity` base units of it."""

    quantity: float | None
    price: float | None
    reason: str


class MoveLevels(NamedTuple):
    """Set the stop or the target, quote units. allow_widen: the stop may move away from the market, too."""

    stop: float | None = None
    target: float | None = None
    allow_widen: bool = False


class TrailStop(NamedTuple):
    """Set the stop this far behind the market if that is nearer than it is now. One of both: quote units, fraction."""

    distance: float | None
    fraction: float | None


class BreakEven(NamedTuple):
    """Set the stop to the entry price."""


Decision = Hold | Enter | CancelAnalysis | Exit | MoveLevels | TrailStop | BreakEven

_ACTIONS = {
    Function.FILTER: ("enter_long", "enter_short", "cancel_analysis", "hold"),
    Function.MANAGE: (
        "exit", "exit_partial", "update_stop", "update_target", "trailing_stop", "breakeven_stop", "hold",
    ),
}  # fmt: skip

_NO_QUANTITY = frozenset({"amount", "qty", "quanity", "quantitiy", "quantities", "quatity", "size", "units"})
"""Keys by which somebody means the quantity; without this, risk would size what has a size already."""

REASON_LIMIT = 200
"""Characters kept of a reason."""


def decide(function: Function, answer: Mapping[str, Any]) -> Decision:
    """Return what an answer of filter_commitment or manage_position asks for.

    Raises:
        AnswerError: naming the key, what was expected and what was found.
    """
    action = answer.get("action")
    if action not in _ACTIONS[function]:
        raise AnswerError(f"action: expected one of {', '.join(_ACTIONS[function])}, found {_shown(action)}")
    if action in ("enter_long", "enter_short"):
        return _enter(Side.BUY if action == "enter_long" else Side.SELL, answer)
    if action == "cancel_analysis":
        return CancelAnalysis(_reason(answer))
    if action in ("exit", "exit_partial"):
        quantity = _needed(answer, "quantity") if action == "exit_partial" else None
        return Exit(quantity, _positive(answer, "price"), _reason(answer))
    return _levels(action, answer)


def _levels(action: str, answer: Mapping[str, Any]) -> Decision:
    if action == "update_stop":
        return MoveLevels(stop=_needed(answer, "price"), allow_widen=answer.get("allow_widen") is True)
    if action == "update_target":
        return MoveLevels(target=_needed(answer, "price"))
    if action == "trailing_stop":
        distance, fraction = _positive(answer, "distance"), _fraction(answer, "fraction")
        if (distance is None) == (fraction is None):
            raise AnswerError("trailing_stop: expected either distance (quote units) or fraction (of the price)")
        return TrailStop(distance, fraction)
    return BreakEven() if action == "breakeven_stop" else Hold()


def _enter(side: Side, answer: Mapping[str, Any]) -> Enter:
    order_type, time_in_force = OrderType.MARKET, TimeInForce.GTC
    if "type" in answer or "order_type" in answer:
        order_type = _member(OrderType, answer, "order_type", _text(answer, "type", OrderType.MARKET))
    price = _positive(answer, "price") if "price" in answer else None
    if order_type is OrderType.LIMIT and price is None:
        raise AnswerError("price: expected a price for a limit order, found nothing")
    quantity = _positive(answer, "quantity")
    if quantity is None:
        _expect_no_other_name(answer)
    if "time_in_force" in answer:
        time_in_force = _member(TimeInForce, answer, "time_in_force", TimeInForce.GTC)
    return Enter(
        side,
        quantity,
        price,
        order_type,
        time_in_force,
        _positive(answer, "stop_price") if "stop_price" in answer else None,
        _positive(answer, "target_price") if "target_price" in answer else None,
        _fraction(answer, "stop_loss") if "stop_loss" in answer else None,
        _fraction(answer, "take_profit") if "take_profit" in answer else None,
        _reason(answer),
        Hint(_fraction(answer, "risk"), _positive(answer, "atr")) if quantity is None else None,
    )


def _expect_no_other_name(answer: Mapping[str, Any]) -> None:
    meant = next((key for key in answer if key in _NO_QUANTITY), None)
    if meant is not None:
        raise AnswerError(f"quantity: expected a positive number or nothing, found {meant} in its place")


def _member[T: (OrderType, TimeInForce)](kind: type[T], answer: Mapping[str, Any], key: str, default: str) -> T:
    value = _text(answer, key, default)
    try:
        return kind(value)
    except ValueError:
        raise AnswerError(f"{key}: expected {' or '.join(kind)}, found {_shown(value)}") from None


def _text(answer: Mapping[str, Any], key: str, default: str) -> str:
    value = answer.get(key, default)
    if not isinstance(value, str):
        raise AnswerError(f"{key}: expected a string, found {_shown(value)}")
    return value


def _reason(answer: Mapping[str, Any]) -> str:
    return _text(answer, "reason", "")[:REASON_LIMIT] if "reason" in answer else ""


def _positive(answer: Mapping[str, Any], key: str) -> float | None:
    if key not in answer:
        return None
    value = answer[key]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise AnswerError(f"{key}: expected a positive number, found {_shown(value)}")
    return float(value)


def _needed(answer: Mapping[str, Any], key: str) -> float:
    value = _positive(answer, key)
    if value is None:
        raise AnswerError(f"{key}: expected a positive number, found nothing")
    return value


def _fraction(answer: Mapping[str, Any], key: str) -> float | None:
    value = _positive(answer, key)
    if value is not None and value >= 1:
        prices = {"stop_loss": "; stop_price takes a price", "take_profit": "; target_price takes a price"}
        raise AnswerError(f"{key}: expected a fraction below 1, found {_shown(value)}{prices.get(key, '')}")
    return value


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:80]
