"""What strategies and groups of symbols use of their limits: sums over what is open, kept by strategy and symbol."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from common.instruments import Instruments
from common.messages import OrderIntent, Side
from common.money import ZERO
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.markets import Market
from services.risk_manager.core.positions import Position
from services.risk_manager.core.reach import Reaches
from services.risk_manager.core.valuation import Valuation
from services.risk_manager.core.view import GroupUse, StrategyUse


class Usage:
    """It is derived from the state alone and is no part of it. Only strategies with limits are followed."""

    __slots__ = ("_instruments", "_limits", "_markets", "_open", "_reaches", "_valuation")

    def __init__(
        self,
        limits: Limits,
        markets: Mapping[str, Market],
        reaches: Reaches,
        valuation: Valuation,
        instruments: Instruments,
    ) -> None:
        self._limits = limits
        self._markets = markets
        self._reaches = reaches
        self._valuation = valuation
        self._instruments = instruments
        self._open: dict[str, dict[tuple[str, str], Position]] = {name: {} for name in limits.strategies}
        if limits.strategies:
            for market in markets.values():
                for position in market.positions.values():
                    self.note(position)

    def note(self, position: Position) -> None:
        """Take in that a position opened or closed."""
        mine = self._open.get(position.strategy)
        if mine is None:
            return
        if position.is_open:
            mine[position.symbol, position.runner] = position
        else:
            mine.pop((position.symbol, position.runner), None)

    def of_strategy(self, intent: OrderIntent, own: Position, quantity: Decimal) -> StrategyUse | None:
        """Return what the intent's strategy could be worth, None where it has no limit."""
        limit = self._limits.strategies.get(intent.strategy)
        if limit is None:
            return None
        mine = self._open[intent.strategy]
        used = _total(self._worth(position, ZERO, ZERO) for position in mine.values())
        buying, selling = (quantity, ZERO) if intent.side is Side.BUY else (ZERO, quantity)
        before = self._worth(own, ZERO, ZERO)
        return StrategyUse(limit, used, used - before + self._worth(own, buying, selling), len(mine) - own.is_open)

    def of_groups(self, symbol: str, used_value: Decimal, found_value: Decimal) -> tuple[GroupUse, ...]:
        """Return what the groups of a symbol could be worth; the symbol itself is worth what is given."""
        found = []
        for group in self._limits.groups_of.get(symbol, ()):
            others = _total(self._symbol_worth(other) for other in group.symbols if other != symbol)
            found.append(GroupUse(group, others + used_value, others + found_value))
        return tuple(found)

    def _worth(self, position: Position, buying: Decimal, selling: Decimal) -> Decimal:
        net = position.quantity
        reach = max(net + position.buying + buying, position.selling + selling - net)
        return reach * self._price(position.symbol)

    def _symbol_worth(self, symbol: str) -> Decimal:
        market = self._markets.get(symbol)
        if market is None or not market.open_positions:
            return ZERO
        return self._reaches[symbol].largest * self._price(symbol)

    def _price(self, symbol: str) -> Decimal:
        mark, currency = self._valuation.mark(self._markets[symbol]), self._instruments[symbol].quote
        return mark if currency == self._limits.account_currency else mark * self._valuation.rate(currency)


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
