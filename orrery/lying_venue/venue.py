"""The lying venue in virtual time: requests in, answers and reports out, each at its own moment.

How it works: what happens later lies on a heap, drawn from one seeded generator. `request` takes what the router sends,
`next_ns` says when something is due, and `until` does it and returns what is heard meanwhile.
"""

from typing import Final

import msgspec

from common.messages import HeardKind, VenueRequest
from orrery.lying_venue.desk import answer_of
from orrery.lying_venue.ground import Ground
from orrery.lying_venue.lies import SECOND
from services.execution.core.asking import OrderStanding
from services.execution.core.venues import gateway

LATE_SHARE: Final = 3
"""A late request arrives after up to so many times the longest delay of a report."""

_encode = msgspec.json.Encoder(decimal_format="string").encode


class LyingVenue(Ground):
    """A venue that speaks the order gateway's protocol."""

    def begin(self, now_ns: int) -> None:
        """Appear, and from now on misbehave once a second."""
        self.say(HeardKind.UP, now_ns)
        self.later(now_ns + SECOND, self._each_second)

    def request(self, request: VenueRequest, now_ns: int) -> None:
        """Take a request off the wire."""
        lies = self.lies
        if not self.is_up or self.lied(lies.not_sent, "not_sent"):
            self.later(now_ns, lambda at: self.say(HeardKind.NOT_SENT, at, request.id))
        elif self.lied(lies.swallowed, "swallowed"):
            return
        elif self.lied(lies.limited, "limited"):
            wait_ms = self.chance.randrange(1, 2_000)
            self._reply(request, gateway.TOO_MANY, _encode(gateway.LimitedBody(wait_ms)), now_ns)
        elif self.lied(lies.late, "late"):
            self.later(now_ns + self.chance.randrange(LATE_SHARE * lies.slow_ns), lambda at: self._process(request, at))
        else:
            self.later(now_ns + self.chance.randrange(lies.reply_ns), lambda at: self._process(request, at))

    def _process(self, request: VenueRequest, now_ns: int) -> None:
        lies = self.lies
        if self.lied(lies.error / 2, "error_undone"):
            self._reply(request, 503, b"busy", now_ns)
            return
        status, body = answer_of(self, request, now_ns)
        if self.lied(lies.error / 2, "error_done"):
            status, body = 504, b"timeout"
        elif self.lied(lies.garbled, "garbled"):
            body = body[: len(body) // 2]
        if not self.lied(lies.mute, "mute"):
            self._reply(request, status, body, now_ns)

    def _reply(self, request: VenueRequest, status: int, body: bytes, now_ns: int) -> None:
        delay_ns = self.chance.randrange(self.lies.reply_ns)
        if self.lied(self.lies.slow, "slow_reply"):
            delay_ns = self.chance.randrange(self.lies.slow_ns)
        self.later(now_ns + delay_ns, lambda at: self.say(HeardKind.REPLY, at, request.id, status, body))

    def _each_second(self, now_ns: int) -> None:
        self.later(now_ns + SECOND, self._each_second)
        if not self.is_up:
            return
        restarts = self.lied(self.lies.restarted, "restarted")
        if restarts or self.lied(self.lies.cut, "cut"):
            self.say(HeardKind.DOWN, now_ns)
            self.is_up = False
            self.later(now_ns + self.chance.randrange(1, self.lies.away_ns), self._come_back)
        if restarts:
            for held in list(self.book.open.values()):
                if self.chance.random() < 0.5:
                    self.book.end(held, OrderStanding.CANCELLED, now_ns)

    def _come_back(self, now_ns: int) -> None:
        self.is_up = True
        self.say(HeardKind.UP, now_ns)
