"""Quotes as bars take them: the mid as a price at which nothing was traded."""

import msgspec

from common.messages import Quote
from services.market_data.core.tape import Tape


class Mid(msgspec.Struct, frozen=True, gc=False):
    """The mid of one quote, in the fields of a trade: of no size, and of the quote's update number."""

    price: float
    size: float
    trade_id: int
    first_trade_id: int
    event_ns: int
    received_ns: int


class Mids:
    """The quotes of one symbol. `tape` knows when some may have been missed.

    A venue's update numbers skip, so they cannot show a hole; quotes are numbered here by arrival, and an interruption
    takes a number of its own, which never comes.
    """

    __slots__ = ("_number", "tape")

    def __init__(self) -> None:
        self.tape = Tape()
        self._number = 0

    def take(self, quote: Quote) -> Mid:
        """Return what bars take of a quote."""
        self._number += 1
        self.tape.take(self._number, self._number, quote.event_ns)
        return Mid(quote.mid, 0.0, quote.update_id, quote.update_id, quote.event_ns, quote.received_ns)

    def interrupted(self) -> None:
        """Note that quotes may be missed from the last one to the next."""
        self._number += 1
        self.tape.interrupted()
