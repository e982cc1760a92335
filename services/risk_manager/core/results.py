"""What a runner's closed trades brought, each as a share of what was put into it: what the Kelly fraction is made of."""

from decimal import Decimal

import msgspec

from common.messages import Fill
from common.money import ZERO, ratio

RESULTS_KEPT = 1_000
"""Closed trades remembered of a runner; the oldest goes first."""


class Results(msgspec.Struct):
    """Of one runner. brought and invested: of the trade that is open, quote units, fees deducted."""

    brought: Decimal = ZERO
    invested: Decimal = ZERO
    returns: list[Decimal] = []

    def book(self, fill: Fill, before: Decimal, after: Decimal, realised: Decimal) -> None:
        """Take in a fill by which the position went from `before` to `after`, signed base units.

        A trade that was open before anybody counted is left out.
        """
        self.brought += realised
        is_turned = bool(before) and (not after or (after > ZERO) is not (before > ZERO))
        if is_turned:
            if self.invested:
                self.returns.append(ratio(self.brought, self.invested))
                del self.returns[:-RESULTS_KEPT]
            self.brought = self.invested = ZERO
        if after and (is_turned or not before):
            self.brought = ZERO if is_turned else realised
            self.invested = abs(after) * fill.price
        elif self.invested and abs(after) > abs(before):
            self.invested += fill.quantity * fill.price
