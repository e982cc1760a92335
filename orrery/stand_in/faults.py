"""Faults planned for a stand-in: what goes wrong at which frame, always in the same way."""

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from orrery.stand_in.errors import StandInError


class FaultKind(StrEnum):
    """What can go wrong. Frames are counted from 1 in the recording; REST requests from 1 as they come."""

    DROP = "drop"
    """Every connection is cut without a word, before the frame."""
    CLOSE = "close"
    """Every connection is closed properly, before the frame. Argument: close code, 1001 if none."""
    STALL = "stall"
    """Nothing is sent and nothing is read (no pongs either), before the frame. Argument: seconds, 5 if none."""
    GARBAGE = "garbage"
    """A message that is no JSON is sent, before the frame."""
    CORRUPT = "corrupt"
    """Bytes that are no WebSocket frame are sent, before the frame."""
    HUGE = "huge"
    """A message of many bytes is sent, before the frame. Argument: bytes, 16777216 if none."""
    FRAGMENT = "fragment"
    """The frame is sent in three fragments with a ping between them."""
    SKIP = "skip"
    """The frame is not sent. Argument of this and the next two: only a frame of that kind, such as depth."""
    DUPLICATE = "duplicate"
    """The frame is sent twice."""
    REORDER = "reorder"
    """The frame is sent after the next one of its stream."""
    REST_429 = "rest_429"
    """The n-th REST request is refused for its number. Argument: Retry-After in seconds, 1 if none."""
    REST_418 = "rest_418"
    """The n-th REST request is answered with a ban. Argument as above."""
    REST_500 = "rest_500"
    """The n-th REST request fails."""
    REST_STALL = "rest_stall"
    """The n-th REST request is answered late. Argument: seconds, 5 if none."""


_REST = frozenset(kind for kind in FaultKind if kind.value.startswith("rest_"))
_OF_STREAM = frozenset((FaultKind.SKIP, FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.FRAGMENT))
_DEFAULT_NUMBER = {
    FaultKind.CLOSE: 1001.0,
    FaultKind.STALL: 5.0,
    FaultKind.HUGE: 16_777_216.0,
    FaultKind.REST_429: 1.0,
    FaultKind.REST_418: 1.0,
    FaultKind.REST_STALL: 5.0,
}


class Fault(NamedTuple):
    """One fault. kind_of_stream is empty for any; number is the argument of those that take one, else 0."""

    kind: FaultKind
    at: int
    kind_of_stream: str
    number: float


class FaultPlan:
    """The faults that are still to come, in order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._pending = sorted(faults, key=lambda fault: fault.at)

    def take(self, position: int, kind_of_stream: str = "") -> list[Fault]:
        """Return and forget the faults that are due at this frame or request."""
        if not self._pending or position < self._pending[0].at:
            return []
        due = [
            fault for fault in self._pending if fault.at <= position and fault.kind_of_stream in ("", kind_of_stream)
        ]
        self._pending = [fault for fault in self._pending if fault not in due]
        return due


def fault_plans(texts: Iterable[str]) -> tuple[FaultPlan, FaultPlan]:
    """Return the plans for frames and for REST requests from texts `kind@number[:argument]`; StandInError."""
    faults = [_parse(text) for text in texts]
    return (
        FaultPlan(fault for fault in faults if fault.kind not in _REST),
        FaultPlan(fault for fault in faults if fault.kind in _REST),
    )


def _parse(text: str) -> Fault:
    name, _, rest = text.partition("@")
    at, _, argument = rest.partition(":")
    if name not in list(FaultKind) or not at.isdecimal() or int(at) < 1:
        raise StandInError(
            f"fault {text!r}: expected kind@number[:argument] with number from 1 and kind one of {[*map(str, FaultKind)]}"
        )
    kind = FaultKind(name)
    if kind in _OF_STREAM:
        return Fault(kind, int(at), argument, 0.0)
    if argument and kind not in _DEFAULT_NUMBER:
        raise StandInError(f"fault {text!r}: expected no argument to {kind}, found {argument!r}")
    return Fault(kind, int(at), "", _number(text, argument) if argument else _DEFAULT_NUMBER.get(kind, 0.0))


def _number(text: str, argument: str) -> float:
    try:
        number = float(argument)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        raise StandInError(f"fault {text!r}: expected a number from 0 as argument, found {argument!r}")
    return number
