"""What a fill costs, and the account that the simulated venue keeps of it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from common.config.models import ExecutionSection
from common.instruments import Instrument, Instruments
from common.messages import Liquidity, Side
from common.money import BASIS_POINT, ZERO, begin_exact, end_exact
from services.execution.core.fills.shown import Part, Shown, Waiting
from services.execution.core.pricing import no_worse, taker_price
from services.execution.core.venue import VenueFilled, VenueOrder, VenueReport

FILLS_KEPT: Final = 4_096
"""Fills that can still be told of."""


class Market(msgspec.Struct):
    """A symbol. holding: base units. slippage and fees: paid so far, quote units."""

    shown: Shown = msgspec.field(default_factory=Shown)
    waiting: dict[str, Waiting] = {}
    has_traded: bool = False
    holding: Decimal = ZERO
    slippage: Decimal = ZERO
    fees: Decimal = ZERO


class State(msgspec.Struct):
    """All that a venue's snapshot keeps."""

    markets: dict[str, Market] = {}
    fills: dict[int, VenueFilled] = {}
    fill_count: int = 0


class Booking:
    """Slippage and fees, as the configuration has them."""

    def __init__(self, section: ExecutionSection, instruments: Instruments) -> None:
        self._instruments = instruments
        self._slippage = section.slippage_bps * BASIS_POINT
        self._rates = {
            Liquidity.TAKER: section.taker_fee_bps * BASIS_POINT,
            Liquidity.MAKER: section.maker_fee_bps * BASIS_POINT,
        }

    def book(
        self, state: State, order: VenueOrder, parts: Sequence[Part], touched: Decimal, reports: list[VenueReport]
    ) -> VenueOrder | None:
        """Book the parts and report each; return what is left of the order, None if nothing is.

        touched: the best price there was, by which slippage is measured.
        """
        left = order.quantity
        for part in parts:
            reports.append(self._filled(state, order, part, touched))
            left -= part.quantity
        if left == order.quantity:
            return order
        return msgspec.structs.replace(order, quantity=left) if left else None

    def _filled(self, state: State, order: VenueOrder, part: Part, touched: Decimal) -> VenueFilled:
        instrument, market = self._instruments[order.symbol], state.markets[order.symbol]
        price = part.price
        if part.liquidity is Liquidity.TAKER:
            price = self._taken_at(order, part, instrument)
            market.slippage += abs(price - touched) * part.quantity
        begin_exact()
        fee = price * part.quantity * self._rates[part.liquidity]
        market.fees += fee
        market.holding += part.quantity if order.side is Side.BUY else -part.quantity
        end_exact()
        market.has_traded = True
        state.fill_count = number = state.fill_count + 1
        filled = VenueFilled(
            order.id, number, order.symbol, order.side, part.quantity, price, fee, instrument.quote, part.liquidity
        )
        state.fills[number] = filled
        if number > FILLS_KEPT:
            del state.fills[number - FILLS_KEPT]
        return filled

    def _taken_at(self, order: VenueOrder, part: Part, instrument: Instrument) -> Decimal:
        price = taker_price(part.price, order.side, self._slippage, instrument.tick_size)
        if order.limit_price is not None:
            price = no_worse(price, order.limit_price, order.side)
        return max(price, instrument.tick_size)  # slippage makes nothing free
