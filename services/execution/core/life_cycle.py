"""The life of an order, as a table. What is not in the table does not happen.

The drawing: SUBMITTED -> ACCEPTED -> PARTIALLY_FILLED -> FILLED, with CANCELLED and EXPIRED from anywhere after ACCEPTED
and REJECTED instead of ACCEPTED. An order that waits for a trigger is ARMED before it is ACCEPTED, and cannot fill there.
While a cancel or an amend is on its way the venue may still fill; a cancel overtakes an amend.
"""

from enum import StrEnum


class OrderState(StrEnum):
    """Where an order stands at its venue."""

    SUBMITTED = "submitted"
    SUBMITTED_PENDING_CANCEL = "submitted_pending_cancel"
    ARMED = "armed"
    """The venue has it, and it waits for its trigger."""
    ARMED_PENDING_AMEND = "armed_pending_amend"
    ARMED_PENDING_CANCEL = "armed_pending_cancel"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_AMEND = "pending_amend"
    PENDING_AMEND_PARTIALLY_FILLED = "pending_amend_partially_filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_CANCEL_PARTIALLY_FILLED = "pending_cancel_partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


class OrderEvent(StrEnum):
    """What moves an order: the venue's reports, and our wishes to change it or to cancel it."""

    ACCEPT = "accept"
    ARM = "arm"
    """It was accepted, and waits for its trigger."""
    REJECT = "reject"
    TRIGGER = "trigger"
    PARTIAL_FILL = "partial_fill"
    FILL = "fill"
    REQUEST_AMEND = "request_amend"
    AMEND = "amend"
    REJECT_AMEND = "reject_amend"
    REQUEST_CANCEL = "request_cancel"
    REJECT_CANCEL = "reject_cancel"
    CANCEL = "cancel"
    EXPIRE = "expire"


_S, _E = OrderState, OrderEvent

TRANSITIONS: dict[tuple[OrderState, OrderEvent], OrderState] = {
    (_S.SUBMITTED, _E.ACCEPT): _S.ACCEPTED,
    (_S.SUBMITTED, _E.ARM): _S.ARMED,
    (_S.SUBMITTED, _E.REJECT): _S.REJECTED,
    (_S.SUBMITTED, _E.REQUEST_CANCEL): _S.SUBMITTED_PENDING_CANCEL,
    (_S.SUBMITTED_PENDING_CANCEL, _E.ACCEPT): _S.PENDING_CANCEL,
    (_S.SUBMITTED_PENDING_CANCEL, _E.ARM): _S.ARMED_PENDING_CANCEL,
    (_S.SUBMITTED_PENDING_CANCEL, _E.REJECT): _S.REJECTED,
    (_S.ARMED, _E.TRIGGER): _S.ACCEPTED,
    (_S.ARMED, _E.AMEND): _S.ARMED,
    (_S.ARMED, _E.REQUEST_AMEND): _S.ARMED_PENDING_AMEND,
    (_S.ARMED, _E.REQUEST_CANCEL): _S.ARMED_PENDING_CANCEL,
    (_S.ARMED, _E.CANCEL): _S.CANCELLED,
    (_S.ARMED, _E.EXPIRE): _S.EXPIRED,
    (_S.ARMED_PENDING_AMEND, _E.TRIGGER): _S.PENDING_AMEND,
    (_S.ARMED_PENDING_AMEND, _E.AMEND): _S.ARMED,
    (_S.ARMED_PENDING_AMEND, _E.REJECT_AMEND): _S.ARMED,
    (_S.ARMED_PENDING_AMEND, _E.REQUEST_CANCEL): _S.ARMED_PENDING_CANCEL,
    (_S.ARMED_PENDING_AMEND, _E.CANCEL): _S.CANCELLED,
    (_S.ARMED_PENDING_AMEND, _E.EXPIRE): _S.EXPIRED,
    (_S.ARMED_PENDING_CANCEL, _E.TRIGGER): _S.PENDING_CANCEL,
    (_S.ARMED_PENDING_CANCEL, _E.AMEND): _S.ARMED_PENDING_CANCEL,
    (_S.ARMED_PENDING_CANCEL, _E.REJECT_AMEND): _S.ARMED_PENDING_CANCEL,
    (_S.ARMED_PENDING_CANCEL, _E.REJECT_CANCEL): _S.ARMED,
    (_S.ARMED_PENDING_CANCEL, _E.CANCEL): _S.CANCELLED,
    (_S.ARMED_PENDING_CANCEL, _E.EXPIRE): _S.EXPIRED,
    (_S.ACCEPTED, _E.PARTIAL_FILL): _S.PARTIALLY_FILLED,
    (_S.ACCEPTED, _E.FILL): _S.FILLED,
    (_S.ACCEPTED, _E.AMEND): _S.ACCEPTED,
    (_S.ACCEPTED, _E.REQUEST_AMEND): _S.PENDING_AMEND,
    (_S.ACCEPTED, _E.REQUEST_CANCEL): _S.PENDING_CANCEL,
    (_S.ACCEPTED, _E.CANCEL): _S.CANCELLED,
    (_S.ACCEPTED, _E.EXPIRE): _S.EXPIRED,
    (_S.PARTIALLY_FILLED, _E.PARTIAL_FILL): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.FILL): _S.FILLED,
    (_S.PARTIALLY_FILLED, _E.AMEND): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.REQUEST_AMEND): _S.PENDING_AMEND_PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.REQUEST_CANCEL): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.CANCEL): _S.CANCELLED,
    (_S.PARTIALLY_FILLED, _E.EXPIRE): _S.EXPIRED,
    (_S.PENDING_AMEND, _E.PARTIAL_FILL): _S.PENDING_AMEND_PARTIALLY_FILLED,
    (_S.PENDING_AMEND, _E.FILL): _S.FILLED,
    (_S.PENDING_AMEND, _E.AMEND): _S.ACCEPTED,
    (_S.PENDING_AMEND, _E.REJECT_AMEND): _S.ACCEPTED,
    (_S.PENDING_AMEND, _E.REQUEST_CANCEL): _S.PENDING_CANCEL,
    (_S.PENDING_AMEND, _E.CANCEL): _S.CANCELLED,
    (_S.PENDING_AMEND, _E.EXPIRE): _S.EXPIRED,
    (_S.PENDING_AMEND_PARTIALLY_FILLED, _E.PARTIAL_FILL): _S.PENDING_AMEND_PARTIALLY_FILLED,
    (_S.PENDING_AMEND_PARTIALLY_FILLED, _E.FILL): _S.FILLED,
    (_S.PENDING_AMEND_PARTIALLY_FILLED, _E.AMEND): _S.PARTIALLY_FILLED,
    (_S.PENDING_AMEND_PARTIALLY_FILLED, _E.REJECT_AMEND): _S.PARTIALLY_FILLED,
    (_S.PENDING_AMEND_PARTIALLY_FILLED, _E.REQUEST_CANCEL): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PENDING_AMEND_PARTIALLY_FILLED, _E.CANCEL): _S.CANCELLED,
    (_S.PENDING_AMEND_PARTIALLY_FILLED, _E.EXPIRE): _S.EXPIRED,
    (_S.PENDING_CANCEL, _E.PARTIAL_FILL): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PENDING_CANCEL, _E.FILL): _S.FILLED,
    (_S.PENDING_CANCEL, _E.AMEND): _S.PENDING_CANCEL,
    (_S.PENDING_CANCEL, _E.REJECT_AMEND): _S.PENDING_CANCEL,
    (_S.PENDING_CANCEL, _E.REJECT_CANCEL): _S.ACCEPTED,
    (_S.PENDING_CANCEL, _E.CANCEL): _S.CANCELLED,
    (_S.PENDING_CANCEL, _E.EXPIRE): _S.EXPIRED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.PARTIAL_FILL): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.FILL): _S.FILLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.AMEND): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.REJECT_AMEND): _S.PENDING_CANCEL_PARTIALLY_FILLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.REJECT_CANCEL): _S.PARTIALLY_FILLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.CANCEL): _S.CANCELLED,
    (_S.PENDING_CANCEL_PARTIALLY_FILLED, _E.EXPIRE): _S.EXPIRED,
}

NEXT: dict[OrderEvent, dict[OrderState, OrderState]] = {
    event: {before: after for (before, happened), after in TRANSITIONS.items() if happened is event}
    for event in OrderEvent
}
"""The same table by event: looked up without making a pair."""

FINAL = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED})
"""States that nothing leads out of."""


def advance(state: OrderState, event: OrderEvent) -> OrderState | None:
    """Return the state after an event, or None when the event cannot happen in that state."""
    return NEXT[event].get(state)
