"""What we know of an order at a venue beyond the process, as a table. What is not in the table changes nothing.

The drawing: QUEUED -> SENT -> WORKING -> gone. A timeout leads from SENT to UNKNOWN, and from there only what the venue
says leads on: WORKING when it knows the order, gone when it does not and can never take it any more. Nothing leads from
UNKNOWN back to QUEUED: what may have been done is never sent again.
"""

from enum import StrEnum


class Stage(StrEnum):
    """What we know of an order."""

    QUEUED = "queued"
    """It is here, and nowhere else."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """It was sent, and nobody has said what became of it."""
    WORKING = "working"
    """The venue has it, or had it."""
    GONE = "gone"


class Event(StrEnum):
    """What changes what we know."""

    SEND = "send"
    NOT_SENT = "not_sent"
    """It never left, or the venue says that it did nothing: it may be sent again."""
    GIVE_UP = "give_up"
    """It is not to be sent any more."""
    LOSE = "lose"
    """No answer in time, or one that says nothing."""
    REFUSE = "refuse"
    SHOW = "show"
    """The venue shows that it has the order: by an answer, a report or a fill."""
    MISS = "miss"
    """The venue does not know it, and can take it no more."""
    END = "end"


_S, _E = Stage, Event

TRANSITIONS: dict[tuple[Stage, Event], Stage] = {
    (_S.QUEUED, _E.SEND): _S.SENT,
    (_S.QUEUED, _E.GIVE_UP): _S.GONE,
    (_S.SENT, _E.NOT_SENT): _S.QUEUED,
    (_S.SENT, _E.LOSE): _S.UNKNOWN,
    (_S.SENT, _E.REFUSE): _S.GONE,
    (_S.SENT, _E.SHOW): _S.WORKING,
    (_S.UNKNOWN, _E.SHOW): _S.WORKING,
    (_S.UNKNOWN, _E.REFUSE): _S.GONE,
    (_S.UNKNOWN, _E.MISS): _S.GONE,
    (_S.WORKING, _E.SHOW): _S.WORKING,
    (_S.WORKING, _E.MISS): _S.GONE,
    (_S.WORKING, _E.END): _S.GONE,
}


def after(stage: Stage, event: Event) -> Stage | None:
    """Return the stage after an event, or None when it changes nothing in that stage."""
    return TRANSITIONS.get((stage, event))
