"""Subscription requests on their way to a venue: cut to size and spaced, as venues want them."""

from collections import deque
from collections.abc import Callable, Sequence

MAX_REQUEST_BYTES = 4_000
"""Longest request; longer ones are cut in two."""
SPACING_NS = 250_000_000
"""Between two requests: Binance disconnects who sends more than five a second, pongs included.
https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#websocket-limits"""

type MakeFrame = Callable[[int, Sequence[str]], str]
"""Makes the request of a number and symbols."""


class RequestQueue:
    """Requests in order. Times are monotonic nanoseconds."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._next_ns = 0
        self._numbers = 0

    def add(self, make: MakeFrame, symbols: Sequence[str]) -> None:
        """Queue a request for these symbols, in as many parts as its size asks for; nothing for no symbols."""
        if not symbols:
            return
        frame = make(self._numbers + 1, symbols).encode()
        if len(frame) > MAX_REQUEST_BYTES and len(symbols) > 1:
            half = len(symbols) // 2
            self.add(make, symbols[:half])
            self.add(make, symbols[half:])
            return
        self._numbers += 1
        self._waiting.append(frame)

    def next_deadline_ns(self) -> int | None:
        """Return when the next request may be sent, None if none waits."""
        return self._next_ns if self._waiting else None

    def due(self, now_ns: int) -> bytes | None:
        """Return the request that may be sent now, if any, and forget it."""
        if not self._waiting or now_ns < self._next_ns:
            return None
        self._next_ns = now_ns + SPACING_NS
        return self._waiting.popleft()

    def clear(self) -> None:
        """Forget what waits: the connection it was meant for is gone."""
        self._waiting.clear()
