"""Who reads our streams, and how far behind each reader is."""

from collections.abc import Iterable
from typing import Any

import msgspec

from common.bus.publisher import Publisher

READERS_LIMIT = 100
"""Readers remembered; the one heard first is forgotten when there are more."""
FORGOTTEN_AFTER_MS = 60_000
"""Silence after which a reader counts as gone."""
LAG_WARNING = 10_000
"""Messages behind at which a reader counts as slow."""


class _Reader(msgspec.Struct):
    subscriber: str
    cursors: dict[str, tuple[int, int]]
    takes_market_data: bool = True
    seen_ms: int = 0


class Readers:
    """The readers of one publisher. How far behind each is, is told as of now: one that hangs falls further behind."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._readers: dict[str, _Reader] = {}

    def seen(self, arguments: dict[str, Any], now_ms: int) -> None:
        """Take a reader's sign of life with the numbers it has reached; ValueError if it is none."""
        try:
            reader = msgspec.convert(arguments, _Reader)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        reader.seen_ms = now_ms
        self._readers[reader.subscriber] = reader
        for name in [name for name, known in self._readers.items() if known.seen_ms < now_ms - FORGOTTEN_AFTER_MS]:
            del self._readers[name]
        if len(self._readers) > READERS_LIMIT:
            del self._readers[next(iter(self._readers))]

    def status(self) -> dict[str, dict[str, Any]]:
        """Return each reader's lag in messages, when it was seen (ms of our uptime) and whether it takes market data."""
        return {
            name: {"lag": self._lag(reader), "seen_ms": reader.seen_ms, "takes_market_data": reader.takes_market_data}
            for name, reader in self._readers.items()
        }

    def lags(self) -> dict[str, int]:
        """Return how many messages each reader is behind, in the topic where it is furthest behind."""
        return {name: max(0, self._lag(reader)) for name, reader in self._readers.items()}

    def slow(self) -> list[str]:
        """Return the readers that are more than LAG_WARNING messages behind."""
        return [name for name, lag in self.lags().items() if lag > LAG_WARNING]

    def ahead(self) -> list[str]:
        """Return the readers that have taken more than we know of: our journal has lost its tail."""
        return [name for name, reader in self._readers.items() if self._lag(reader) < 0]

    def largest_lag(self, expected: Iterable[str], since_ms: int) -> int | None:
        """Return how far the slowest of these readers is behind; None while one takes no market data, or since `since_ms`."""
        found = [self._readers.get(name) for name in expected]
        if any(reader is None or not reader.takes_market_data or reader.seen_ms < since_ms for reader in found):
            return None
        return max((self._lag(reader) for reader in found if reader is not None), default=0)

    def _lag(self, reader: _Reader) -> int:
        return self._publisher.lag_behind(reader.cursors)
