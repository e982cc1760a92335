"""What a run shows, and to whom."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from orrery.summary import Summary


class Picture(NamedTuple):
    """What a view shows: the sums, and the latest events (`events_total` of them so far)."""

    summary: Summary
    events: Sequence[str]
    events_total: int


class View(Protocol):
    """Shows a run while it goes on."""

    def show(self, picture: Picture) -> None:
        """Take the latest picture, several times a second."""
        ...

    def line(self, service: str, text: str) -> None:
        """Take a line that a service wrote."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was; may be called again."""
        ...


class Blind:
    """Shows nothing: a run before it has a view, and tests."""

    def show(self, picture: Picture) -> None:
        """Show nothing."""

    def line(self, service: str, text: str) -> None:
        """Pass nothing on."""

    def close(self) -> None:
        """Have nothing to close."""
