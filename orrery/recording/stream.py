"""Records what the running stack publishes about the market, message by message."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from common.clock import monotonic_ns
from common.codec import UndecodableError, decode
from common.config.models import Config
from common.messages import AnyMessage, Bar, Trade
from common.routes import MARKET_DATA, STREAMS
from common.runner import EventLoop
from orrery.operator_bus import OperatorBus
from services.market_data.adapters.recorder import Recorder

NS_PER_SECOND = 1_000_000_000
TOPICS = tuple(stream for stream, (publisher, _) in STREAMS.items() if publisher == MARKET_DATA)
"""Every stream of market data."""
UPKEEP_NS = 100_000_000
PATIENCE_NS = 5 * NS_PER_SECOND
"""How long a recording of limited duration waits for a first sign of market data."""
_TURN_MS = 100


class Recorded(NamedTuple):
    """What a recording holds. lost: messages that could not be had again. undecodable: of a newer version."""

    lines: int
    lost: int
    undecodable: int
    heard: bool


def topics_of(streams: Sequence[str], symbols: Sequence[str]) -> tuple[str, ...]:
    """Return subscriptions to these streams, of these symbols or, if empty, of all."""
    if not symbols:
        return tuple(f"{stream}." for stream in streams)
    barred = {"bar", "venue_bar"}  # Their topics go on with the timeframe.
    of_symbols = [stream for stream in streams if stream != "external"]
    topics = [f"{stream}.{symbol}{'.' if stream in barred else ''}" for stream in of_symbols for symbol in symbols]
    # Signals are about a symbol or about all; those of others are few.
    return (*topics, *(("external.",) if "external" in streams else ()))


class StreamRecorder:
    """Writes from now on until a signal, or for `duration_s` from the first sign of market data."""

    def __init__(self, config: Config, path: Path, topics: tuple[str, ...], duration_s: float | None) -> None:
        """Open the file; RecordingError if it exists or cannot be written, KeysError if keys are missing."""
        self._loop = EventLoop()
        end_by_signal(self._loop)
        self._bus = OperatorBus(config)
        self._recorder = Recorder(path)
        self._duration_ns = None if duration_s is None else round(duration_s * NS_PER_SECOND)
        self._subscriber = self._bus.subscriber("recorder", topics)
        self._subscriber.open_gate()
        self._from_ns = self._bus.clock.now_ns()
        self._began_ns = monotonic_ns()
        self._until_ns: int | None = None
        self._undecodable = self._lost = 0

    def run(self) -> Recorded:
        """Record; return what was recorded. The file is whole when this returns."""
        self._subscriber.peers.on_sent = self._loop.look_again
        self._loop.add_reader(self._subscriber.socket, self._take)
        for socket in self._subscriber.peers.sockets():
            self._loop.add_reader(socket, self._take)
        self._loop.every(UPKEEP_NS, self._take)
        with self._recorder:
            while not self._loop.stopping and not self._is_over():
                self._loop.turn(_TURN_MS)
            self._take()
        heard = self._until_ns is not None
        self._bus.close()
        self._loop.close()
        return Recorded(self._recorder.lines, self._lost, self._undecodable, heard)

    def _take(self) -> None:
        for received in self._subscriber.drain():
            try:
                message = decode(received.payload)
            except UndecodableError:
                self._undecodable += 1
                continue
            if not self._is_past(message):
                self._recorder.message(message)
        self._lost += sum(missing for _, missing in self._subscriber.take_lost())
        if self._until_ns is None and self._subscriber.peers.all_alive():
            self._until_ns = monotonic_ns() + (self._duration_ns or 0)

    def _is_past(self, message: AnyMessage) -> bool:
        """Return whether a message comes from the publisher's memory: a late reader gets what it still keeps."""
        return isinstance(message, Trade | Bar) and message.received_ns < self._from_ns

    def _is_over(self) -> bool:
        if self._duration_ns is None:
            return False
        until_ns = self._began_ns + PATIENCE_NS if self._until_ns is None else self._until_ns
        return monotonic_ns() >= until_ns


def end_by_signal(loop: EventLoop) -> None:
    """Let Ctrl-C and SIGTERM end a recording, from before there is a file: one cut off in the middle may not be read."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: loop.stop())
