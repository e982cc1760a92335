"""What an order would cost, before it is sent: the book walked, slippage and fee, the square-root law where more is known.

Impact by the square-root law: volatility x sqrt(quantity / volume), both of one day, as a fraction of the price (Almgren,
Thum, Hauptmann and Li 2005; Toth and others 2011). It is an estimate of what the book does not show.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from common.instruments import Instrument
from common.messages import OrderType, Side
from common.money import BASIS_POINT, ONE, ZERO, decimal_of, ratio, use_money_context
from services.execution.core.checks import rejection
from services.execution.core.pricing import reaches
from services.execution.core.venue import VenueOrder

HALF: Final = Decimal("0.5")


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the market. levels: (price, size) that the order could take, best first.

    opposite: the best price of its own side, for the mid. volatility: of a day, a fraction; volume: of a day, base units;
    0 where nobody knows. taker_fee_bps: 1/10000 of the notional.
    """

    levels: Sequence[tuple[float, float]]
    opposite: float
    taker_fee_bps: Decimal
    volatility: float = 0.0
    volume: float = 0.0


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of an order now. Prices and costs in quote units, quantities in base units.

    takes: what trades at once; rests: what is left and waits, or is cancelled; unknown: what the levels do not reach.
    average_price, worst_price: of what trades, None if nothing does. slippage: paid beyond the best price; spread_cost:
    from the mid to the best price; impact: by the square-root law, 0 where volume or volatility are not known. problem:
    why the venue would not take it.
    """

    takes: Decimal
    rests: Decimal
    unknown: Decimal
    average_price: Decimal | None
    worst_price: Decimal | None
    notional: Decimal
    fee: Decimal
    slippage: Decimal
    spread_cost: Decimal
    impact: Decimal
    problem: str = ""

    @property
    def cost(self) -> Decimal:
        """Return all that trading costs against the mid price."""
        return self.fee + self.slippage + self.spread_cost + self.impact


def preview(order: VenueOrder, instrument: Instrument, around: Surroundings) -> Preview:
    """Return what the order would cost if it arrived now."""
    use_money_context()
    if not around.levels:
        return _nothing(order, "no market")
    best = decimal_of(around.levels[0][0])
    refused = rejection(order, best, instrument)
    if refused is not None:
        return _nothing(order, refused.detail)
    takes, notional, worst = _walk(order, around.levels, instrument)
    left = order.quantity - takes
    is_market = order.order_type is OrderType.MARKET
    half_spread = abs(best - decimal_of(around.opposite)) * HALF
    beyond = notional - takes * best if order.side is Side.BUY else takes * best - notional
    return Preview(
        takes=takes,
        rests=ZERO if is_market else left,
        unknown=left if is_market else ZERO,
        average_price=ratio(notional, takes) if takes else None,
        worst_price=worst if takes else None,
        notional=notional,
        fee=notional * around.taker_fee_bps * BASIS_POINT,
        slippage=beyond,
        spread_cost=half_spread * takes,
        impact=_impact(takes, best, around),
    )


def _walk(
    order: VenueOrder, levels: Sequence[tuple[float, float]], instrument: Instrument
) -> tuple[Decimal, Decimal, Decimal]:
    takes, notional, worst = ZERO, ZERO, ZERO
    for level_price, size in levels:
        price = decimal_of(level_price)
        is_beyond = order.limit_price is not None and not reaches(order.limit_price, price, order.side)
        if is_beyond or takes == order.quantity:
            break
        part = min(instrument.quantity(size), order.quantity - takes)
        if part:
            takes, notional, worst = takes + part, notional + part * price, price
    return takes, notional, worst


def _impact(quantity: Decimal, price: Decimal, around: Surroundings) -> Decimal:
    if not (quantity and around.volume and around.volatility):
        return ZERO
    share = ratio(quantity, decimal_of(around.volume)).sqrt()
    return price * quantity * decimal_of(around.volatility) * min(share, ONE)


def _nothing(order: VenueOrder, problem: str) -> Preview:
    return Preview(
        takes=ZERO,
        rests=ZERO,
        unknown=order.quantity,
        average_price=None,
        worst_price=None,
        notional=ZERO,
        fee=ZERO,
        slippage=ZERO,
        spread_cost=ZERO,
        impact=ZERO,
        problem=problem,
    )
