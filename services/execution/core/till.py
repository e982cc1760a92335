"""Where the simulated venue books: what a fill costs, what is held, and the fills that can still be told of."""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from common.config.models import ExecutionSection
from common.instruments import Instrument
from common.messages import Liquidity, Side
from common.money import ZERO, begin_exact, end_exact
from services.execution.core.costs import COMMISSION, SLIPPAGE
from services.execution.core.pricing import no_worse, taker_price
from services.execution.core.venue import VenueFilled, VenueOrder

DAY_NS: Final = 86_400_000_000_000
FILLS_KEPT: Final = 4_096
"""Fills that can still be told of."""


class Account(msgspec.Struct):
    """What came of the orders of a symbol. holding: base units. slippage and fees: paid so far, quote units."""

    has_traded: bool = False
    holding: Decimal = ZERO
    slippage: Decimal = ZERO
    fees: Decimal = ZERO


class Traded(msgspec.Struct):
    """What was traded on the days that count for the tier, quote units, by their number since 1970, UTC. today: the latest."""

    today: int
    by_day: dict[int, Decimal]


class Told(msgspec.Struct):
    """The fills of a venue: how many there were, the latest by their number, and what was traded, quote units, where the fees
    depend on it. traded: the same by days, unset where no day ever ceases to count."""

    fills: dict[int, VenueFilled] = {}
    fill_count: int = 0
    notional: Decimal = ZERO
    traded: Traded | UnsetType = UNSET


class Till:
    """Slippage and fees, as the configuration has them. window_days: `roll` before a fill; 0 where it has nothing to do."""

    __slots__ = ("_away", "_counts_notional", "_fee", "window_days")

    def __init__(self, section: ExecutionSection) -> None:
        self._away = SLIPPAGE[section.slippage_model](section)
        self._fee = COMMISSION[section.commission_model](section)
        self._counts_notional = section.commission_model == "tiers"
        self.window_days = section.fee_window_days if self._counts_notional else 0

    def roll(self, told: Told, now_ns: int) -> None:
        """Let go of what was traded on days that do not count for the tier any more."""
        day, traded = now_ns // DAY_NS, told.traded
        if traded is UNSET:  # what a run without a window has counted is as of today
            told.traded = Traded(day, {day: told.notional} if told.notional else {})
            return
        if day <= traded.today:
            return
        traded.today = day
        begin_exact()
        for past in [each for each in traded.by_day if each <= day - self.window_days]:
            told.notional -= traded.by_day.pop(past)
        end_exact()

    def taken_at(self, order: VenueOrder, touched: Decimal, quantity: Decimal, instrument: Instrument) -> Decimal:
        """Return the price of what takes at `touched`, after slippage, on the tick, never worse than the limit."""
        tick_size = instrument.tick_size
        price = taker_price(touched, order.side, self._away(touched, quantity, instrument), tick_size)
        if order.limit_price is not None:
            price = max(no_worse(price, order.limit_price, order.side), tick_size)
        return price if price == touched else max(price, tick_size)  # slippage makes nothing free

    def take(
        self, told: Told, account: Account, order: VenueOrder, touched: Decimal, instrument: Instrument
    ) -> VenueFilled:
        """Book the whole order as taker at a touch."""
        price = self.taken_at(order, touched, order.quantity, instrument)
        if price != touched:
            account.slippage += abs(price - touched) * order.quantity
        return self.fill(told, account, order, (order.quantity, price, Liquidity.TAKER), instrument)

    def fill(
        self,
        told: Told,
        account: Account,
        order: VenueOrder,
        part: tuple[Decimal, Decimal, Liquidity],
        instrument: Instrument,
    ) -> VenueFilled:
        """Book a part of an order: quantity, price, and whether it took."""
        quantity, price, liquidity = part
        side = order.side
        begin_exact()
        fee = self._fee(price, quantity, liquidity, told.notional)
        if self._counts_notional:
            told.notional += price * quantity
            if told.traded is not UNSET:
                by_day, today = told.traded.by_day, told.traded.today
                by_day[today] = by_day.get(today, ZERO) + price * quantity
        account.fees += fee
        if side is Side.BUY:
            account.holding += quantity
        else:
            account.holding -= quantity
        end_exact()
        account.has_traded = True
        told.fill_count = number = told.fill_count + 1
        filled = VenueFilled(order.id, number, order.symbol, side, quantity, price, fee, instrument.quote, liquidity)
        told.fills[number] = filled
        if number > FILLS_KEPT:
            del told.fills[number - FILLS_KEPT]
        return filled
