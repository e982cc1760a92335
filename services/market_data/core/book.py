"""The order book of one symbol: price to size on two sides, with what is usually asked of it.

How it works: a side is a dict from price to size, and a sorted list of the keys near the top, best last (a key is the
price for bids, minus the price for asks). What changes far from the top, which is most of what a venue sends, costs one
dict write; near the top a bisection in a short list. When the list runs low or over, it is made anew from the dict.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import inf
from typing import NamedTuple

from common.messages import Level, Side

NEAR_MIN, NEAR_KEPT, NEAR_MAX = 8, 64, 128
"""Levels near the top held sorted: made anew below the first and above the last, with the middle number."""
CUT_SHARE = 8
"""A full side drops its worst depth/8 levels at once."""


class Top(NamedTuple):
    """The best level of both sides: prices in quote units, sizes in base units."""

    bid: float
    bid_size: float
    ask: float
    ask_size: float


class BookSide:
    """One side, at most `depth` levels. `cut` counts the levels that were dropped because it was full."""

    __slots__ = ("_depth", "_floor", "_horizon", "_near", "_sign", "_sizes", "cut")

    def __init__(self, sign: float, depth: int) -> None:
        """Make an empty side: sign +1.0 for bids, -1.0 for asks; depth is the most levels kept."""
        self._sign = sign
        self._depth = depth
        self._sizes: dict[float, float] = {}
        self._near: list[float] = []
        self._floor = -inf
        self._horizon = -inf
        self.cut = 0

    def __len__(self) -> int:
        return len(self._sizes)

    def load(self, levels: Iterable[Level]) -> None:
        """Replace all levels."""
        self._sizes = {price: size for price, size in levels if size}
        self._horizon = -inf
        if len(self._sizes) > self._depth:
            self._keep_best(self._depth)
        self._gather()

    def apply(self, levels: Iterable[Level]) -> None:
        """Set each level to its size; 0 removes it, and removing what is not there does nothing."""
        near, sizes, sign, floor = self._near, self._sizes, self._sign, self._floor
        for price, size in levels:
            if size:
                if price not in sizes:
                    key = sign * price
                    if key >= floor:
                        insort(near, key)
                sizes[price] = size
            elif sizes.pop(price, None) is not None:
                key = sign * price
                if key >= floor:
                    del near[bisect_left(near, key)]
        if not NEAR_MIN <= len(near) <= NEAR_MAX or len(sizes) > self._depth:
            self._balance()

    def best(self) -> Level | None:
        """Return the best level, None if there is none."""
        if not self._near:
            return None
        price = self._sign * self._near[-1]
        return price, self._sizes[price]

    def levels(self) -> Iterator[Level]:
        """Yield the levels, best first; those behind the first hundred or so are sorted when they are reached."""
        sizes, sign, floor = self._sizes, self._sign, self._floor
        for key in reversed(self._near):
            yield sign * key, sizes[sign * key]
        for key in sorted([key for key in self._keys() if key < floor], reverse=True):
            yield sign * key, sizes[sign * key]

    def exhausted(self) -> bool:
        """Return whether the best level kept is no better than one that was cut, so that better ones may be missing."""
        return self._horizon != -inf and (not self._near or self._near[-1] <= self._horizon)

    def _keys(self) -> list[float]:
        sign = self._sign
        return [sign * price for price in self._sizes]

    def _balance(self) -> None:
        if len(self._sizes) > self._depth:
            # Room for what comes next, or a full side would be sorted for every new level.
            self._keep_best(self._depth - self._depth // CUT_SHARE)
            self._gather()
        elif len(self._near) > NEAR_MAX:
            dropped = len(self._near) - NEAR_KEPT
            del self._near[:dropped]
            self._floor = self._near[0]
        elif len(self._near) < len(self._sizes):
            self._gather()

    def _gather(self) -> None:
        keys = sorted(self._keys())
        self._floor = keys[-NEAR_KEPT] if len(keys) > NEAR_KEPT else -inf
        self._near = keys[-NEAR_KEPT:]

    def _keep_best(self, count: int) -> None:
        keys = sorted(self._keys())
        worst = keys[:-count]
        for key in worst:
            del self._sizes[self._sign * key]
        self._horizon = max(self._horizon, worst[-1])
        self.cut += len(worst)


class OrderBook:
    """Both sides as of `update_id`, at most `depth` levels each.

    What is kept is always true: equal sizes at equal prices. When levels were cut, the worst prices may be missing;
    `exhausted` tells when that could have reached the top.
    """

    __slots__ = ("asks", "bids", "update_id")

    def __init__(self, depth: int) -> None:
        self.bids = BookSide(1.0, depth)
        self.asks = BookSide(-1.0, depth)
        self.update_id = 0

    def load(self, update_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Replace everything by a snapshot."""
        self.bids.load(bids)
        self.asks.load(asks)
        self.update_id = update_id

    def apply(self, update_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Take changed levels; whether the numbers follow each other is the caller's to judge."""
        self.bids.apply(bids)
        self.asks.apply(asks)
        self.update_id = update_id

    def top(self) -> Top | None:
        """Return the best of both sides, None while one is empty."""
        bid, ask = self.bids.best(), self.asks.best()
        return None if bid is None or ask is None else Top(*bid, *ask)

    def crossed(self) -> bool:
        """Return whether the best bid is at or above the best ask, which no matched market shows."""
        top = self.top()
        return top is not None and top.bid >= top.ask

    def exhausted(self) -> bool:
        """Return whether levels that were cut could be missing at the top of a side."""
        return self.bids.exhausted() or self.asks.exhausted()

    @property
    def cut(self) -> int:
        """Return how many levels were dropped because the depth was reached."""
        return self.bids.cut + self.asks.cut

    def depth(self, count: int) -> tuple[list[Level], list[Level]]:
        """Return the best `count` bids and asks, best first."""
        return list(islice(self.bids.levels(), count)), list(islice(self.asks.levels(), count))

    def spread(self) -> float | None:
        """Return best ask minus best bid, quote units; None while a side is empty."""
        top = self.top()
        return None if top is None else top.ask - top.bid

    def mid(self) -> float | None:
        """Return the mean of best bid and best ask, quote units; None while a side is empty."""
        top = self.top()
        return None if top is None else (top.bid + top.ask) / 2.0

    def imbalance(self, count: int) -> float | None:
        """Return (bid size - ask size) / (bid size + ask size) over the best `count` levels; None for an empty book.

        From -1 (only asks) to +1 (only bids); as in Gould and Bonart, "Queue Imbalance as a One-Tick-Ahead Price
        Predictor in a Limit Order Book" (2016), there for one level.
        """
        bids, asks = self.depth(count)
        bid_size, ask_size = _total(bids), _total(asks)
        total = bid_size + ask_size
        return (bid_size - ask_size) / total if total else None

    def vwap(self, side: Side, size: float) -> float | None:
        """Return the mean price at which an order of `size` base units would trade through the book now.

        A BUY takes asks, a SELL takes bids. None if the book does not hold as much, or size is not above 0.
        """
        left, paid = size, 0.0
        if size <= 0.0:
            return None
        for price, there in (self.asks if side is Side.BUY else self.bids).levels():
            taken = min(left, there)
            paid += taken * price
            left -= taken
            if left <= 0.0:
                return paid / size
        return None


def _total(levels: Sequence[Level]) -> float:
    return sum([size for _, size in levels])
