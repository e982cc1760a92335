"""Asks for a pair of orders of which one cancels the other: two intents, numbered one after the other, of one group."""

from msgspec import UNSET
from msgspec.structs import replace

from common.instruments import Instrument
from common.messages import AnyMessage, OrderIntent
from common.order_terms import LEGS, NO_TERMS, fault_of
from services.signal.core.answers import Enter, Exit, Pair
from services.signal.core.asking_orders import Asked
from services.signal.core.desk import Desk
from services.signal.core.orders import Levels, Origin, Pending, entry_intent, exit_intent
from services.signal.core.reading import AnswerError


def ask_pair(
    desk: Desk, origin: Origin, pair: Pair, price: float, levels: Levels, facts: Instrument
) -> list[AnyMessage]:
    """Ask for both orders, or raise AnswerError and ask for none; an entry that still works is cancelled before two exits."""
    if desk.pending is not None:
        raise AnswerError("action: expected amend, cancel, exit or hold while an order rests, found a pair")
    group = f"{origin.runner}-{desk.decisions + 1}"
    made: list[tuple[OrderIntent, Asked]] = []
    for number, leg in enumerate(pair.orders, 1):
        try:
            if isinstance(leg, Enter):
                intent = entry_intent(origin, desk.decisions + number, leg, price, levels, facts)
            else:
                intent = exit_intent(origin, desk.decisions + number, leg, price, desk.position, facts)
            made.append((_linked(intent, group), _asked(leg)))
        except AnswerError as error:
            raise AnswerError(f"orders[{number}].{error}") from None
    desk.decisions += LEGS
    desk.pending, desk.other = (Pending.of(intent, asked, leg) for leg, (intent, asked) in enumerate(made, 1))
    working = desk.working
    cancels = [desk.cancel(origin, working, "exit")] if working is not None and not working.cancelling else []
    return [*cancels, *(intent for intent, _ in made)]


def _asked(leg: Enter | Exit) -> Asked:
    assert leg.asked is not None, "expected an order that rests"
    return leg.asked


def _linked(intent: OrderIntent, group: str) -> OrderIntent:
    terms = replace(NO_TERMS if intent.terms is UNSET else intent.terms, oco=group, legs=LEGS)
    fault = fault_of(intent.order_type, intent.time_in_force, intent.limit_price, terms)
    if fault:
        raise AnswerError(fault)
    return replace(intent, terms=terms)
