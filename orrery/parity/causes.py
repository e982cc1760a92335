"""From a message back to what caused it: the chain that is printed beside a difference."""

from collections.abc import Callable

from common.messages import AnyMessage, ApprovedOrder, Fill, OrderAccepted, OrderCancelled, OrderIntent, OrderRejected

LONGEST_CHAIN = 20

type Find = Callable[[str], list[AnyMessage]]
"""Returns the messages with an id."""

_REPORTS = (OrderAccepted, OrderCancelled, OrderRejected, Fill)


def id_of(message: AnyMessage) -> str:
    """Return the id by which other messages name this one as their cause; empty if none can."""
    return str(getattr(message, "id", ""))


def chain(message: AnyMessage, find: Find) -> list[AnyMessage]:
    """Return the causes of a message, the nearest first, as far as they are known."""
    found: list[AnyMessage] = []
    current = message
    while len(found) < LONGEST_CHAIN:
        cause = getattr(current, "cause", "")
        candidates = [each for each in (find(cause) if cause else []) if not any(each == seen for seen in found)]
        following = _nearest(current, [each for each in candidates if each != message])
        if following is None:
            return found
        found.append(following)
        current = following
    return found


def _nearest(message: AnyMessage, candidates: list[AnyMessage]) -> AnyMessage | None:
    """Return the candidate that a message follows: an order and the intent it came from share an id."""
    wanted = ApprovedOrder if isinstance(message, _REPORTS) else OrderIntent
    others = [each for each in candidates if type(each) is not type(message)]
    return next((each for each in others if isinstance(each, wanted)), others[0] if others else None)
