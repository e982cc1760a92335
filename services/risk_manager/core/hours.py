"""When a symbol trades: days of the week and hours, UTC, by arithmetic on nanoseconds alone."""

from typing import Self

import msgspec

from common.config.risk import HOURS

MINUTE_NS = 60_000_000_000
DAY_NS = 24 * 60 * MINUTE_NS
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday."""


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """days: 0 is Monday. opens and closes: nanoseconds after midnight; a close before the open lies on the next day."""

    text: str
    days: frozenset[int]
    opens_ns: int
    closes_ns: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read hours as the config has them, such as `mon-fri 13:30-20:00`."""
        found = HOURS.fullmatch(text)
        assert found is not None, f"hours: expected what the schema takes, found {text!r}"
        first, last = DAYS.index(found[1]), DAYS.index(found[2])
        count = (last - first) % 7 + 1
        return cls(
            text=text,
            days=frozenset((first + step) % 7 for step in range(count)),
            opens_ns=(int(found[3]) * 60 + int(found[4])) * MINUTE_NS,
            closes_ns=(int(found[5]) * 60 + int(found[6])) * MINUTE_NS,
        )

    def contains(self, now_ns: int) -> bool:
        """Return whether it trades at a time; the close itself is closed."""
        day, at_ns = divmod(now_ns, DAY_NS)
        weekday = (day + _FIRST_WEEKDAY) % 7
        if self.opens_ns < self.closes_ns:
            return weekday in self.days and self.opens_ns <= at_ns < self.closes_ns
        return (weekday in self.days and at_ns >= self.opens_ns) or (
            (weekday - 1) % 7 in self.days and at_ns < self.closes_ns
        )

    def shown(self, now_ns: int) -> str:
        """Return a time as people write it here, such as `sat 09:05`."""
        day, at_ns = divmod(now_ns, DAY_NS)
        minutes = at_ns // MINUTE_NS
        return f"{DAYS[(day + _FIRST_WEEKDAY) % 7]} {minutes // 60:02}:{minutes % 60:02}"
