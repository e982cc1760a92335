"""Watches P&L for the circuit breaker at every quote, exactly where it matters and cheaply elsewhere.

How it works: between two exact valuations only quotes move P&L, by net quantity times the move of the mark. That sum is
kept in float; while it says that the threshold is farther away than MARGIN of it, nobody needs the exact figure. The
float is off by parts in 1e12, so it never decides.
"""

from collections.abc import Mapping
from decimal import Decimal

from common.messages import Fill, Quote, Side
from services.risk_manager.core.breaker import Breaker
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.markets import Market
from services.risk_manager.core.valuation import Valuation

MARGIN = 0.01
"""Share of the threshold within which the exact P&L is asked for."""


class LossWatch:
    """An estimate of P&L since the last exact one. It is derived from the state alone and is not part of it."""

    __slots__ = ("_baseline", "_breaker", "_enough", "_estimate", "_limits", "_markets", "_mids", "_valuation")

    def __init__(self, limits: Limits, breaker: Breaker, markets: Mapping[str, Market], valuation: Valuation) -> None:
        self._limits = limits
        self._markets = markets
        self._breaker = breaker
        self._valuation = valuation
        self._enough = float(limits.max_loss) * (1.0 - MARGIN)
        self._estimate: float | None = None
        self._baseline = 0.0
        self._mids: dict[str, tuple[float, float]] = {}

    def pnl(self) -> Decimal:
        """Return realised plus unrealised P&L of the account, fees deducted, in its currency."""
        return self._valuation.equity() - self._limits.initial_cash

    def reset(self) -> None:
        """Close the breaker and count losses from here."""
        self._breaker.reset(self.pnl())
        self._estimate = None

    def settle(self, market: Market, fill: Fill) -> None:
        """Open the breaker if what a fill realised and paid is too much; the fill is booked already."""
        if not self._limits.breaker_enabled or self._breaker.reason:
            return
        if self._estimate is not None and market.quote is not None:
            signed = float(fill.quantity) if fill.side is Side.BUY else -float(fill.quantity)
            self._estimate += signed * (market.quote.mid - float(fill.price)) - float(fill.fee)
            self._follow(market.symbol, market.quote.mid, signed)
        self._judge()

    def see(self, market: Market, quote: Quote) -> None:
        """Open the breaker if a quote of a symbol that is held loses too much."""
        if not self._limits.breaker_enabled or self._breaker.reason:
            return
        if self._estimate is not None:
            self._follow(market.symbol, quote.mid, 0.0)
        self._judge()

    def _follow(self, symbol: str, mid: float, change: float) -> None:
        assert self._estimate is not None, "there is no estimate to follow"
        net, before = self._mids.get(symbol, (0.0, mid))
        self._estimate += net * (mid - before)
        self._mids[symbol] = (net + change, mid)

    def _judge(self) -> None:
        if self._estimate is not None and self._baseline - self._estimate < self._enough:
            return
        pnl = self.pnl()
        self._breaker.watch(pnl, self._limits.max_loss)
        self._begin_estimate(float(pnl))

    def _begin_estimate(self, pnl: float) -> None:
        self._estimate = None
        if self._valuation.is_multi_currency:
            return  # exchange rates move P&L too: ask for the exact figure every time
        self._mids.clear()
        for market in self._markets.values():
            if market.open_positions:
                if market.quote is None:
                    return
                net = sum(float(position.quantity) for position in market.positions.values())
                self._mids[market.symbol] = (net, market.quote.mid)
        self._estimate = pnl
        self._baseline = float(self._breaker.baseline)
