"""Ids that end in a number, and the fence against repeats that costs one number per family instead of every id.

An id such as `ema:BTCUSDT-7` is the seventh of the family `ema:BTCUSDT-`. A family counts upwards, so its highest
number says of every other id whether it has been here.
"""

from enum import Enum

import msgspec

MAX_FAMILIES = 100_000
"""Families remembered; the one that appeared first is forgotten when there are more."""

MAX_DIGITS = 18
"""Digits of a number that fits into 64 bits."""

_DIGITS = "0123456789"


class Novelty(Enum):
    """What an id is to those who have seen its family."""

    NEW = "new"
    REPEAT = "repeat"
    """Delivered again; it has been dealt with."""
    REUSED = "reused"
    """A later message under an id that is taken: its sender has lost its memory."""


class Latest(msgspec.Struct, array_like=True, gc=False):
    """Where a family stands: its highest number and the event time of the message that bore it."""

    number: int
    event_ns: int


class Families(msgspec.Struct):
    """The highest number of each family of ids. `forgotten` counts families given up at MAX_FAMILIES."""

    latest: dict[str, Latest] = {}
    forgotten: int = 0

    def judge(self, id_: str, event_ns: int) -> Novelty:
        """Say what an id is, and remember it if it is new."""
        family = id_.rstrip(_DIGITS)  # as `split_id`, without the call: this is part of every order
        digits = id_[len(family) :]
        if 0 < len(digits) <= MAX_DIGITS:
            number = int(digits)
        else:
            family, number = id_, -1
        known = self.latest.get(family)
        if known is None:
            self._begin(family, Latest(number, event_ns))
            return Novelty.NEW
        if number > known.number:
            known.number = number
            known.event_ns = event_ns
            return Novelty.NEW
        return Novelty.REUSED if event_ns > known.event_ns else Novelty.REPEAT

    def _begin(self, family: str, latest: Latest) -> None:
        if len(self.latest) >= MAX_FAMILIES:
            del self.latest[next(iter(self.latest))]
            self.forgotten += 1
        self.latest[family] = latest


def split_id(id_: str) -> tuple[str, int]:
    """Return an id's family (all before its trailing digits) and number.

    An id that ends in no digit, or in more than MAX_DIGITS, is a family of its own with number -1.
    """
    family = id_.rstrip(_DIGITS)
    count = len(id_) - len(family)
    return (family, int(id_[-count:])) if 0 < count <= MAX_DIGITS else (id_, -1)


def number_of(id_: str) -> int:
    """Return the number that `split_id` finds."""
    if id_.endswith("f1"):  # the first fill of an order, which is nearly always the only one
        return 1
    return split_id(id_)[1]
