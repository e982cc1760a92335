"""The table of an order's life, spelled out: every pair of state and event."""

from itertools import product

import pytest

from services.execution.core.life_cycle import FINAL, TRANSITIONS, OrderEvent, OrderState, advance

S, E = OrderState, OrderEvent
NEVER = None

ROWS: dict[OrderState, tuple[OrderState | None, ...]] = {
    # ACCEPT, REJECT, PARTIAL_FILL, FILL, REQUEST_CANCEL, REJECT_CANCEL, CANCEL
    S.SUBMITTED: (S.ACCEPTED, S.REJECTED, NEVER, NEVER, S.SUBMITTED_PENDING_CANCEL, NEVER, NEVER),
    S.SUBMITTED_PENDING_CANCEL: (S.PENDING_CANCEL, S.REJECTED, NEVER, NEVER, NEVER, NEVER, NEVER),
    S.ACCEPTED: (NEVER, NEVER, S.PARTIALLY_FILLED, S.FILLED, S.PENDING_CANCEL, NEVER, S.CANCELLED),
    S.PARTIALLY_FILLED: (
        NEVER, NEVER, S.PARTIALLY_FILLED, S.FILLED, S.PENDING_CANCEL_PARTIALLY_FILLED, NEVER, S.CANCELLED,
    ),
    S.PENDING_CANCEL: (
        NEVER, NEVER, S.PENDING_CANCEL_PARTIALLY_FILLED, S.FILLED, NEVER, S.ACCEPTED, S.CANCELLED,
    ),
    S.PENDING_CANCEL_PARTIALLY_FILLED: (
        NEVER, NEVER, S.PENDING_CANCEL_PARTIALLY_FILLED, S.FILLED, NEVER, S.PARTIALLY_FILLED, S.CANCELLED,
    ),
    S.FILLED: (NEVER,) * 7,
    S.CANCELLED: (NEVER,) * 7,
    S.REJECTED: (NEVER,) * 7,
}  # fmt: skip


@pytest.mark.parametrize(("state", "event"), list(product(OrderState, OrderEvent)))
def test_every_pair_is_decided(state: OrderState, event: OrderEvent) -> None:
    assert advance(state, event) is ROWS[state][tuple(OrderEvent).index(event)]


def test_final_states_are_those_that_nothing_leads_out_of() -> None:
    leading_out = {state for state, _ in TRANSITIONS}
    assert set(OrderState) - leading_out == FINAL


def test_every_state_can_be_reached_from_the_beginning() -> None:
    reached, waiting = {S.SUBMITTED}, [S.SUBMITTED]
    while waiting:
        here = waiting.pop()
        beyond = {after for (state, _), after in TRANSITIONS.items() if state is here} - reached
        reached |= beyond
        waiting += beyond
    assert reached == set(OrderState)
