"""The table of transitions, exhausted: every state with every event, and what survives them."""

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import RunnerState
from services.signal.core.state_machine import (
    CONTEXT_LIMIT,
    HISTORY_LIMIT,
    TRANSITIONS,
    Event,
    StateMachine,
    Transition,
)

IDLE, ANALYZING, IN_POSITION = RunnerState.IDLE, RunnerState.ANALYZING, RunnerState.IN_POSITION
EXPECTED = {
    (IDLE, Event.OPPORTUNITY): ANALYZING,
    (IDLE, Event.POSITION_OPENED): IN_POSITION,
    (ANALYZING, Event.ANALYSIS_CANCELLED): IDLE,
    (ANALYZING, Event.ANALYSIS_TIMED_OUT): IDLE,
    (ANALYZING, Event.ENTRY_ENDED): IDLE,
    (ANALYZING, Event.POSITION_OPENED): IN_POSITION,
    (IN_POSITION, Event.POSITION_CLOSED): IDLE,
}


def in_state(state: RunnerState, timeout: int = 0) -> StateMachine:
    """Return a machine that has come into a state."""
    machine = StateMachine(timeout)
    if state is ANALYZING:
        machine.fire(Event.OPPORTUNITY, 1)
    elif state is IN_POSITION:
        machine.fire(Event.POSITION_OPENED, 1)
    return machine


@pytest.mark.parametrize(("state", "event"), list(product(RunnerState, Event)))
def test_every_state_with_every_event(state: RunnerState, event: Event) -> None:
    machine = in_state(state)
    transitions, refused = machine.transitions, machine.refused
    transition = machine.fire(event, 42)
    after = EXPECTED.get((state, event))
    if after is None:
        assert (transition, machine.state, machine.transitions) == (None, state, transitions)
        assert machine.refused == refused + 1
    else:
        assert transition == Transition(42, state, after, event)
        assert (machine.state, machine.transitions, machine.refused) == (after, transitions + 1, refused)
        assert machine.history[-1] == transition


def test_the_table_is_the_expected_one() -> None:
    assert TRANSITIONS == EXPECTED


def test_every_state_can_be_left_and_reached() -> None:
    assert {before for before, _ in TRANSITIONS} == set(RunnerState) == set(TRANSITIONS.values())


@pytest.mark.parametrize("state", RunnerState)
def test_only_analyzing_times_out(state: RunnerState) -> None:
    machine = in_state(state, timeout=3)
    assert [machine.count_update() for _ in range(4)] == [False, False, *[state is ANALYZING] * 2]


def test_without_a_timeout_analyzing_lasts() -> None:
    machine = in_state(ANALYZING, timeout=0)
    assert not any(machine.count_update() for _ in range(1_000))


def test_a_transition_starts_the_count_of_updates_anew() -> None:
    machine = in_state(ANALYZING, timeout=5)
    machine.count_update()
    machine.fire(Event.POSITION_OPENED, 2)
    assert machine.updates == 0


def test_history_is_bounded_and_keeps_the_latest() -> None:
    machine = StateMachine()
    for number in range(HISTORY_LIMIT):
        machine.fire(Event.POSITION_OPENED, 2 * number)
        machine.fire(Event.POSITION_CLOSED, 2 * number + 1)
    assert len(machine.history) == HISTORY_LIMIT
    assert machine.history[-1].at_ns == 2 * HISTORY_LIMIT - 1
    assert machine.transitions == 2 * HISTORY_LIMIT


def test_context_survives_transitions_and_is_bounded() -> None:
    machine = StateMachine()
    machine.remember({"signal": "bullish", "levels": [1.0, 2.0]})
    machine.fire(Event.OPPORTUNITY, 1)
    machine.fire(Event.POSITION_OPENED, 2)
    machine.fire(Event.POSITION_CLOSED, 3)
    assert machine.context == {"signal": "bullish", "levels": [1.0, 2.0]}
    machine.remember({f"key{number}": number for number in range(CONTEXT_LIMIT)})
    assert (len(machine.context), machine.dropped) == (CONTEXT_LIMIT, 2)
    machine.remember({"signal": "bearish"})
    assert machine.context["signal"] == "bearish"


@given(events=st.lists(st.sampled_from(list(Event)), max_size=300), split=st.integers(0, 300))
def test_saved_and_loaded_it_goes_on_identically(events: list[Event], split: int) -> None:
    whole, first, second = StateMachine(4), StateMachine(4), StateMachine(4)
    for number, event in enumerate(events):
        whole.fire(event, number)
        whole.count_update()
        if number < split:
            first.fire(event, number)
            first.count_update()
    second.load(msgspec.msgpack.decode(msgspec.msgpack.encode(first.save())))
    for number, event in enumerate(events[split:], split):
        second.fire(event, number)
        second.count_update()
    assert msgspec.msgpack.encode(second.save()) == msgspec.msgpack.encode(whole.save())
