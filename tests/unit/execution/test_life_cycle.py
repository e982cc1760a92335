"""The table of an order's life, spelled out: every pair of state and event."""

from itertools import product

import pytest

from services.execution.core.life_cycle import FINAL, TRANSITIONS, OrderEvent, OrderState, advance

S, E = OrderState, OrderEvent
NEVER = None
ENDS = {E.CANCEL: S.CANCELLED, E.EXPIRE: S.EXPIRED}

ROWS: dict[OrderState, dict[OrderEvent, OrderState]] = {
    S.SUBMITTED: {
        E.ACCEPT: S.ACCEPTED, E.ARM: S.ARMED, E.REJECT: S.REJECTED, E.REQUEST_CANCEL: S.SUBMITTED_PENDING_CANCEL,
    },
    S.SUBMITTED_PENDING_CANCEL: {
        E.ACCEPT: S.PENDING_CANCEL, E.ARM: S.ARMED_PENDING_CANCEL, E.REJECT: S.REJECTED,
    },
    S.ARMED: {
        E.TRIGGER: S.ACCEPTED, E.AMEND: S.ARMED, E.REQUEST_AMEND: S.ARMED_PENDING_AMEND,
        E.REQUEST_CANCEL: S.ARMED_PENDING_CANCEL, **ENDS,
    },
    S.ARMED_PENDING_AMEND: {
        E.TRIGGER: S.PENDING_AMEND, E.AMEND: S.ARMED, E.REJECT_AMEND: S.ARMED, E.REQUEST_CANCEL: S.ARMED_PENDING_CANCEL,
        **ENDS,
    },
    S.ARMED_PENDING_CANCEL: {
        E.TRIGGER: S.PENDING_CANCEL, E.AMEND: S.ARMED_PENDING_CANCEL, E.REJECT_AMEND: S.ARMED_PENDING_CANCEL,
        E.REJECT_CANCEL: S.ARMED, **ENDS,
    },
    S.ACCEPTED: {
        E.PARTIAL_FILL: S.PARTIALLY_FILLED, E.FILL: S.FILLED, E.AMEND: S.ACCEPTED, E.REQUEST_AMEND: S.PENDING_AMEND,
        E.REQUEST_CANCEL: S.PENDING_CANCEL, **ENDS,
    },
    S.PARTIALLY_FILLED: {
        E.PARTIAL_FILL: S.PARTIALLY_FILLED, E.FILL: S.FILLED, E.AMEND: S.PARTIALLY_FILLED,
        E.REQUEST_AMEND: S.PENDING_AMEND_PARTIALLY_FILLED, E.REQUEST_CANCEL: S.PENDING_CANCEL_PARTIALLY_FILLED, **ENDS,
    },
    S.PENDING_AMEND: {
        E.PARTIAL_FILL: S.PENDING_AMEND_PARTIALLY_FILLED, E.FILL: S.FILLED, E.AMEND: S.ACCEPTED,
        E.REJECT_AMEND: S.ACCEPTED, E.REQUEST_CANCEL: S.PENDING_CANCEL, **ENDS,
    },
    S.PENDING_AMEND_PARTIALLY_FILLED: {
        E.PARTIAL_FILL: S.PENDING_AMEND_PARTIALLY_FILLED, E.FILL: S.FILLED, E.AMEND: S.PARTIALLY_FILLED,
        E.REJECT_AMEND: S.PARTIALLY_FILLED, E.REQUEST_CANCEL: S.PENDING_CANCEL_PARTIALLY_FILLED, **ENDS,
    },
    S.PENDING_CANCEL: {
        E.PARTIAL_FILL: S.PENDING_CANCEL_PARTIALLY_FILLED, E.FILL: S.FILLED, E.AMEND: S.PENDING_CANCEL,
        E.REJECT_AMEND: S.PENDING_CANCEL, E.REJECT_CANCEL: S.ACCEPTED, **ENDS,
    },
    S.PENDING_CANCEL_PARTIALLY_FILLED: {
        E.PARTIAL_FILL: S.PENDING_CANCEL_PARTIALLY_FILLED, E.FILL: S.FILLED,
        E.AMEND: S.PENDING_CANCEL_PARTIALLY_FILLED, E.REJECT_AMEND: S.PENDING_CANCEL_PARTIALLY_FILLED,
        E.REJECT_CANCEL: S.PARTIALLY_FILLED, **ENDS,
    },
    S.FILLED: {},
    S.CANCELLED: {},
    S.EXPIRED: {},
    S.REJECTED: {},
}  # fmt: skip


@pytest.mark.parametrize(("state", "event"), list(product(OrderState, OrderEvent)))
def test_every_pair_is_decided(state: OrderState, event: OrderEvent) -> None:
    assert advance(state, event) is ROWS[state].get(event)


def test_final_states_are_those_that_nothing_leads_out_of() -> None:
    leading_out = {state for state, _ in TRANSITIONS}
    assert set(OrderState) - leading_out == FINAL


def test_nothing_fills_before_it_is_triggered() -> None:
    armed = {state for state in OrderState if state.startswith(("armed", "submitted"))}
    assert not [pair for pair in TRANSITIONS if pair[0] in armed and pair[1] in (E.FILL, E.PARTIAL_FILL)]


def test_a_trigger_happens_once() -> None:
    after = {where for (_, event), where in TRANSITIONS.items() if event is E.TRIGGER}
    assert not [state for state in after if advance(state, E.TRIGGER) is not None]


def test_every_state_can_be_reached_from_the_beginning() -> None:
    reached, waiting = {S.SUBMITTED}, [S.SUBMITTED]
    while waiting:
        here = waiting.pop()
        beyond = {after for (state, _), after in TRANSITIONS.items() if state is here} - reached
        reached |= beyond
        waiting += beyond
    assert reached == set(OrderState)
