"""Files of single orders (market by order), as the book, quotes and trades that they add up to.

How it works: every order is kept by its number; what an event changed is told at its end as new sizes of levels, and as
a quote where the best changed. Trades and fills change no book, the cancels and changes behind them do. While the book
is crossed, as in an auction, the market is told not to be live. Columns and letters are Databento's:
https://databento.com/docs/schemas-and-data-formats/mbo
"""

import csv
import io
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from common.messages import (
    BookSnapshot,
    BookUpdate,
    MarketState,
    MarketStatus,
    QueueMoved,
    Quote,
    Side,
    Trade,
)
from orrery.data.errors import DataFileError
from orrery.data.sheets import Sheet

LAST_OF_EVENT: Final = 128
OF_SNAPSHOT: Final = 32
ORDER_FIELDS: Final = ("action", "order_id", "price", "size", "side")
"""The columns of files of single orders, under the names that Databento gives them."""
type BookMessage = Trade | Quote | BookSnapshot | BookUpdate | QueueMoved | MarketStatus


class _Order(NamedTuple):
    side: str
    price: float
    size: float

    @property
    def level(self) -> tuple[str, float]:
        """Return the queue it stands in: side and price."""
        return self.side, self.price


class OrderTape:
    """One symbol's orders; `messages` yields what follows from the rows of a file."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._orders: dict[str, _Order] = {}
        self._levels: dict[str, dict[float, float]] = {"B": {}, "A": {}}
        self._queues: dict[tuple[str, float], dict[str, float]] = {}
        self._prices: dict[str, list[float]] = {"B": [], "A": []}
        self._changed: set[tuple[str, float]] = set()
        self._number = self._trades = self._now_ns = self._sent_ns = 0
        self._is_whole = False
        self._is_crossed = False
        self._top: tuple[float, float, float, float] | None = None

    def take(self, row: Mapping[str, str]) -> Iterator[BookMessage]:
        """Yield what a row leads to; ValueError or KeyError for one that is none."""
        flags, action = int(row["flags"]), row["action"]
        # A recorder's clock may step back; the tape's does not.
        self._now_ns, self._sent_ns = max(self._now_ns, int(row["ts_recv"])), int(row["ts_event"])
        if not flags & OF_SNAPSHOT and not self._is_whole:
            self._is_whole = True
            yield from self._whole()
        if action == "T":
            yield self._trade(row)
        elif action != "F":
            yield from self._apply(action, row)
        if flags & LAST_OF_EVENT and self._is_whole:
            yield from self._event_end()

    def _apply(self, action: str, row: Mapping[str, str]) -> Iterator[QueueMoved]:
        if action == "R":
            self._orders.clear()
            self._queues.clear()
            for side, levels in self._levels.items():
                levels.clear()
                self._prices[side].clear()
            self._is_whole = False
            return
        number = row["order_id"]
        known = self._orders.pop(number, None)
        order = _after(action, row, known)
        if known is not None:
            stays = order is not None and order.level == known.level and order.size <= known.size
            gone = known.size - order.size if stays and order is not None else known.size
            if gone and self._is_whole:
                yield self._moved(number, known, gone)
            self._leave(number, known, stays=stays)
        if order is not None and order.side in self._levels:
            self._orders[number] = order
            self._add(order.side, order.price, order.size)
            self._queues.setdefault(order.level, {})[number] = order.size  # a number that stayed keeps its place

    def _leave(self, number: str, known: _Order, *, stays: bool) -> None:
        self._add(known.side, known.price, -known.size)
        queue = self._queues.get(known.level)
        if queue is not None and not stays:
            queue.pop(number, None)
            if not queue:
                del self._queues[known.level]

    def _moved(self, number: str, known: _Order, gone: float) -> QueueMoved:
        ahead = 0.0
        for other, size in self._queues.get(known.level, {}).items():
            if other == number:
                break
            ahead += size
        return QueueMoved(
            symbol=self._symbol, side=Side.BUY if known.side == "B" else Side.SELL, price=known.price, size=gone,
            ahead=ahead, event_ns=self._sent_ns, received_ns=self._now_ns,
        )  # fmt: skip

    def _add(self, side: str, price: float, size: float) -> None:
        levels = self._levels[side]
        prices, before = self._prices[side], levels.get(price, 0.0)
        if before + size > 0.0:
            levels[price] = before + size
            if not before:
                insort(prices, price)
        elif levels.pop(price, None) is not None:
            del prices[bisect_left(prices, price)]
        self._changed.add((side, price))

    def _trade(self, row: Mapping[str, str]) -> Trade:
        self._trades += 1
        price = float(row["price"])
        buys = row["side"] == "B" or (row["side"] == "N" and self._top is not None and price >= self._top[2])
        return Trade(
            symbol=self._symbol, price=price, size=float(row["size"]), side=Side.BUY if buys else Side.SELL,
            trade_id=self._trades, first_trade_id=self._trades, event_ns=self._sent_ns, received_ns=self._now_ns,
        )  # fmt: skip

    def _event_end(self) -> Iterator[BookMessage]:
        bids, asks = self._prices["B"], self._prices["A"]
        is_crossed = bool(bids and asks) and bids[-1] >= asks[0]
        if is_crossed:
            if not self._is_crossed:
                yield MarketStatus(
                    symbol=self._symbol, state=MarketState.RESYNCING, reason="crossed", event_ns=self._sent_ns,
                    received_ns=self._now_ns,
                )  # fmt: skip
            self._is_crossed = True
            self._changed.clear()
        elif self._is_crossed:
            self._is_crossed = False
            yield from self._whole()
        elif self._changed:
            yield from self._changes()

    def _whole(self) -> Iterator[BookMessage]:
        self._number += 1
        self._changed.clear()
        bids = sorted(self._levels["B"].items(), reverse=True)
        asks = sorted(self._levels["A"].items())
        if bids and asks and bids[0][0] >= asks[0][0]:
            self._is_crossed = True
            return
        self._top = None
        yield BookSnapshot(
            symbol=self._symbol, update_id=self._number, bids=bids, asks=asks, event_ns=self._sent_ns,
            received_ns=self._now_ns,
        )  # fmt: skip
        yield from self._best()

    def _changes(self) -> Iterator[BookMessage]:
        self._number += 1
        changed = sorted(self._changed)
        self._changed.clear()
        bids, asks = self._levels["B"], self._levels["A"]
        yield BookUpdate(
            symbol=self._symbol,
            first_update_id=self._number,
            update_id=self._number,
            bids=[(price, bids.get(price, 0.0)) for side, price in changed if side == "B"],
            asks=[(price, asks.get(price, 0.0)) for side, price in changed if side == "A"],
            event_ns=self._sent_ns,
            received_ns=self._now_ns,
        )
        yield from self._best()

    def _best(self) -> Iterator[Quote]:
        bids, asks = self._levels["B"], self._levels["A"]
        if not bids or not asks:
            return
        bid, ask = self._prices["B"][-1], self._prices["A"][0]
        top = (bid, bids[bid], ask, asks[ask])
        if top != self._top:
            self._top = top
            yield Quote(
                symbol=self._symbol, bid=bid, bid_size=top[1], ask=ask, ask_size=top[3], update_id=self._number,
                event_ns=self._sent_ns, received_ns=self._now_ns,
            )  # fmt: skip


def _after(action: str, row: Mapping[str, str], known: _Order | None) -> _Order | None:
    """Return an order as a row leaves it; None where it is gone."""
    if action != "C":
        return _Order(row["side"], float(row["price"]), float(row["size"])) if row["price"] else None
    left = 0.0 if known is None else known.size - float(row["size"])
    return None if known is None or left <= 0.0 else known._replace(size=left)


def holds_orders(sheet: Sheet) -> bool:
    """Return whether a sheet has the columns of single orders."""
    return set(ORDER_FIELDS) <= set(sheet.names)


def order_messages(path: Path, symbol: str, data: bytes) -> Iterator[BookMessage]:
    """Yield the messages of a CSV of single orders; DataFileError names the line that is none."""
    tape = OrderTape(symbol)
    for line, row in enumerate(csv.DictReader(io.StringIO(data.decode(errors="replace"))), 2):
        try:
            yield from tape.take(row)
        except (KeyError, ValueError, TypeError) as error:
            raise DataFileError(path, str(line), f"expected a row of a single order: {error}") from error
