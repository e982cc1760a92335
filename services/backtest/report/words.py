"""What the report says about figures and data, and how it writes numbers and times."""

from datetime import UTC, datetime
from typing import NamedTuple

from services.backtest.result import DataTier

NONE = "\N{EN DASH}"
SECOND_NS = 1_000_000_000
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


class Tier(NamedTuple):
    """A data tier in words."""

    title: str
    can: str
    cannot: str


TIERS = {
    DataTier.BARS: Tier(
        "Bars",
        "Open, high, low and close of each bar. An order decided at a bar's close fills at the next bar's open, never "
        "on the bar that produced it. Within a bar the extreme that hurts is taken to come first; a gap through a "
        "stop fills at the open, not at the stop.",
        "The path between the four prices, the real spread, how much could be traded at a price, and the place of "
        "a limit order in the queue. Stops and targets inside one bar are decided pessimistically, not as they were.",
    ),
    DataTier.TRADES: Tier(
        "Trades",
        "Every trade and its size. A market order fills at the price of the next trade, worsened by half the spread that "
        "was set; a limit order fills when a trade goes through its price.",
        "The real spread, what stood in the book, and the place of a limit order in its queue.",
    ),
    DataTier.QUOTES: Tier(
        "Quotes",
        "The best bid and ask at each change: the real spread, and fills at the price shown after the latency.",
        "What stood behind the best price, so the cost of size is a guess, and the place of a limit order in its queue.",
    ),
    DataTier.DEPTH: Tier(
        "Depth",
        "The volume at each price level: a large order walks the book and pays for it.",
        "Who stands before whom: the place in the queue of a level is estimated. Nobody reacts to our orders.",
    ),
    DataTier.ORDERS: Tier(
        "Order by order",
        "Every order of the book, so that the place in the queue is known.",
        "How others would have reacted to our orders: the market goes on as if they had not been there.",
    ),
}


def percent(value: float | None, digits: int = 2) -> str:
    """Return a fraction as a percentage."""
    return NONE if value is None else f"{number(value * 100, digits)} %"


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with thousands separated; whole ones without a fraction if `digits` is 0."""
    return NONE if value is None else f"{value:z,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def moment(time_ns: int | None) -> str:
    """Return a time in UTC, to the second."""
    return NONE if time_ns is None else datetime.fromtimestamp(time_ns // SECOND_NS, UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(nanoseconds: int | None) -> str:
    """Return a duration in its two largest units."""
    if nanoseconds is None:
        return NONE
    rest, parts = nanoseconds // SECOND_NS, list[str]()
    for seconds, unit in _UNITS:
        if rest >= seconds:
            parts.append(f"{rest // seconds} {unit}")
            rest %= seconds
    return " ".join(parts[:2]) or "0 s"
