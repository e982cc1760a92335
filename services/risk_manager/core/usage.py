"""What strategies and groups of symbols use of their limits: sums over what is open, kept by strategy and symbol."""

from collections.abc import Mapping
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
        others_open = len(mine) - own.is_open
        if not limit.max_notional:
            return StrategyUse(limit, ZERO, ZERO, others_open)
        others = ZERO
        for position in mine.values():
            if position is not own:
                others += _reach(position) * self._price(position.symbol)
        price, net = self._price(own.symbol), own.quantity
        long, short = net + own.buying, own.selling - net
        used = others + max(long, short, ZERO) * price
        if intent.side is Side.BUY:
            long += quantity
        else:
            short += quantity
        return StrategyUse(limit, used, others + max(long, short, ZERO) * price, others_open)

    def of_groups(self, symbol: str, used_value: Decimal, found_value: Decimal) -> tuple[GroupUse, ...]:
        """Return what the groups of a symbol could be worth; the symbol itself is worth what is given."""
        found = []
        for group in self._limits.groups_of.get(symbol, ()):
            others = ZERO
            for other in group.symbols:
                if other != symbol:
                    others += self._symbol_worth(other)
            found.append(GroupUse(group, others + used_value, others + found_value))
        return tuple(found)

    def count_of_strategy(self, name: str) -> int:
        """Return how many runners of a strategy with limits hold or enter something."""
        return len(self._open[name])

    def now_of_strategy(self, name: str) -> tuple[Decimal, int]:
        """Return what the runners of a strategy with limits could be worth, and how many hold or enter something."""
        mine = self._open[name]
        return sum((_reach(each) * self._price(each.symbol) for each in mine.values()), ZERO), len(mine)

    def now_of_symbols(self, symbols: tuple[str, ...]) -> Decimal:
        """Return what symbols together could be worth."""
        return sum((self._symbol_worth(symbol) for symbol in dict.fromkeys(symbols)), ZERO)

    def _symbol_worth(self, symbol: str) -> Decimal:
        market = self._markets.get(symbol)
        if market is None or not market.open_positions:
            return ZERO
        return self._reaches[symbol].largest * self._price(symbol)

    def _price(self, symbol: str) -> Decimal:
        mark, currency = self._valuation.mark(self._markets[symbol]), self._instruments[symbol].quote
        return mark if currency == self._limits.account_currency else mark * self._valuation.rate(currency)


def _reach(position: Position) -> Decimal:
    net = position.quantity
    return max(net + position.buying, position.selling - net)
