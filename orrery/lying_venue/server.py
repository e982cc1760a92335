"""The lying venue behind a real socket, in real time: the far end of execution's gateway channel."""

import threading
import time

import zmq

from common.messages import HeardKind, VenueHeard, VenueRequest
from orrery.lying_venue.lies import Lies
from orrery.lying_venue.venue import LyingVenue
from services.execution.core.venues import gateway

LONGEST_WAIT_MS = 20


class Server:
    """Serves a lying venue at `address` from a thread of its own until it is closed; `lock` guards the venue."""

    def __init__(self, address: str, seed: int, lies: Lies) -> None:
        self.venue, self.lock = LyingVenue(seed, lies), threading.Lock()
        self._address, self._ends = address, threading.Event()
        self._reader = b""
        self._incarnation = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def be(self, lies: Lies) -> None:
        """Lie in another way from now on."""
        with self.lock:
            self.venue.lies = lies

    def close(self) -> None:
        """End the thread and let go of the address."""
        self._ends.set()
        self._thread.join()

    def _serve(self) -> None:
        with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
            socket.linger = 0
            socket.bind(self._address)
            with self.lock:
                self.venue.begin(time.time_ns())
            while not self._ends.is_set():
                self._turn(socket)

    def _turn(self, socket: "zmq.Socket[bytes]") -> None:
        frames = socket.recv_multipart() if socket.poll(LONGEST_WAIT_MS // 10) else []
        with self.lock:
            now_ns = time.time_ns()
            answers = self._take(frames, now_ns) if frames else []
            for heard in self.venue.until(now_ns):
                answers += self._said(heard)
        for answer in answers:
            if self._reader:
                socket.send_multipart([self._reader, *answer])

    def _take(self, frames: list[bytes], now_ns: int) -> list[list[bytes]]:
        self._reader = frames[0]
        match frames[1:]:
            case [b"hello"]:
                return [[b"hello", b"%d" % self._incarnation]] if self.venue.is_up else []
            case [b"request", name, method, body]:
                request = VenueRequest(
                    event_ns=now_ns, received_ns=now_ns, id=name.decode(), venue=gateway.NAME, method=method.decode(),
                    body=body,
                )  # fmt: skip
                self.venue.request(request, now_ns)
            case _:
                self.venue.counts["unreadable"] += 1
        return []

    def _said(self, heard: VenueHeard) -> list[list[bytes]]:
        match heard.kind:
            case HeardKind.REPLY:
                return [[b"reply", heard.request_id.encode(), b"%d" % heard.status, heard.body]]
            case HeardKind.PUSHED:
                return [[b"pushed", heard.body]]
            case HeardKind.UP:
                self._incarnation += 1
                return [[b"hello", b"%d" % self._incarnation]]
            case HeardKind.DOWN | HeardKind.NOT_SENT:
                return []  # whoever is away says nothing
