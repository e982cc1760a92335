"""What the observed venue remembers of a symbol, and how it books the parts that a fill model gives."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from common.instruments import Instrument, Instruments
from common.messages import Liquidity
from services.execution.core.conditions import Armed
from services.execution.core.fills.shown import Part, Shown, Waiting
from services.execution.core.till import Account, Till, Told
from services.execution.core.venue import VenueOrder, VenueReport


class Market(Account):
    """A symbol, the orders that wait there and those that wait for a trigger, oldest first."""

    shown: Shown = msgspec.field(default_factory=Shown)
    waiting: dict[str, Waiting] = msgspec.field(default_factory=dict)
    armed: dict[str, Armed] = msgspec.field(default_factory=dict)

    def standing(self) -> list[VenueOrder]:
        """Return all orders that are open here."""
        return [*[each.order for each in self.waiting.values()], *[each.order for each in self.armed.values()]]

    def find(self, order_id: str) -> Waiting | Armed | None:
        """Return an open order."""
        return self.waiting.get(order_id) or self.armed.get(order_id)

    def take_off(self, order_id: str) -> VenueOrder | None:
        """Take an open order off; None if there is none."""
        found = self.waiting.pop(order_id, None) or self.armed.pop(order_id, None)
        return None if found is None else found.order


class State(Told):
    """All that a venue's snapshot keeps. expiring: orders that end by time, with when and in which symbol."""

    markets: dict[str, Market] = msgspec.field(default_factory=dict)
    expiring: dict[str, tuple[int, str]] = msgspec.field(default_factory=dict)


class Booking:
    """Books parts with slippage and fees."""

    def __init__(self, till: Till, instruments: Instruments) -> None:
        self._till, self._instruments = till, instruments

    def book(
        self, state: State, order: VenueOrder, parts: Sequence[Part], touched: Decimal, reports: list[VenueReport]
    ) -> VenueOrder | None:
        """Book the parts and report each; return what is left of the order, None if nothing is.

        touched: the best price there was, by which slippage is measured.
        """
        if not parts:
            return order
        left, instrument = order.quantity, self._instruments[order.symbol]
        for part in parts:
            priced = self._priced(state, order, part, touched, instrument)
            reports.append(self._till.fill(state, state.markets[order.symbol], order, priced, instrument))
            left -= part.quantity
        return replace(order, quantity=left) if left else None

    def _priced(
        self, state: State, order: VenueOrder, part: Part, touched: Decimal, instrument: Instrument
    ) -> tuple[Decimal, Decimal, Liquidity]:
        price = part.price
        if part.liquidity is Liquidity.TAKER:
            price = self._till.taken_at(order, part.price, part.quantity, instrument)
            state.markets[order.symbol].slippage += abs(price - touched) * part.quantity
        return part.quantity, price, part.liquidity
