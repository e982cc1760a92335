"""A venue beyond the process: what execution sends and hears, as bytes, and where the venue and execution disagree."""

from enum import StrEnum

from common.messages.base import Message


class HeardKind(StrEnum):
    """What an adapter heard of a venue."""

    REPLY = "reply"
    PUSHED = "pushed"
    NOT_SENT = "not_sent"
    """The request never left: it may be sent again."""
    UP = "up"
    """The venue is there, for the first time or again; answers to what was on its way may be lost."""
    DOWN = "down"


class DifferenceKind(StrEnum):
    """What a venue and execution did not agree on."""

    LOST_FILL = "lost_fill"
    """A fill that no report told of; found by asking."""
    LOST_END = "lost_end"
    """An order that had ended, and no report told of it."""
    LOST_ORDER = "lost_order"
    """An order that the venue had taken and knows no more."""
    LATE_FILL = "late_fill"
    """A fill of an order that was told to be over."""
    OVERFILL = "overfill"
    """More than the order asked for."""
    UNKNOWN_FILL = "unknown_fill"
    """A fill of an order that nobody here sent."""
    UNKNOWN_ORDER = "unknown_order"
    """An order rests that is not among ours, or no longer."""
    POSITION = "position"
    """The venue holds another quantity than the fills sum to."""


class DifferenceAction(StrEnum):
    """What was done about a difference."""

    HEALED = "healed"
    CANCELLED = "cancelled"
    HALTED = "halted"
    """Orders that do not reduce a position are rejected until an operator clears it."""


class VenueRequest(Message, frozen=True, kw_only=True, tag="venue_request", gc=False):
    """To be sent to a venue. method and body are the venue's own; a repeat of the id is never sent."""

    id: str
    venue: str
    method: str
    body: bytes


class VenueHeard(Message, frozen=True, kw_only=True, tag="venue_heard", gc=False):
    """What an adapter heard. request_id: of the request that it answers; status: as in HTTP, 0 where there is none."""

    venue: str
    kind: HeardKind
    request_id: str = ""
    status: int = 0
    body: bytes = b""


class VenueDifference(Message, frozen=True, kw_only=True, tag="venue_difference", gc=False):
    """Execution and its venue did not agree. ours, theirs: the two figures, as text; ids are empty where there is none."""

    venue: str
    kind: DifferenceKind
    action: DifferenceAction
    symbol: str
    order_id: str
    ours: str
    theirs: str
    cause: str
