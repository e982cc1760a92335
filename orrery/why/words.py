"""Times, figures and Lua values in the words of `orrery why`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from textwrap import wrap
from typing import Any

from common.money import figure

WIDTH = 100
NS_PER_US, NS_PER_MS, NS_PER_S = 1_000, 1_000_000, 1_000_000_000
DIGITS = 10
DECIMALS = 8


def took(nanoseconds: int | None) -> str:
    """Return a span of time with three digits that count: `884 µs`, `1.50 ms`, `2.05 s`; `-` for None."""
    if nanoseconds is None:
        return "-"
    size = abs(nanoseconds)
    for unit, per, above in (("s", NS_PER_S, NS_PER_S), ("ms", NS_PER_MS, NS_PER_MS), ("µs", NS_PER_US, NS_PER_US)):
        if size >= above:
            value = nanoseconds / per
            digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
            return f"{value:,.{digits}f} {unit}"
    return f"{nanoseconds} ns"


def clock(at_ns: int) -> str:
    """Return the time of day, UTC, to the microsecond."""
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%H:%M:%S}.{at_ns % NS_PER_S // NS_PER_US:06d}"


def day(at_ns: int) -> str:
    """Return the day, UTC."""
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y-%m-%d}"


def number(value: Any) -> str:
    """Return a figure without needless zeros: exact for money, ten digits for a float, `-` for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool | str):
        return str(value).lower() if isinstance(value, bool) else figure(Decimal(value))
    return figure(Decimal(f"{value:.{DIGITS}g}")) if isfinite(value) else str(value)


def short(text: str) -> str:
    """Return an exact figure with at most eight decimals, for a table; any other text as it is."""
    whole, point, decimals = text.partition(".")
    is_figure = bool(point) and decimals.isdecimal() and len(decimals) > DECIMALS
    return f"{whole}.{decimals[:DECIMALS]}" if is_figure else text


def amount(text: str, unit: str) -> str:
    """Return a figure with its unit, for a table; a word, such as `off`, has none."""
    is_figure = text.removeprefix("-").replace(".", "", 1).isdecimal()
    return f"{short(text)} {unit}".rstrip() if is_figure else text


def lua(value: Any) -> str:
    """Return a value as Lua would write it."""
    match value:
        case None:
            return "nil"
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace('"', '\\"') + '"'
        case Mapping():
            return "{" + ", ".join(f"{key} = {lua(each)}" for key, each in value.items()) + "}"
        case Sequence():
            return "{" + ", ".join(lua(each) for each in value) + "}"
        case _:
            return number(value)


def indicators(values: Mapping[str, Any]) -> str:
    """Return indicators with what they said: `ema(10) 58012.57, rsi(14) nil`."""
    shown = (
        f"{name} {' / '.join(lua(each) for each in value) if isinstance(value, list) else lua(value)}"
        for name, value in values.items()
    )
    return ", ".join(shown)


def folded(text: str, indent: int, hang: int = 2) -> Iterator[str]:
    """Yield a text in lines of at most WIDTH columns, behind `indent` blanks, all but the first by `hang` more."""
    blank = " " * indent
    after = blank + " " * hang
    yield from wrap(text, WIDTH, initial_indent=blank, subsequent_indent=after, break_on_hyphens=False)
