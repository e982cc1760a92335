"""From what a strategy's function returned to what it decided: every key checked, every mistake named."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from common.messages import Side
from common.order_terms import LEGS, rests
from services.signal.core.asking_orders import ENTRY_KEYS, Asked, Guarding, asked_of, guarding_of
from services.signal.core.host import Function
from services.signal.core.reading import AnswerError, fraction, needed, positive, shown, text

__all__ = ["AnswerError"]


class Hold(NamedTuple):
    """Nothing to do."""


class Hint(NamedTuple):
    """For an entry that risk shall size. risk: share of the equity to lose at the stop; atr: a typical move, quote units."""

    risk: float | None
    atr: float | None


class Enter(msgspec.Struct, frozen=True, gc=False):
    """Open a position. quantity: base units, None to leave it to risk, and hint is then what helps with it.

    price: None for the market's. stop, target: where to close it. asked: None for a market order without more.
    """

    side: Side
    quantity: float | None
    price: float | None
    asked: Asked | None
    stop: float | None
    target: float | None
    stop_fraction: float | None
    target_fraction: float | None
    reason: str
    hint: Hint | None = None
    guarding: Guarding | None = None


class CancelAnalysis(NamedTuple):
    """Go back to Idle."""

    reason: str


class Exit(msgspec.Struct, frozen=True, gc=False):
    """Close the position, or `quantity` base units of it; at market where `asked` says nothing else."""

    quantity: float | None
    price: float | None
    reason: str
    asked: Asked | None = None


class ChangeOrder(msgspec.Struct, frozen=True, gc=False):
    """Change the order that rests; what is None stays. quantity: base units in all; leg: which of a pair, 1 or 2."""

    quantity: float | None
    price: float | None
    trigger: float | None
    reason: str
    leg: int | None = None


class TakeBack(NamedTuple):
    """Cancel the order that rests."""

    reason: str


class Pair(NamedTuple):
    """Two orders that rest, entries or exits, of which the first that fills or ends cancels the other."""

    orders: tuple[Enter | Exit, Enter | Exit]


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


Decision = Hold | Enter | CancelAnalysis | Exit | Pair | MoveLevels | TrailStop | BreakEven | ChangeOrder | TakeBack

_ACTIONS = {
    Function.FILTER: ("enter_long", "enter_short", "oco", "cancel_analysis", "amend", "cancel", "hold"),
    Function.MANAGE: (
        "exit", "exit_partial", "oco", "update_stop", "update_target", "trailing_stop", "breakeven_stop",
        "amend", "cancel", "hold",
    ),
}  # fmt: skip

_LEGS = {Function.FILTER: ("enter_long", "enter_short"), Function.MANAGE: ("exit", "exit_partial")}
_OF_BOTH = ("manage", "reason")
"""Keys of a pair that its orders take over where they have none of their own."""

_NO_QUANTITY = frozenset({"amount", "qty", "quanity", "quantitiy", "quantities", "quatity", "size", "units"})
"""Keys by which somebody means the quantity; without this, risk would size what has a size already."""

REASON_LIMIT = 200
"""Characters kept of a reason."""


def decide(  # noqa: PLR0911 - a table in the form of conditions, one an action
    function: Function, answer: Mapping[str, Any]
) -> Decision:
    """Return what an answer of filter_commitment or manage_position asks for.

    Raises:
        AnswerError: naming the key, what was expected and what was found.
    """
    action = answer.get("action")
    if action not in _ACTIONS[function]:
        raise AnswerError(f"action: expected one of {', '.join(_ACTIONS[function])}, found {shown(action)}")
    if action in ("enter_long", "enter_short"):
        return _enter(Side.BUY if action == "enter_long" else Side.SELL, answer)
    if action == "cancel_analysis":
        return CancelAnalysis(_reason(answer))
    if action in ("exit", "exit_partial"):
        quantity = needed(answer, "quantity") if action == "exit_partial" else None
        return Exit(quantity, positive(answer, "price"), _reason(answer), asked_of(answer, reduces=True))
    if action == "oco":
        return _pair(function, answer)
    if action == "amend":
        return _change(answer)
    if action == "cancel":
        return TakeBack(_reason(answer))
    return _levels(action, answer)


def _pair(function: Function, answer: Mapping[str, Any]) -> Pair:
    legs = answer.get("orders")
    if not isinstance(legs, list) or len(legs) != LEGS:
        raise AnswerError(f"orders: expected a list of two orders, found {shown(legs)}")
    of_both = {key: answer[key] for key in _OF_BOTH if key in answer}
    first, second = (_leg(function, number, of_both, leg) for number, leg in enumerate(legs, 1))
    return Pair((first, second))


def _leg(function: Function, number: int, of_both: dict[str, Any], leg: Any) -> Enter | Exit:
    action = leg.get("action") if isinstance(leg, Mapping) else None
    if action not in _LEGS[function]:
        expected = " or ".join(_LEGS[function])
        raise AnswerError(f"orders[{number}].action: expected {expected}, found {shown(action)}")
    try:
        order = decide(function, of_both | leg)
    except AnswerError as error:
        raise AnswerError(f"orders[{number}].{error}") from None
    assert isinstance(order, Enter | Exit), f"{action}: expected an order"
    asked = order.asked
    if asked is None or not rests(asked.order_type, asked.time_in_force):
        found = "market" if asked is None else f"{asked.order_type} {asked.time_in_force}"
        raise AnswerError(f"orders[{number}].order_type: expected an order that rests, found {found}")
    return order


def _change(answer: Mapping[str, Any]) -> ChangeOrder:
    price = positive(answer, "limit_price")
    price = positive(answer, "price") if price is None else price
    wanted = ChangeOrder(
        positive(answer, "quantity"), price, positive(answer, "trigger_price"), _reason(answer), _number(answer)
    )
    if wanted.quantity is None and wanted.price is None and wanted.trigger is None:
        raise AnswerError("amend: expected a quantity, a price or a trigger_price, found none of them")
    return wanted


def _number(answer: Mapping[str, Any]) -> int | None:
    leg = answer.get("leg")
    if leg is not None and leg not in range(1, LEGS + 1):
        raise AnswerError(f"leg: expected 1 or 2, found {shown(leg)}")
    return None if leg is None else int(leg)


def _levels(action: str, answer: Mapping[str, Any]) -> Decision:
    if action == "update_stop":
        return MoveLevels(stop=needed(answer, "price"), allow_widen=answer.get("allow_widen") is True)
    if action == "update_target":
        return MoveLevels(target=needed(answer, "price"))
    if action == "trailing_stop":
        distance, share = positive(answer, "distance"), fraction(answer, "fraction")
        if (distance is None) == (share is None):
            raise AnswerError("trailing_stop: expected either distance (quote units) or fraction (of the price)")
        return TrailStop(distance, share)
    return BreakEven() if action == "breakeven_stop" else Hold()


def _enter(side: Side, answer: Mapping[str, Any]) -> Enter:
    is_plain = ENTRY_KEYS.isdisjoint(answer)  # one look for what most entries have none of
    asked = None if is_plain else asked_of(answer, reduces=False)
    price = positive(answer, "price") if asked is None or asked.reference is None else asked.reference
    quantity = positive(answer, "quantity")
    if quantity is None:
        _expect_no_other_name(answer)
    return Enter(
        side,
        quantity,
        price,
        asked,
        positive(answer, "stop_price") if "stop_price" in answer else None,
        positive(answer, "target_price") if "target_price" in answer else None,
        fraction(answer, "stop_loss") if "stop_loss" in answer else None,
        fraction(answer, "take_profit") if "take_profit" in answer else None,
        _reason(answer),
        Hint(fraction(answer, "risk"), positive(answer, "atr")) if quantity is None else None,
        None if is_plain else guarding_of(answer),
    )


def _expect_no_other_name(answer: Mapping[str, Any]) -> None:
    meant = next((key for key in answer if key in _NO_QUANTITY), None)
    if meant is not None:
        raise AnswerError(f"quantity: expected a positive number or nothing, found {meant} in its place")


def _reason(answer: Mapping[str, Any]) -> str:
    return text(answer, "reason", "")[:REASON_LIMIT] if "reason" in answer else ""
