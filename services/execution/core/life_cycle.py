"""The life of an order, as a table. What is not in the table does not happen.

The drawing: SUBMITTED -> ACCEPTED -> PARTIALLY_FILLED -> FILLED, with CANCELLED from anywhere after ACCEPTED and
REJECTED instead of ACCEPTED. While a cancel is on its way the venue may still fill.
"""

from enum import StrEnum


class OrderState(StrEnum):
    """Where an order stands at its venue."""

    SUBMITTED = "submitted"
    SUBMITTED_PENDING_CANCEL = "submitted_pending_cancel"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_CANCEL_PARTIALLY_FILLED = "pending_cancel_partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class OrderEvent(StrEnum):
    """What moves an order: the venue's reports, and our wish to cancel."""

    ACCEPT = "accept"
    REJECT = "reject"
    PARTIAL_FILL = "partial_fill"
    FILL = "fill"
    REQUEST_CANCEL = "request_cancel"
    REJECT_CANCEL = "reject_cancel"
    CANCEL = "cancel"


_S, _E = OrderState, OrderEvent

TRANSITIONS: dict[tuple[OrderState, OrderEvent], OrderState] = {
    (_S.SUBMITTED, _E.ACCEPT): _S.ACCEPTED,
    (_S.SUBMITTED, _E.REJECT): _S.REJECTED,
    (_S.SUBMITTED, _E.REQUEST_CANCEL): _S.SUBMITTED_PENDING_CANCEL,
    (_S.SUBMITTED_PENDING_CANCEL, _E.ACCEPT): _S.PENDING_CANCEL,
    (_S.SUBMITTED_PENDING_CANCEL, _E.REJECT): _S.REJECTED,
    (_S.ACCEPTED, _E.PARTIAL_FILL): _S.PARTIALLY_FILLED,
    (_S.ACCEPTED, _E.FILL): _S.FILLED,
    (_S.ACCEPTED, _E.REQUEST_CANCEL): _S.PENDING_CANCEL,
    (_S.ACCEPTED, _E.CANCEL): _S.CANCELLED,
    (_S.PARTIALLY_FILLED, _E.PARTIAL_FILL): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.FILL): _S.FILLED,
    (_S.PARTIALLY_FILLED, _E.REQUEST_CANCEL): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.CANCEL): _S.CANCELLED,
    (_S.PENDING_CANCEL, _E.PARTIAL_FILL): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PENDING_CANCEL, _E.FILL): _S.FILLED,
    (_S.PENDING_CANCEL, _E.REJECT_CANCEL): _S.ACCEPTED,
    (_S.PENDING_CANCEL, _E.CANCEL): _S.CANCELLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.PARTIAL_FILL): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.FILL): _S.FILLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.REJECT_CANCEL): _S.PARTIALLY_FILLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.CANCEL): _S.CANCELLED,
}

NEXT: dict[OrderEvent, dict[OrderState, OrderState]] = {
    event: {before: after for (before, happened), after in TRANSITIONS.items() if happened is event}
    for event in OrderEvent
}
"""The same table by event: looked up without making a pair."""

FINAL = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED})
"""States that nothing leads out of."""


def advance(state: OrderState, event: OrderEvent) -> OrderState | None:
    """Return the state after an event, or None when the event cannot happen in that state."""
    return NEXT[event].get(state)
