"""Protective levels of a position: static stop and target, and a trailing stop, judged on every quote.

A long position is judged on the bid and a short one on the ask: the prices it could be closed at. Levels are kept as
the Decimal that was asked for and as the float nearest to it, which is what a quote's float must be compared with.
"""

from decimal import Decimal

import msgspec

from common.instruments import Instrument
from common.messages import Guards, Quote


class Protection(msgspec.Struct, gc=False):
    """Levels of one position, None where there is none.

    is_default: the stop comes from risk.stop_loss_percent and follows the average price. best: best price since the
    position was opened, 0 before. working: id of the protective order on its way. count: protective orders made so
    far. not_before_ns: after a rejection, when to try again. opened_ns: when the position was opened, 0 where no time stop
    wants to know. is_at_breakeven: the stop has been moved to the entry price already. is_held_back: it is to be closed as
    soon as the exits that rest are off. guards: what the entry asked for
    beside stop and target; trail_share and trail in the form a quote is compared with, 0 for none.
    """

    stop: Decimal | None = None
    target: Decimal | None = None
    stop_at: float | None = None
    target_at: float | None = None
    is_default: bool = False
    best: float = 0.0
    working: str = ""
    count: int = 0
    not_before_ns: int = 0
    opened_ns: int = 0
    is_at_breakeven: bool = False
    is_held_back: bool = False
    guards: Guards | None = None
    trail_share: float = 0.0
    trail: float = 0.0
    breakeven_at: float = 0.0

    def guard(self, guards: Guards) -> None:
        """Watch what an entry asked for; the latest entry of a position says it."""
        self.guards = guards
        self.trail_share = float(guards.trail_share or 0)
        self.trail = float(guards.trail or 0)
        self.breakeven_at = float(guards.breakeven_at or 0)

    def set_stop(self, price: Decimal | None, *, is_default: bool = False) -> None:
        """Put the stop at a price, or take it away."""
        self.stop = price
        self.stop_at = None if price is None else float(price)
        self.is_default = is_default

    def set_target(self, price: Decimal | None) -> None:
        """Put the target at a price, or take it away."""
        self.target = price
        self.target_at = None if price is None else float(price)

    def disarm(self) -> None:
        """Forget all levels: the position they protected is gone."""
        self.stop = self.target = self.stop_at = self.target_at = None
        self.is_default = self.is_at_breakeven = self.is_held_back = False
        self.best = self.trail_share = self.trail = self.breakeven_at = 0.0
        self.guards = None
        self.opened_ns = 0

    def widens(self, price: Decimal, *, is_long: bool) -> bool:
        """Return whether a stop at this price would be farther from the market than the one there is."""
        if self.stop is None:
            return False
        return price < self.stop if is_long else price > self.stop

    def reaches_breakeven(self, price: float, entry: float, share: float, *, is_long: bool) -> bool:
        """Return whether the gain is large enough, for the first time, to move the stop to the entry price."""
        if self.is_at_breakeven:
            return False
        if self.breakeven_at and (price >= self.breakeven_at if is_long else price <= self.breakeven_at):
            return True
        if not share:
            return False
        return price >= entry * (1.0 + share) if is_long else price <= entry * (1.0 - share)

    def trailing_stop(self, trailing_share: float, *, is_long: bool) -> float | None:
        """Return the nearest of the trailing stops; None where there is none, or nothing was held yet."""
        if not self.best:
            return None
        share = trailing_share
        if self.trail_share and (not share or self.trail_share < share):
            share = self.trail_share
        away = self.best * share
        if self.trail and (not share or self.trail < away):
            away = self.trail
        elif not share:
            return None
        elif not self.trail:  # written so, a stop by shares alone is the same to the last bit as it always was
            return self.best * (1.0 - share if is_long else 1.0 + share)
        return self.best - away if is_long else self.best + away

    def is_hit(self, quote: Quote, trailing_share: float, *, is_long: bool) -> bool:
        """Return whether the position must be closed at this quote; moves the trailing stop along."""
        if is_long:
            return self._is_long_hit(quote.bid, trailing_share)
        return self._is_short_hit(quote.ask, trailing_share)

    def _is_long_hit(self, price: float, trailing_share: float) -> bool:
        if (self.stop_at is not None and price <= self.stop_at) or (
            self.target_at is not None and price >= self.target_at
        ):
            return True
        if (trailing_share or self.guards is not None) and self.best:
            self.best = max(self.best, price)
            trailing = self.trailing_stop(trailing_share, is_long=True)
            return trailing is not None and price <= trailing
        return False

    def _is_short_hit(self, price: float, trailing_share: float) -> bool:
        if (self.stop_at is not None and price >= self.stop_at) or (
            self.target_at is not None and price <= self.target_at
        ):
            return True
        if (trailing_share or self.guards is not None) and self.best:
            self.best = min(self.best, price)
            trailing = self.trailing_stop(trailing_share, is_long=False)
            return trailing is not None and price >= trailing
        return False

    def tightest_stop(self, trailing_share: float, instrument: Instrument, *, is_long: bool) -> Decimal | None:
        """Return the stop nearest to the market, static or trailing, on the tick."""
        found = self.trailing_stop(trailing_share, is_long=is_long)
        if found is None:
            return self.stop
        trailing = instrument.price(found)
        if self.stop is None:
            return trailing
        return max(self.stop, trailing) if is_long else min(self.stop, trailing)
