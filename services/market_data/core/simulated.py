"""The simulated source: seeded random walks that look like a market, made on a grid of times."""

from collections.abc import Sequence
from math import ceil, floor
from typing import Any

from common.config.models import MarketDataSection, SimulatedSection
from common.messages import AnyMessage, MarketState, Quote, Side, Trade
from services.market_data.core.desk import NEVER, Board, Desk
from services.market_data.core.inputs import CoreInput, CoreOutput
from services.market_data.core.walk import Walk, key_of

CATCH_UP_NS = 1_000_000_000
"""Ticks older than this are not made up for after a pause: the walk takes them silently, and they are counted."""
MAX_ROUNDS = 1_000
"""Ticks per symbol emitted in one call; the rest is due at once in the next."""
MAX_SILENT_ROUNDS = 20_000
"""Ticks per symbol taken silently in one call."""

_FEWEST_DECIMALS, _MOST_DECIMALS = 2, 8
_SIGNIFICANT_DIGITS = 5
_SIZE_DECIMALS = 1_000


def decimals_of(price: float) -> int:
    """Return the decimals that show a price with five digits: 2 for 100 and above, up to 8 for tiny ones."""
    decimals = _FEWEST_DECIMALS
    while decimals < _MOST_DECIMALS and price * 10**decimals < 10 ** (_SIGNIFICANT_DIGITS - 1):
        decimals += 1
    return decimals


class SymbolSimulation:
    """The ticks of one symbol: each a quote around the walk's price and a trade at one of its sides.

    Tick k has the same prices, sizes and side for the same seed and symbol, whatever else is simulated.
    """

    __slots__ = ("_half_spread", "_scale", "_symbol", "_walk")

    def __init__(self, symbol: str, config: SimulatedSection) -> None:
        first = config.initial_prices.get(symbol, config.initial_price)
        self._symbol = symbol
        self._walk = Walk(key_of(config.seed, symbol), first, config.volatility)
        self._half_spread = config.spread / 2.0
        self._scale = 10 ** decimals_of(first)

    def skip(self) -> None:
        """Take the next tick without a trace."""
        self._walk.step()

    def tick(self, number: int, event_ns: int, received_ns: int) -> tuple[Quote, Trade]:
        """Return the next tick as the venue's update and trade `number`, made at event_ns."""
        mid, bits = self._walk.step()
        bid_ticks = max(1, floor(mid * (1.0 - self._half_spread) * self._scale))
        ask_ticks = max(bid_ticks + 1, ceil(mid * (1.0 + self._half_spread) * self._scale))
        bid, ask = bid_ticks / self._scale, ask_ticks / self._scale
        side = Side.BUY if bits & 1 else Side.SELL
        quote = Quote(
            symbol=self._symbol,
            bid=bid,
            bid_size=_size(bits >> 1),
            ask=ask,
            ask_size=_size(bits >> 17),
            update_id=number,
            event_ns=event_ns,
            received_ns=received_ns,
        )
        trade = Trade(
            symbol=self._symbol,
            price=ask if side is Side.BUY else bid,
            size=_size(bits >> 33),
            side=side,
            trade_id=number,
            first_trade_id=number,
            event_ns=event_ns,
            received_ns=received_ns,
        )
        return quote, trade


def _size(bits: int) -> float:
    """Return a size between 0.001 and 10 base units."""
    return (bits % (10 * _SIZE_DECIMALS) + 1) / _SIZE_DECIMALS


class SimulatedFeed:
    """The ticks of all symbols, on a grid of whole multiples of the tick interval from start_ns on."""

    def __init__(self, config: SimulatedSection, symbols: Sequence[str], start_ns: int) -> None:
        self._interval_ns = max(1, round(1e9 / config.tick_rate))
        self._number = -(-start_ns // self._interval_ns)
        self._last_number = self._number + config.max_ticks - 1 if config.max_ticks else NEVER
        self._symbols = [SymbolSimulation(symbol, config) for symbol in symbols]
        self.skipped = 0

    def next_ns(self) -> int:
        """Return the time of the next tick, NEVER after the last."""
        return self._number * self._interval_ns if self._number <= self._last_number else NEVER

    def ticks(self, now_ns: int) -> list[tuple[Quote, Trade]]:
        """Return what happened by now_ns, a bounded number of ticks; in time order, symbols in theirs."""
        ticks: list[tuple[Quote, Trade]] = []
        if not self._caught_up(now_ns):
            return ticks
        for _ in range(MAX_ROUNDS):
            event_ns = self.next_ns()
            if event_ns > now_ns:
                break
            ticks += [symbol.tick(self._number, event_ns, now_ns) for symbol in self._symbols]
            self._number += 1
        return ticks

    def _caught_up(self, now_ns: int) -> bool:
        """Skip what is too old, a bounded number of ticks; return whether nothing too old is left."""
        for _ in range(MAX_SILENT_ROUNDS):
            if self.next_ns() >= now_ns - CATCH_UP_NS:
                return True
            for symbol in self._symbols:
                symbol.skip()
            self._number += 1
            self.skipped += 1
        return False


class SimulatedCore:
    """A `FeedCore` that needs no source: its ticks come with its deadlines."""

    def __init__(
        self, config: MarketDataSection, simulated: SimulatedSection, symbols: Sequence[str], start_ns: int
    ) -> None:
        """Simulate `symbols` from start_ns on; a restarted feed that passes the same start is on the same path again."""
        self._board = Board([Desk(symbol, config) for symbol in symbols])
        self._feed = SimulatedFeed(simulated, symbols, start_ns)

    def handle(self, _given: CoreInput, _now_ns: int) -> Sequence[CoreOutput]:
        """Ignore it: nothing from outside moves a simulation."""
        return ()

    def next_deadline_ns(self) -> int | None:
        """Return when the next tick, bar or staleness is due."""
        deadline_ns = min(self._board.next_deadline_ns(), self._feed.next_ns())
        return None if deadline_ns == NEVER else deadline_ns

    def on_deadline(self, now_ns: int) -> Sequence[CoreOutput]:
        """Make the ticks that are due, and what follows from them."""
        messages: list[AnyMessage] = []
        skipped = self._feed.skipped
        ticks = self._feed.ticks(now_ns)
        if self._feed.skipped > skipped:
            self._interrupt()
        for quote, trade in ticks:
            desk = self._board.desks[quote.symbol]
            desk.quality.heard(now_ns)
            desk.quality.latency(quote.event_ns, now_ns)
            messages += desk.turn(MarketState.LIVE, "simulated", now_ns)
            if desk.tape.take(trade.first_trade_id, trade.trade_id, trade.event_ns):
                messages += desk.publish_quote(quote)
                messages += desk.publish_trade(trade, trade.event_ns)
            self._board.touched(desk)
        messages += self._board.on_deadline(now_ns)
        return messages

    def _interrupt(self) -> None:
        for desk in self._board.desks.values():
            desk.interrupted()

    def topic_snapshot(self, _topic: str) -> AnyMessage | None:
        """Return None: a simulation has no books."""
        return None

    def require_bars(self, symbol: str, timeframe: str) -> None:
        """Build bars of this length from now on; ValueError says what is wrong with the wish."""
        self._board.require_bars(symbol, timeframe)

    def status(self) -> dict[str, Any]:
        """Return totals and each symbol's summary."""
        return {**self._board.status(), "skipped_ticks": self._feed.skipped}
