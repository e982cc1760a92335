"""Bar lengths: `250ms`, `1s`, `1m`, `4h`, `1d`, `1w` to nanoseconds and back."""

import re

NS_PER_MS = 1_000_000
NS_PER_SECOND = 1_000_000_000

_UNIT_NS = {
    "ms": NS_PER_MS,
    "s": NS_PER_SECOND,
    "m": 60 * NS_PER_SECOND,
    "h": 3_600 * NS_PER_SECOND,
    "d": 86_400 * NS_PER_SECOND,
    "w": 7 * 86_400 * NS_PER_SECOND,
}
_WEEK_NS = _UNIT_NS["w"]
_FIRST_MONDAY_NS = 4 * _UNIT_NS["d"]
"""1970-01-05 UTC."""
_PATTERN = re.compile(r"([1-9][0-9]*)(ms|s|m|h|d|w)")


def timeframe_ns(timeframe: str) -> int:
    """Return the length of a timeframe in nanoseconds; ValueError names what was expected."""
    match = _PATTERN.fullmatch(timeframe)
    if match is None:
        raise ValueError(f"timeframe {timeframe!r}: expected a number and one of ms s m h d w, such as '1m'")
    return int(match.group(1)) * _UNIT_NS[match.group(2)]


def timeframe_name(length_ns: int) -> str:
    """Return the shortest name of a length: 60 000 000 000 gives `1m`; ValueError below a millisecond."""
    for unit in ("w", "d", "h", "m", "s", "ms"):
        if length_ns >= _UNIT_NS[unit] and length_ns % _UNIT_NS[unit] == 0:
            return f"{length_ns // _UNIT_NS[unit]}{unit}"
    raise ValueError(f"a timeframe of {length_ns} ns: expected whole milliseconds")


def grid_ns(length_ns: int) -> int:
    """Return a moment at which a bar of this length begins: weeks begin on Mondays, all others count from 1970-01-01 UTC."""
    return _FIRST_MONDAY_NS if length_ns % _WEEK_NS == 0 else 0
