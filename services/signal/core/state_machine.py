"""The three states of a runner: Idle -> Analyzing -> InPosition, as one table. It knows no strategy.

Theory of operation: whoever drives the machine fires events; the table says what follows, and what is not in the table
is refused and counted. A position is a fact that only fills make, so POSITION_OPENED is accepted in every state that
has none: an order that was thought dead and fills late is a position all the same.
"""

from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from common.messages import RunnerState

HISTORY_LIMIT = 100
"""Transitions remembered."""
CONTEXT_LIMIT = 256
"""Keys in the context; further ones are dropped and counted."""


class Event(StrEnum):
    """What can happen to a runner."""

    OPPORTUNITY = "opportunity"
    ANALYSIS_CANCELLED = "analysis_cancelled"
    ANALYSIS_TIMED_OUT = "analysis_timed_out"
    ENTRY_ENDED = "entry_ended"
    """The entry was refused, rejected or cancelled, and nothing was filled."""
    POSITION_OPENED = "position_opened"
    POSITION_CLOSED = "position_closed"


TRANSITIONS: dict[tuple[RunnerState, Event], RunnerState] = {
    (RunnerState.IDLE, Event.OPPORTUNITY): RunnerState.ANALYZING,
    (RunnerState.IDLE, Event.POSITION_OPENED): RunnerState.IN_POSITION,
    (RunnerState.ANALYZING, Event.ANALYSIS_CANCELLED): RunnerState.IDLE,
    (RunnerState.ANALYZING, Event.ANALYSIS_TIMED_OUT): RunnerState.IDLE,
    (RunnerState.ANALYZING, Event.ENTRY_ENDED): RunnerState.IDLE,
    (RunnerState.ANALYZING, Event.POSITION_OPENED): RunnerState.IN_POSITION,
    (RunnerState.IN_POSITION, Event.POSITION_CLOSED): RunnerState.IDLE,
}
"""(state, event) to the next state; a pair that is missing is refused."""


_NEXT: dict[Event, dict[RunnerState, RunnerState]] = {
    event: {before: after for (before, happened), after in TRANSITIONS.items() if happened is event} for event in Event
}


class Transition(NamedTuple):
    """A change of state. at_ns: nanoseconds UTC."""

    at_ns: int
    before: RunnerState
    after: RunnerState
    event: Event


class StateMachine:
    """Where a runner stands, since how many updates, how it came there, and a context that survives transitions."""

    __slots__ = ("context", "dropped", "history", "refused", "state", "timeout_updates", "transitions", "updates")

    def __init__(self, timeout_updates: int = 0) -> None:
        """timeout_updates: updates after which Analyzing is given up; 0 never."""
        self.timeout_updates = timeout_updates
        self.state = RunnerState.IDLE
        self.updates = 0
        self.transitions = 0
        self.refused = 0
        self.dropped = 0
        self.context: dict[str, Any] = {}
        self.history: deque[Transition] = deque(maxlen=HISTORY_LIMIT)

    def fire(self, event: Event, now_ns: int) -> Transition | None:
        """Follow the table; return the transition, or None (counted as refused) where the table has none."""
        before = self.state
        after = _NEXT[event].get(before)
        if after is None:
            self.refused += 1
            return None
        transition = Transition(now_ns, before, after, event)
        self.state = after
        self.updates = 0
        self.transitions += 1
        self.history.append(transition)
        return transition

    def count_update(self) -> bool:
        """Count an update spent in this state; return whether it is the last one that Analyzing may last."""
        self.updates += 1
        return self.state is RunnerState.ANALYZING and 0 < self.timeout_updates <= self.updates

    def remember(self, values: Mapping[str, Any]) -> None:
        """Merge plain data into the context; keys beyond CONTEXT_LIMIT are dropped and counted."""
        context = self.context
        for key, value in values.items():
            if key in context or len(context) < CONTEXT_LIMIT:
                context[key] = value
            else:
                self.dropped += 1

    def save(self) -> tuple[Any, ...]:
        """Return all that is remembered, as plain data."""
        counters = (self.updates, self.transitions, self.refused, self.dropped)
        return (self.state.value, counters, dict(sorted(self.context.items())), [tuple(t) for t in self.history])

    def load(self, saved: tuple[Any, ...]) -> None:
        """Take over what `save` returned."""
        state, counters, context, history = saved
        self.state = RunnerState(state)
        self.updates, self.transitions, self.refused, self.dropped = counters
        self.context = dict(context)
        self.history.extend(
            Transition(at_ns, RunnerState(before), RunnerState(after), Event(event))
            for at_ns, before, after, event in history
        )
