"""Plays a recorded Binance connection to the core, as the venue would: frames in their order, books when asked for."""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from common.config.models import MarketDataSection
from services.market_data.core import venues
from services.market_data.core.feed import MarketDataCore
from services.market_data.core.inputs import Connected, CoreOutput, DepthReply, DepthRequest, VenueFrame

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "binance"


class Frame(NamedTuple):
    """One recorded frame: when, by the recorder's clock, and its exact text."""

    at_ns: int
    payload: bytes

    @property
    def data(self) -> dict[str, Any]:
        """Return the frame read by the plainest means there are."""
        found: dict[str, Any] = json.loads(self.payload)["data"]
        return found


def frames_of(path: Path) -> list[Frame]:
    """Return the frames of a recording, in order."""
    return [Frame(round(line["ts"] * 1e9), line["frame"].encode()) for line in _lines(path)]


def books_of(path: Path, default: str = "") -> dict[str, bytes]:
    """Return the bodies of the recorded REST books by symbol; `default` where the URL was not recorded."""
    found = {}
    for line in _lines(path):
        match = re.search(r"symbol=(\w+)", line["url"] or f"symbol={default}")
        assert match is not None, line["url"]
        found[match.group(1)] = line["body"].encode()
    return found


class Player:
    """A core and everything it said."""

    def __init__(self, books: dict[str, bytes], timeframes: Iterable[str] = ()) -> None:
        symbols = sorted(books)
        config = MarketDataSection(symbols=symbols, timeframes=list(timeframes))
        self.core = MarketDataCore(config, symbols, venues.load("binance"))
        self.outputs: list[CoreOutput] = []
        self._books = books
        self._now_ns = 0

    def play(self, frames: Iterable[Frame]) -> "Player":
        """Play a connection; deadlines come due on the recorder's clock, books at once."""
        for frame in frames:
            if not self._now_ns:
                self._now_ns = frame.at_ns
                self._answer(self.core.handle(Connected(1), self._now_ns))
            self.pass_time(frame.at_ns)
            self._answer(self.core.handle(VenueFrame(frame.payload, self._now_ns), self._now_ns))
        return self

    def pass_time(self, until_ns: int) -> None:
        """Let the clock go to a time, stopping at every deadline."""
        while True:
            due_ns = self.core.next_deadline_ns()
            if due_ns is None or due_ns > until_ns:
                break
            self._now_ns = max(self._now_ns, due_ns)
            self._answer(self.core.on_deadline(self._now_ns))
        self._now_ns = max(self._now_ns, until_ns)

    def _answer(self, outputs: Iterable[CoreOutput]) -> None:
        for output in outputs:
            self.outputs.append(output)
            if isinstance(output, DepthRequest):
                reply = DepthReply(output.symbol, self._books[output.symbol], self._now_ns)
                self._answer(self.core.handle(reply, self._now_ns))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) as lines:
        for line in lines:
            yield json.loads(line)
