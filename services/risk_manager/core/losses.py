"""Watches P&L for the breaker, the drawdown and the day's loss at every quote, exactly where it matters, else cheaply.

How it works: between two exact valuations P&L is followed in float, quote by quote and fill by fill. While that says
that every threshold is farther away than MARGIN of it, and that no new peak is near, nobody needs the exact figure. The
float is off by parts in 1e12, so it never decides.
"""

import math
from decimal import Decimal

import msgspec

from common.messages import Fill, RejectReason, Side
from common.money import HUNDRED, ZERO, figure, ratio
from services.risk_manager.core.breaker import Breaker
from services.risk_manager.core.hours import DAY_NS
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.markets import Market
from services.risk_manager.core.rough import Rough
from services.risk_manager.core.trading import Trading
from services.risk_manager.core.valuation import Valuation

MARGIN = 0.01
"""Share of a threshold within which the exact P&L is asked for."""
PEAK_MARGIN = 1e-7
"""Share of the peak within which the exact P&L is asked for: far more than the float can be off."""


class AccountLines(msgspec.Struct):
    """P&L from which losses are counted. peak: the highest so far; day: UTC, days since 1970, -1 before the first."""

    peak: Decimal = ZERO
    day: int = -1
    day_start: Decimal = ZERO


class Watched(msgspec.Struct, frozen=True):
    """The parts of the state that a loss may change."""

    breaker: Breaker
    trading: Trading
    lines: AccountLines


class LossWatch:
    """An estimate of P&L since the last exact one, None without. It is derived and no part of the state.

    is_on: anything counts losses. Between floor and ceiling the estimate is enough.
    """

    __slots__ = ("_ceiling", "_estimate", "_floor", "_limits", "_rough", "_valuation", "_watched", "is_on")

    def __init__(self, limits: Limits, watched: Watched, valuation: Valuation, rough: Rough) -> None:
        self._limits = limits
        self._watched = watched
        self._valuation = valuation
        self._rough = rough
        self._estimate: float | None = None
        self._floor, self._ceiling = -math.inf, math.inf
        self.is_on = bool(limits.breaker_enabled or limits.drawdown_share or limits.max_daily_loss)

    def pnl(self) -> Decimal:
        """Return realised plus unrealised P&L of the account, fees deducted, in its currency."""
        return self._valuation.equity() - self._limits.initial_cash

    def reset_breaker(self) -> None:
        """Close the breaker and count losses from here."""
        self._watched.breaker.reset(self.pnl())
        self._estimate = None

    def arm(self) -> None:
        """Count drawdown and the day's loss from here: what is lost already would stand in the way again at once."""
        lines, pnl = self._watched.lines, Decimal(figure(self.pnl()))
        lines.peak = lines.day_start = pnl
        self._estimate = None

    def count_drawdown_from_here(self) -> None:
        """Take what the account is worth now for its peak."""
        self._watched.lines.peak = Decimal(figure(self.pnl()))

    def count_day_from_here(self, now_ns: int) -> None:
        """Count the loss of the UTC day that it is from now on."""
        lines = self._watched.lines
        lines.day, lines.day_start = now_ns // DAY_NS, Decimal(figure(self.pnl()))

    def roll(self, now_ns: int) -> None:
        """Begin the day's loss anew where a new UTC day began; the first day begins at the beginning."""
        lines, day = self._watched.lines, now_ns // DAY_NS
        if day == lines.day:
            return
        if lines.day >= 0:
            lines.day_start = Decimal(figure(self.pnl()))
        lines.day = day
        self._watched.trading.lift(RejectReason.DAILY_LOSS)
        self._estimate = None

    def settle(self, market: Market, fill: Fill) -> None:
        """Judge what a fill realised and paid; the fill is booked already."""
        self._rough.refresh(market)
        if self._estimate is not None and market.quote is not None and self._rough.is_usable():
            signed = float(fill.quantity) if fill.side is Side.BUY else -float(fill.quantity)
            self._estimate += signed * (market.quote.mid - float(fill.price)) - float(fill.fee)
        else:
            self._estimate = None
        self._judge()

    def see(self, added: float) -> None:
        """Judge a quote, which added this to equity."""
        if self._estimate is not None:
            self._estimate += added
        self._judge()

    def _judge(self) -> None:
        estimate = self._estimate
        if estimate is not None and self._floor < estimate < self._ceiling:
            return
        limits, breaker = self._limits, self._watched.breaker
        pnl = self.pnl()
        self._floor, self._ceiling = -math.inf, math.inf
        if limits.breaker_enabled and not breaker.reason:
            breaker.watch(pnl, limits.max_loss)
            self._keep_above(breaker.baseline, limits.max_loss)
        if limits.max_daily_loss:
            self._judge_day(pnl)
        if limits.drawdown_share:
            self._judge_drawdown(pnl)
        self._estimate = float(pnl) if self._rough.is_usable() else None

    def _judge_day(self, pnl: Decimal) -> None:
        limit, lines = self._limits.max_daily_loss, self._watched.lines
        loss = lines.day_start - pnl
        if loss >= limit:
            detail = f"lost {figure(loss)} {self._limits.account_currency} today, {figure(limit)} are allowed"
            self._watched.trading.latch(RejectReason.DAILY_LOSS, figure(limit), figure(loss), detail)
        else:
            self._keep_above(lines.day_start, limit)

    def _judge_drawdown(self, pnl: Decimal) -> None:
        lines, share = self._watched.lines, self._limits.drawdown_share
        if pnl > lines.peak:
            lines.peak = Decimal(figure(pnl))
        peak = lines.peak + self._limits.initial_cash
        fall = lines.peak - pnl
        if fall >= share * peak:
            limit = f"{figure(share * HUNDRED)} %"
            found = f"{figure(ratio(fall * HUNDRED, peak))} %" if peak else figure(fall)
            detail = f"the equity fell {found} from its peak {figure(peak)}, {limit} are allowed"
            self._watched.trading.latch(RejectReason.DRAWDOWN, limit, found, detail)
        else:
            self._keep_above(lines.peak, share * peak)
        self._ceiling = float(lines.peak) - float(peak) * PEAK_MARGIN

    def _keep_above(self, start: Decimal, loss: Decimal) -> None:
        self._floor = max(self._floor, float(start) - float(loss) * (1.0 - MARGIN))
