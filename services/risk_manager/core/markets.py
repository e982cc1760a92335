"""What risk knows of each symbol: the last quote, the market's state, and who holds what."""

import msgspec

from common.messages import MarketState, Quote
from services.risk_manager.core.positions import Position
from services.risk_manager.core.volatility import Volatility


class Market(msgspec.Struct):
    """A symbol. quote_ns: when the quote was received, None when it may no longer be trusted; open_positions: runners.

    volatility: None while no sizing model wants it.
    """

    symbol: str
    quote: Quote | None = None
    quote_ns: int | None = None
    state: MarketState | None = None
    positions: dict[str, Position] = {}
    open_positions: int = 0
    volatility: Volatility | None = None

    def position(self, runner: str, strategy: str) -> Position:
        """Return a runner's position, a flat one the first time."""
        position = self.positions.get(runner)
        if position is None:
            position = Position(runner=runner, strategy=strategy, symbol=self.symbol)
            self.positions[runner] = position
        return position


def market_of(markets: dict[str, Market], symbol: str) -> Market:
    """Return the market of a symbol, an empty one the first time."""
    market = markets.get(symbol)
    if market is None:
        market = markets[symbol] = Market(symbol)
    return market
