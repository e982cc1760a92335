"""What was said of all orders, and whether it agrees with what the venue really did."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from common.messages import (
    AmendRefused,
    AmendRejected,
    AnyMessage,
    ApprovedOrder,
    Fill,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRefused,
    OrderRejected,
    PositionChanged,
    VenueDifference,
)
from orrery.lying_venue.book import Book

NAMED = 5
"""Cases named of each kind of problem."""


class Said(msgspec.Struct, gc=False):
    """What was said of an order."""

    begun: int = 0
    ended: int = 0


class Books:
    """Everything that was said: decisions, reports and differences."""

    def __init__(self) -> None:
        self.orders: dict[str, Said] = {}
        self.fills: Counter[tuple[str, str, str]] = Counter()
        self.fill_ids: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.differences: Counter[str] = Counter()
        self.positions: dict[tuple[str, str], Decimal] = {}
        self.bought: dict[tuple[str, str], Decimal] = {}
        self.doubled_ids = 0

    def take(self, message: AnyMessage) -> None:
        """Note a message."""
        match message:
            case ApprovedOrder():
                self.counts["orders"] += 1
                self.orders[message.id] = Said()
            case OrderRefused():
                self.counts["refused"] += 1
            case OrderAccepted():
                self.orders[message.order_id].begun += 1
            case OrderRejected():
                self.counts[f"rejected: {message.reason}"] += 1
                said = self.orders[message.order_id]
                said.begun += 1
                said.ended += 1
            case OrderAmended() | AmendRejected() | AmendRefused():
                self.counts["amended" if isinstance(message, OrderAmended) else "not amended"] += 1
            case OrderCancelled():
                self.counts["cancelled"] += 1
                self.orders[message.order_id].ended += 1
            case Fill():
                self._fill(message)
            case PositionChanged():
                self.positions[message.runner, message.symbol] = message.quantity
            case VenueDifference():
                self.differences[f"{message.kind}, {message.action}"] += 1
            case _:
                return

    def _fill(self, fill: Fill) -> None:
        self.counts["fills"] += 1
        self.doubled_ids += fill.id in self.fill_ids
        self.fill_ids.add(fill.id)
        self.fills[fill.order_id, str(fill.quantity), str(fill.price)] += 1
        said = self.orders[fill.order_id]
        if not fill.remaining_quantity and not said.ended:
            said.ended += 1
        key = fill.runner, fill.symbol
        self.bought[key] = self.bought.get(key, Decimal(0)) + fill.side.sign * fill.quantity


class Verdict(msgspec.Struct):
    """Figures that must be 0, and words for what is not.

    duplicates: orders that reached the venue twice, and fills told twice. lost_fills: told by nobody. position_errors:
    symbols and runners whose position is not what was traded.
    """

    duplicates: int = 0
    lost_fills: int = 0
    position_errors: int = 0
    problems: list[str] = []


def judge(books: Books, book: Book, cash: Mapping[str, Decimal]) -> Verdict:
    """Hold what was said against the truth. cash: change of the account's cash by currency, as risk keeps it."""
    verdict = Verdict()
    truth = Counter((fill.order_id, str(fill.quantity), str(fill.price)) for _, fill in book.fills)
    doubled, lost = books.fills - truth, truth - books.fills
    sent_twice = [name for name, held in book.orders.items() if held.arrivals > 1]
    verdict.duplicates = doubled.total() + len(sent_twice) + books.doubled_ids
    verdict.lost_fills = lost.total()
    verdict.problems += named("fill told too often", [str(key) for key in doubled])
    verdict.problems += named("fill told by nobody", [str(key) for key in lost])
    verdict.problems += named("order sent twice", sent_twice)
    wrong = list(_positions(books, book))
    wrong += [f"cash {change} by risk, {book.cash} by the venue" for change in cash.values() if change != book.cash]
    verdict.position_errors = len(wrong)
    verdict.problems += named("position", wrong)
    verdict.problems += named("order with more or less than one life", list(_lives(books)))
    verdict.problems += named("open at the end", list(book.open))
    return verdict


def _positions(books: Books, book: Book) -> Iterator[str]:
    net: dict[str, Decimal] = {}
    for key in sorted(books.positions.keys() | books.bought.keys()):
        held, traded = books.positions.get(key, Decimal(0)), books.bought.get(key, Decimal(0))
        if held != traded:
            yield f"{key[0]}: risk holds {held}, its fills sum to {traded}"
        net[key[1]] = net.get(key[1], Decimal(0)) + held
    for symbol in sorted(net.keys() | book.positions.keys()):
        if net.get(symbol, Decimal(0)) != book.positions.get(symbol, Decimal(0)):
            yield f"{symbol}: risk holds {net.get(symbol, 0)}, the venue {book.positions.get(symbol, 0)}"


def _lives(books: Books) -> Iterator[str]:
    for name, said in books.orders.items():
        if (said.begun, said.ended) != (1, 1):
            yield f"{name}: began {said.begun} times, ended {said.ended} times"


def named(what: str, cases: list[str]) -> list[str]:
    """Return the sentence of a kind of problem with some of its cases, nothing where there are none."""
    if not cases:
        return []
    return [f"{len(cases)} times: {what}: {'; '.join(cases[:NAMED])}"]
