"""Whether every amount an entry is judged by is far from its limit, told in floats: most entries need no exact total.

How it works: amounts and limits are compared with a margin between them that is wider, by orders of magnitude, than anything
floats lose; so what is far here passes exactly, and what is not is decided by the rules themselves, to the last digit.
"""

import math
from decimal import Decimal

from common.messages import OrderIntent, Quote
from services.risk_manager.core.limits import GroupLimit, Limits
from services.risk_manager.core.rough import LARGEST, ROOM, WIDENING, Rough
from services.risk_manager.core.usage import Usage

UP = 1.0 + WIDENING


def _most(limit: Decimal) -> float:
    """Return a limit, a little lower; infinity where it is 0, which is none."""
    return float(limit) * (1.0 - WIDENING) if limit else math.inf


class Far:
    """The limits of a run as floats; sizes stay exact, because to turn one into a float costs as much as five comparisons.

    What it does not know, such as strategies, `is_far` says no to.
    """

    __slots__ = (
        "_account_risk",
        "_collar",
        "_exposure",
        "_groups",
        "_has_more",
        "_leverage",
        "_limits",
        "_order_worth",
        "_rough",
        "_strategies",
        "_symbols",
        "_usage",
    )

    def __init__(self, limits: Limits, rough: Rough, usage: Usage) -> None:
        self._usage = usage
        self._limits = limits
        self._rough = rough
        self._exposure = _most(limits.max_notional_exposure)
        self._account_risk = _most(limits.max_account_risk)
        self._leverage = _most(limits.max_leverage)
        self._order_worth = _most(limits.max_order_notional)
        self._collar = _most(limits.collar_share)
        self._symbols = {symbol: _most(each.max_notional) for symbol, each in limits.symbols.items()}
        self._strategies = {name: _most(each.max_notional) for name, each in limits.strategies.items()}
        self._groups = {symbol: tuple(map(_group, groups)) for symbol, groups in limits.groups_of.items()}
        self._has_more = limits.asks_more

    def is_far(self, intent: OrderIntent, quantity: Decimal, reach: Decimal, largest: Decimal, quote: Quote) -> bool:
        """Return whether an order passes every rule about amounts; quantity, reach and largest as in the view."""
        if reach > self._limits.max_position_size:
            return False
        totals = self._rough.totals_without(intent.symbol)
        if totals is None:
            return False
        others, equity = totals
        mark = (quote.bid + quote.ask) * 0.5
        size = float(largest)
        value = size * mark * UP + ROOM
        exposure = others + value
        if value > self._account_risk * equity or exposure > self._exposure or not exposure < LARGEST:
            return False
        if not self._has_more:
            return True
        worth = size * mark if quantity is largest else float(quantity) * mark
        return self._is_order_far(intent, quantity, worth, mark) and self._is_use_far(
            intent, reach, value, exposure, equity
        )

    def _is_order_far(self, intent: OrderIntent, quantity: Decimal, worth: float, mark: float) -> bool:
        most = self._limits.max_order_quantity
        if (most and quantity > most) or worth * UP + ROOM > self._order_worth:
            return False
        if self._collar == math.inf:
            return True
        price = float(intent.reference_price if intent.limit_price is None else intent.limit_price)
        return abs(price - mark) <= (self._collar - WIDENING) * mark

    def _is_strategy_far(self, strategy: str, exposure: float) -> bool:
        # Its runners count each for itself, so what they could be worth is at most long and short together.
        limit = self._limits.strategies.get(strategy)
        if limit is None:
            return True
        if limit.max_open_positions and self._usage.count_of_strategy(strategy) >= limit.max_open_positions:
            return False
        return 2.0 * exposure <= self._strategies[strategy]

    def _is_use_far(self, intent: OrderIntent, reach: Decimal, value: float, exposure: float, equity: float) -> bool:
        if self._leverage < math.inf and exposure > self._leverage * equity:
            return False
        own = self._limits.symbols.get(intent.symbol)
        if own is not None:
            most = own.max_position_size
            if (most and reach > most) or value > self._symbols[intent.symbol]:
                return False
        if self._strategies and not self._is_strategy_far(intent.strategy, exposure):
            return False
        for symbols, limit in self._groups.get(intent.symbol, ()):
            if exposure > limit and value + self._rough.worth_of(symbols, intent.symbol) > limit:
                return False
        return True


def _group(limit: GroupLimit) -> tuple[tuple[str, ...], float]:
    return limit.symbols, _most(limit.max_notional)
