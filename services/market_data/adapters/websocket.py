"""A venue's WebSocket as something to poll: it reads, answers pings, and comes back by itself after every loss.

How it works: the loop that decides also reads the socket, so no other thread stands between a tick and its handling.
Only dialling blocks; it has a thread of its own, whose outcome is taken over by the next `drain`.
"""

import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from common.clock import monotonic_ns
from services.market_data.adapters.backoff import Backoff
from services.market_data.adapters.connection import Connection
from services.market_data.adapters.dialing import Attempt, DialError, Dialing, checked_url
from services.market_data.adapters.liveness import Act, Liveness
from services.market_data.adapters.pollset import PollSet
from services.market_data.core.inputs import Connected, CoreInput, Disconnected, VenueFrame

_NS_PER_S = 1_000_000_000
_AT_ONCE = 0
_LONGEST_RETRY_AFTER_S = 3 * 86_400.0
"""Binance bans for at most three days; a longer wish is taken for a mistake."""


@dataclass(frozen=True, slots=True)
class WebSocketSettings:
    """Bounds and times of a connection, in bytes and seconds."""

    max_frame_bytes: int = 4_194_304
    ping_after_s: float = 15.0
    """Silence after which the venue is pinged."""
    pong_within_s: float = 10.0
    """Further silence after which the connection counts as lost."""
    connect_within_s: float = 10.0
    first_delay_s: float = 1.0
    longest_delay_s: float = 30.0
    renew_after_s: float = 23.5 * 3_600
    """Age at which a connection is replaced: Binance drops it at 24 hours."""


@dataclass(slots=True)
class WebSocketCounts:
    """What happened since the feed was made."""

    connects: int = 0
    failures: int = 0
    disconnects: int = 0
    renewals: int = 0
    frames: int = 0
    bytes: int = 0
    pings_sent: int = 0
    sends_dropped: int = 0


class WebSocketFeed:
    """One WebSocket to poll; reconnects with exponential backoff and full jitter drawn from `seeded`.

    `url` may be set at any time; the next connection goes there.
    """

    def __init__(
        self,
        url: str,
        settings: WebSocketSettings,
        seeded: random.Random,
        *,
        tls: ssl.SSLContext | None = None,
        monotonic: Callable[[], int] = monotonic_ns,
    ) -> None:
        self.url = checked_url(url)
        self._settings = settings
        self._tls = tls or ssl.create_default_context()
        self._backoff = Backoff(_ns(settings.first_delay_s), _ns(settings.longest_delay_s), seeded)
        self._monotonic = monotonic
        self._pollset = PollSet()
        self._attempt: Attempt | None = None
        self._dial_at_ns: int | None = None
        self._connection: Connection | None = None
        self._liveness = self._fresh_liveness()
        self.counts = WebSocketCounts()

    def fileno(self) -> int:
        """Return the one file descriptor to poll for reading; it stays the same for the feed's life."""
        return self._pollset.fileno()

    def connect(self) -> None:
        """Begin to connect, and from then on stay connected."""
        self._dial_at_ns = None
        if self._attempt is None:
            settings = self._settings
            dialing = Dialing(self.url, settings.connect_within_s, settings.max_frame_bytes, self._tls)
            self._attempt = Attempt(dialing, self._pollset.ring)

    def next_deadline_ns(self) -> int | None:
        """Return the monotonic time by which `drain` wants to be called; 0 is at once, None while nothing is planned."""
        if self._connection is None:
            return self._dial_at_ns
        return _AT_ONCE if self._connection.more else self._liveness.next_deadline_ns()

    def drain(self, now_ns: int) -> list[CoreInput]:
        """Return what has come, about a mebibyte at most; `now_ns` (UTC) is the time it counts as received."""
        events: list[CoreInput] = []
        if self._attempt is not None:
            self._take_outcome(self._attempt, events)
        if self._connection is not None:
            self._read(self._connection, now_ns, events)
        elif self._dial_at_ns is not None and self._dial_at_ns <= self._monotonic():
            self.connect()
        return events

    def send_text(self, payload: bytes) -> bool:
        """Send a message to the venue; without a connection it is dropped, counted, and False returned."""
        if self._connection is None:
            self.counts.sends_dropped += 1
            return False
        self._connection.send_text(payload)
        self._pollset.watch(self._connection)
        return True

    def reconnect(self, reason: str) -> list[CoreInput]:
        """End the connection and make a new one after the next delay; return what there is to tell."""
        if self._connection is None:
            return []
        self._lose(self._connection, reason, self._monotonic())
        return [Disconnected(reason)]

    def close(self, timeout_s: float) -> None:
        """End for good: say goodbye, and wait at most `timeout_s` for a dialling under way."""
        self._dial_at_ns = None
        if self._connection is not None:
            self._drop(self._connection, "the feed was closed")
        if self._attempt is not None:
            self._attempt.abandon(timeout_s)
            self._attempt = None
        self._pollset.close()

    def _take_outcome(self, attempt: Attempt, events: list[CoreInput]) -> None:
        outcome = attempt.outcome()
        if outcome is None:
            return
        self._attempt = None
        self._pollset.silence()
        if isinstance(outcome, DialError):
            self._failed(outcome, events)
            return
        if self._connection is not None:
            self.counts.renewals += 1
            self._drop(self._connection, reason := "replaced by a younger connection")
            events.append(Disconnected(reason))
        self._connection = outcome
        self._liveness = self._fresh_liveness()
        self._pollset.watch(outcome)
        self.counts.connects += 1
        events.append(Connected(self.counts.connects))

    def _failed(self, error: DialError, events: list[CoreInput]) -> None:
        self.counts.failures += 1
        delay_ns = max(self._backoff.next_delay_ns(), _ns(min(error.retry_after_s, _LONGEST_RETRY_AFTER_S)))
        again_ns = self._monotonic() + delay_ns
        if self._connection is not None:
            self._liveness.put_off_renewal(again_ns)
            return
        self._dial_at_ns = again_ns
        events.append(Disconnected(str(error)))

    def _read(self, connection: Connection, now_ns: int, events: list[CoreInput]) -> None:
        received_before = connection.bytes_received
        payloads = connection.receive()
        events += [VenueFrame(payload, now_ns) for payload in payloads]
        monotonic_now_ns = self._monotonic()
        received = connection.bytes_received - received_before
        self.counts.bytes += received
        self.counts.frames += len(payloads)
        if received:
            self._liveness.heard(monotonic_now_ns)
        reason = connection.ended or self._keep_alive(connection, monotonic_now_ns)
        if reason is None:
            self._pollset.watch(connection)
            return
        self._lose(connection, reason, monotonic_now_ns)
        events.append(Disconnected(reason))

    def _keep_alive(self, connection: Connection, monotonic_now_ns: int) -> str | None:
        match self._liveness.due(monotonic_now_ns):
            case Act.GIVE_UP:
                return f"no sign of life for {self._settings.ping_after_s + self._settings.pong_within_s:g} s"
            case Act.PING:
                self.counts.pings_sent += 1
                connection.send_ping()
            case Act.RENEW:
                self._liveness.put_off_renewal(monotonic_now_ns + _ns(self._settings.renew_after_s))
                self.connect()
            case Act.NOTHING:
                pass
        return None

    def _drop(self, connection: Connection, reason: str) -> None:
        self._pollset.forget(connection)
        connection.close(reason)
        self._connection = None
        self.counts.disconnects += 1

    def _lose(self, connection: Connection, reason: str, monotonic_now_ns: int) -> None:
        self._drop(connection, reason)
        if self._attempt is not None:
            return
        # Delays begin anew only after a connection that lasted: one that opens and drops at once is a failure too.
        if monotonic_now_ns - self._liveness.opened_ns >= _ns(self._settings.longest_delay_s):
            self._backoff.reset()
        self._dial_at_ns = monotonic_now_ns + self._backoff.next_delay_ns()

    def _fresh_liveness(self) -> Liveness:
        settings = self._settings
        return Liveness(
            _ns(settings.ping_after_s), _ns(settings.pong_within_s), _ns(settings.renew_after_s), self._monotonic()
        )


def _ns(seconds: float) -> int:
    return int(seconds * _NS_PER_S)
