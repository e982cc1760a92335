"""A `MarketDataSource` as an event loop sees it: what to poll, and when to look without having been told."""

from collections.abc import Sequence
from typing import Protocol

from services.market_data.core.source import MarketDataSource


class PollableSource(MarketDataSource, Protocol):
    """Every source in this folder. The shell calls `stream` when a descriptor can be read or the deadline has come."""

    def filenos(self) -> Sequence[int]:
        """Return the file descriptors to poll for reading; they stay the same for the source's life."""
        ...

    def next_deadline_ns(self) -> int | None:
        """Return the monotonic time by which `stream` wants to be called; 0 is at once, None while nothing is planned."""
        ...

    def counters(self) -> dict[str, int]:
        """Return what was counted since the source was made, for health and metrics."""
        ...
