"""Watches P&L for the circuit breaker at every quote, exactly where it matters and cheaply elsewhere.

How it works: between two exact valuations P&L is followed in float, quote by quote and fill by fill. While that says
that the threshold is farther away than MARGIN of it, nobody needs the exact figure. The float is off by parts in 1e12,
so it never decides.
"""

from decimal import Decimal

from common.messages import Fill, Side
from services.risk_manager.core.breaker import Breaker
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.markets import Market
from services.risk_manager.core.rough import Rough
from services.risk_manager.core.valuation import Valuation

MARGIN = 0.01
"""Share of the threshold within which the exact P&L is asked for."""


class LossWatch:
    """An estimate of P&L since the last exact one, None without. It is derived and no part of the state."""

    __slots__ = ("_baseline", "_breaker", "_enough", "_estimate", "_limits", "_rough", "_valuation")

    def __init__(self, limits: Limits, breaker: Breaker, valuation: Valuation, rough: Rough) -> None:
        self._limits = limits
        self._breaker = breaker
        self._valuation = valuation
        self._rough = rough
        self._enough = float(limits.max_loss) * (1.0 - MARGIN)
        self._estimate: float | None = None
        self._baseline = 0.0

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
        self._rough.refresh(market)
        if self._estimate is not None and market.quote is not None and self._rough.is_usable():
            signed = float(fill.quantity) if fill.side is Side.BUY else -float(fill.quantity)
            self._estimate += signed * (market.quote.mid - float(fill.price)) - float(fill.fee)
        else:
            self._estimate = None
        self._judge()

    def see(self, added: float) -> None:
        """Open the breaker if a quote, which added this to equity, loses too much."""
        if not self._limits.breaker_enabled or self._breaker.reason:
            return
        if self._estimate is not None:
            self._estimate += added
        self._judge()

    def _judge(self) -> None:
        if self._estimate is not None and self._baseline - self._estimate < self._enough:
            return
        pnl = self.pnl()
        self._breaker.watch(pnl, self._limits.max_loss)
        self._baseline = float(self._breaker.baseline)
        self._estimate = float(pnl) if self._rough.is_usable() else None
