"""How often the venue lies, and how: shares between 0 and 1 of the requests, reports or seconds they concern."""

from typing import Final

import msgspec

MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000


class Lies(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of lies. Of requests: not_sent, swallowed (never arrives), late (arrives late), mute (done, not answered),
    error (a server's error, done or not), limited (429), garbled. Of reports: lost, doubled, slow (and so out of order).
    Of cancels: ignored (answered, and filled afterwards all the same). Of answers to questions: stale. Each second:
    cut (disconnected for a while), restarted (that, and some resting orders are gone without a word).
    """

    not_sent: float = 0.02
    swallowed: float = 0.02
    late: float = 0.02
    mute: float = 0.03
    error: float = 0.03
    limited: float = 0.01
    garbled: float = 0.01
    lost: float = 0.05
    doubled: float = 0.05
    slow: float = 0.1
    ignored: float = 0.02
    stale: float = 0.1
    cut: float = 0.004
    restarted: float = 0.002
    reply_ns: int = 5 * MILLISECOND
    slow_ns: int = 3 * SECOND
    lag_ns: int = 300 * MILLISECOND
    away_ns: int = 2 * SECOND
    rest_ns: int = 4 * SECOND


HONEST: Final = Lies(
    not_sent=0, swallowed=0, late=0, mute=0, error=0, limited=0, garbled=0, lost=0, doubled=0, slow=0, ignored=0, stale=0,
    cut=0, restarted=0,
)  # fmt: skip
"""A venue that tells the truth, at once."""
