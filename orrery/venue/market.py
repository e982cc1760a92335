"""What is shown of a symbol now: the levels an order could take, and how much it moves and trades in a day."""

import itertools
import math
from typing import Any

import msgspec

from common.codec import UndecodableError, decode
from common.config.models import Config
from common.messages import Bar, BookSnapshot, Quote, Side
from common.routes import MARKET_DATA
from common.timeframes import timeframe_ns
from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.runners.asking import ask

DAY_NS = 86_400_000_000_000
FEWEST_BARS = 20
"""Bars below which nothing is said about a day."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol now. bids, asks: (price, size), best first; source: book, or quote where no book is kept.

    volatility: standard deviation of a day's log return; volume: of a day, base units; 0 where too few bars are kept.
    bars: how many these two are from.
    """

    symbol: str
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]
    source: str
    volatility: float = 0.0
    volume: float = 0.0
    bars: int = 0

    def takes(self, side: Side) -> list[tuple[float, float]]:
        """Return the levels that an order of this side takes from."""
        return self.asks if side is Side.BUY else self.bids

    def opposite(self, side: Side) -> float:
        """Return the best price of its own side."""
        return (self.bids if side is Side.BUY else self.asks)[0][0]


def shown_now(config: Config, symbol: str) -> Shown:
    """Return what market data shows of a symbol; CommandLineError where nothing is shown."""
    book = _latest(config, f"book.{symbol}", BookSnapshot)
    quote = _latest(config, f"quote.{symbol}", Quote)
    volatility, volume, bars = _day(config, symbol)
    if isinstance(book, BookSnapshot) and book.bids and book.asks:
        bids, asks, source = book.bids, book.asks, "book"
    elif isinstance(quote, Quote):
        bids, asks, source = [(quote.bid, quote.bid_size)], [(quote.ask, quote.ask_size)], "quote"
    else:
        raise CommandLineError(f"{symbol}: market data shows neither a book nor a quote of it", EXIT_FAILED)
    return Shown(symbol=symbol, bids=bids, asks=asks, source=source, volatility=volatility, volume=volume, bars=bars)


def mid_now(config: Config, symbol: str) -> float | None:
    """Return the mid of the latest quote that market data keep of a symbol, None where they keep none."""
    quote = _latest(config, f"quote.{symbol}", Quote)
    return quote.mid if isinstance(quote, Quote) else None


def _kept(config: Config, topic: str) -> list[Any]:
    """Return the messages that market data still keeps of a topic."""
    answer = ask(config, "stream.replay", {"topic": topic, "start": 1}, MARKET_DATA).result
    found = []
    for _number, _sent_ns, payload in answer["messages"]:
        try:
            found.append(decode(payload))
        except UndecodableError as error:
            raise CommandLineError(f"{topic}: a message of another version: {error}", EXIT_FAILED) from error
    return found


def _latest(config: Config, topic: str, kind: type) -> Any:
    found = [message for message in _kept(config, topic) if isinstance(message, kind)]
    return found[-1] if found else None


def _day(config: Config, symbol: str) -> tuple[float, float, int]:
    """Return volatility and volume of a day, from the bars of the longest stretch that is kept."""
    published = ask(config, "watermark", service=MARKET_DATA).result["published"]
    topics = [topic for topic in published if topic.startswith(f"bar.{symbol}.")]
    best: list[Bar] = []
    for topic in topics:
        bars = [bar for bar in _kept(config, topic) if isinstance(bar, Bar) and not bar.partial]
        if len(bars) >= FEWEST_BARS and (not best or _span(bars) > _span(best)):
            best = bars
    if not best:
        return 0.0, 0.0, 0
    return *day_of(best), len(best)


def _span(bars: list[Bar]) -> int:
    return bars[-1].end_ns - bars[0].start_ns


def day_of(bars: list[Bar]) -> tuple[float, float]:
    """Return the standard deviation of a day's log return, and the volume of a day, from bars of one length."""
    per_day = DAY_NS / timeframe_ns(bars[0].timeframe)
    moves = [math.log(after.close / before.close) for before, after in itertools.pairwise(bars)]
    mean = math.fsum(moves) / len(moves)
    variance = math.fsum((move - mean) ** 2 for move in moves) / max(1, len(moves) - 1)
    volume = math.fsum(bar.volume for bar in bars) / len(bars) * per_day
    return math.sqrt(variance * per_day), volume
