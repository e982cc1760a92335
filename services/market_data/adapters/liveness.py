"""When to ping a quiet venue, when to give it up, and when to replace an old connection; told the time, never asks."""

from enum import Enum


class Act(Enum):
    """What is due on a connection."""

    NOTHING = "nothing"
    PING = "ping"
    GIVE_UP = "give_up"
    RENEW = "renew"


class Liveness:
    """The clockwork of one connection. All times are monotonic nanoseconds.

    Whatever the venue sends counts as a sign of life, so a busy stream is never pinged.
    """

    __slots__ = ("_heard_ns", "_ping_after_ns", "_pinged_ns", "_pong_within_ns", "_renew_ns", "opened_ns")

    def __init__(self, ping_after_ns: int, pong_within_ns: int, renew_after_ns: int, now_ns: int) -> None:
        self._ping_after_ns = ping_after_ns
        self._pong_within_ns = pong_within_ns
        self._renew_ns = now_ns + renew_after_ns
        self._heard_ns = self.opened_ns = now_ns
        self._pinged_ns: int | None = None

    def heard(self, now_ns: int) -> None:
        """Note that the venue sent something."""
        self._heard_ns = now_ns
        self._pinged_ns = None

    def put_off_renewal(self, until_ns: int) -> None:
        """Do not ask for a renewal before `until_ns`: one is under way, or has failed."""
        self._renew_ns = until_ns

    def next_deadline_ns(self) -> int:
        """Return when `due` will have something to do, if the venue stays silent."""
        return min(self._silence_ends_ns(), self._renew_ns)

    def due(self, now_ns: int) -> Act:
        """Return what is to be done now; a ping is answered for only once."""
        if now_ns >= self._silence_ends_ns():
            if self._pinged_ns is not None:
                return Act.GIVE_UP
            self._pinged_ns = now_ns
            return Act.PING
        return Act.RENEW if now_ns >= self._renew_ns else Act.NOTHING

    def _silence_ends_ns(self) -> int:
        # Counted from the ping itself: a loop that comes late to send it still gives the venue its time.
        return (
            self._heard_ns + self._ping_after_ns if self._pinged_ns is None else self._pinged_ns + self._pong_within_ns
        )
