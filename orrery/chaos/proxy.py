"""A bad network on purpose: everything that services publish goes through here, and while it is told to, some is not.

How it works: for each publisher a XSUB socket hears its stream and a XPUB socket speaks it on to the subscribers, in a
thread of its own. Subscriptions go the other way untouched. While `is_bad`, each message is by chance dropped, doubled,
kept back for some milliseconds, or overtaken by the next one.
"""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

import zmq

DROP, DOUBLE, DELAY = 0.05, 0.05, 0.10
"""Shares of the messages that are dropped, sent twice, and kept back (so that later ones overtake them)."""
MAX_DELAY_S = 0.05
POLL_MS = 20

Frames = list[bytes]


class Proxy:
    """The streams of all publishers: name to (the publisher's address, the address the others connect to)."""

    def __init__(self, streams: Mapping[str, tuple[str, str]], seed: int) -> None:
        self._streams = streams
        self._chance = random.Random(seed)  # noqa: S311 - repeatable chance is the point
        self._stopping = threading.Event()
        self._late: list[tuple[float, int, zmq.Socket[bytes], Frames]] = []
        self._number = 0
        self.is_bad = False
        self.counters = {"passed": 0, "dropped": 0, "doubled": 0, "delayed": 0}
        self._is_open = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chaos-proxy", daemon=True)
        self._thread.start()
        self._is_open.wait()

    def close(self) -> None:
        """Stop speaking; nothing is passed on any more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        poller = zmq.Poller()
        ways: dict[zmq.Socket[bytes], tuple[zmq.Socket[bytes], bool]] = {}
        for source, offered in self._streams.values():
            hearing, speaking = context.socket(zmq.XSUB), context.socket(zmq.XPUB)
            for socket in (hearing, speaking):
                socket.sndhwm = socket.rcvhwm = 0
                socket.linger = 0
            speaking.bind(offered)
            hearing.connect(source)
            ways[hearing], ways[speaking] = (speaking, True), (hearing, False)
            poller.register(hearing, zmq.POLLIN)
            poller.register(speaking, zmq.POLLIN)
        self._is_open.set()
        while not self._stopping.is_set():
            for socket, _ in poller.poll(1 if self._late else POLL_MS):
                self._pass_on(socket, *ways[socket])
            self._release()
        context.destroy(linger=0)

    def _pass_on(self, source: "zmq.Socket[bytes]", target: "zmq.Socket[bytes]", is_stream: bool) -> None:
        while True:
            try:
                frames: Frames = source.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            for copy in self._fate(target, frames) if is_stream and self.is_bad else [frames]:
                target.send_multipart(copy)
            self.counters["passed"] += is_stream

    def _fate(self, target: "zmq.Socket[bytes]", frames: Frames) -> Sequence[Frames]:
        drawn = self._chance.random()
        if drawn < DROP:
            self.counters["dropped"] += 1
            return []
        if drawn < DROP + DOUBLE:
            self.counters["doubled"] += 1
            return [frames, frames]
        if drawn < DROP + DOUBLE + DELAY:
            self.counters["delayed"] += 1
            self._number += 1
            due = time.monotonic() + self._chance.uniform(0.0, MAX_DELAY_S)
            heappush(self._late, (due, self._number, target, frames))
            return []
        return [frames]

    def _release(self) -> None:
        while self._late and self._late[0][0] <= time.monotonic():
            _, _, target, frames = heappop(self._late)
            target.send_multipart(frames)
