"""Runs a stand-in venue in a thread, and polls feeds as the event loop does, with a bound on every wait."""

import asyncio
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from common.clock import monotonic_ns
from orrery.stand_in import StandInOptions
from orrery.stand_in.server import StandIn
from services.market_data.core.inputs import CoreInput

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "stand_in"
RECORDING = FIXTURES / "hb_20240808_btcusdt_ws.jsonl.gz"
FRAMES = 600
STREAMS = "btcusdt@bookTicker/btcusdt@trade/btcusdt@depth@100ms"
LONGEST_S = 60.0
"""Whatever is waited for comes within moments; only a failing test waits this long, or a very busy machine."""
_LONGEST_POLL_MS = 50


class RunningStandIn:
    """A stand-in at work; `said` is what it told so far."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.changed = threading.Condition()

    def say(self, what: dict[str, Any]) -> None:
        with self.changed:
            self.said.append(what)
            self.changed.notify_all()

    def wait_for(self, count: int) -> dict[str, Any]:
        """Return the count-th thing it tells."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.said) >= count, LONGEST_S), "the stand-in told nothing"
            return self.said[count - 1]

    @property
    def ws_url(self) -> str:
        return str(self.said[0]["ws_url"])

    @property
    def rest_url(self) -> str:
        return str(self.said[0]["rest_url"])

    @property
    def stream_url(self) -> str:
        """Return the URL of a connection with everything in the recording."""
        return f"{self.ws_url}/stream?streams={STREAMS}"


@contextmanager
def stand_in(*faults: str, recording: Path = RECORDING, speed: float = 0.0, **options: Any) -> Iterator[RunningStandIn]:
    """Serve a recording until the block ends."""
    running = RunningStandIn()
    venue = StandIn(StandInOptions(recording, speed=speed, faults=faults, **options))
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        event = asyncio.Event()
        stop.append((asyncio.get_running_loop(), event))
        await venue.serve(running.say, event)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="stand-in")
    thread.start()
    try:
        running.wait_for(1)
        yield running
    finally:
        loop, event = stop[0]
        loop.call_soon_threadsafe(event.set)
        thread.join(LONGEST_S)
        assert not thread.is_alive(), "the stand-in did not stop"


class Pollable(Protocol):
    """What `collect` drives."""

    def next_deadline_ns(self) -> int | None: ...


def collect(
    pollable: Pollable,
    filenos: list[int],
    take: Callable[[], list[CoreInput]],
    enough: Callable[[list[CoreInput]], bool],
) -> list[CoreInput]:
    """Poll until `enough` says so, as the event loop would; fail if that takes too long."""
    poller = select.poll()
    for fileno in filenos:
        poller.register(fileno, select.POLLIN)
    inputs: list[CoreInput] = []
    give_up_ns = monotonic_ns() + int(LONGEST_S * 1e9)
    while not enough(inputs):
        assert monotonic_ns() < give_up_ns, f"not enough after {LONGEST_S} s: {[*inputs[:3], '…', *inputs[-3:]]}"
        deadline_ns = pollable.next_deadline_ns()
        wait_ms = _LONGEST_POLL_MS if deadline_ns is None else -(-(deadline_ns - monotonic_ns()) // 1_000_000)
        poller.poll(max(0, min(_LONGEST_POLL_MS, wait_ms)))
        inputs += take()
    return inputs
