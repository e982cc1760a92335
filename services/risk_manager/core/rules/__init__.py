"""The rules: one file per reason, and the order in which they are asked. The first refusal wins.

What lies in this folder is what exists: each file is named by its `RejectReason` and has one function
`check(intent, view) -> Refusal | None`. A new rule is a member, a file, a line here and a table test.
"""

from collections.abc import Callable

from common.messages import OrderIntent, RejectReason
from services.risk_manager.core.rules import (
    breaker_open,
    duplicate,
    invalid_price,
    invalid_quantity,
    nothing_to_reduce,
    notional,
    open_positions,
    position_size,
    stale_market,
)
from services.risk_manager.core.view import Refusal, View

type Rule = Callable[[OrderIntent, View], Refusal | None]
type Rules = tuple[tuple[RejectReason, Rule], ...]

ENTRY_RULES: Rules = (
    (RejectReason.DUPLICATE, duplicate.check),
    (RejectReason.BREAKER_OPEN, breaker_open.check),
    (RejectReason.STALE_MARKET, stale_market.check),
    (RejectReason.INVALID_PRICE, invalid_price.check),
    (RejectReason.INVALID_QUANTITY, invalid_quantity.check),
    (RejectReason.OPEN_POSITIONS, open_positions.check),
    (RejectReason.POSITION_SIZE, position_size.check),
    (RejectReason.NOTIONAL, notional.check),
)
"""What an entry must pass, cheapest and gravest first."""

EXIT_RULES: Rules = (
    (RejectReason.DUPLICATE, duplicate.check),
    (RejectReason.INVALID_PRICE, invalid_price.check),
    (RejectReason.INVALID_QUANTITY, invalid_quantity.check),
    (RejectReason.NOTHING_TO_REDUCE, nothing_to_reduce.check),
)
"""What an exit must pass: whoever reduces is never held up by a limit."""

BY_TOTALS = frozenset({RejectReason.POSITION_SIZE, RejectReason.NOTIONAL})
"""Reasons that depend on what everything together is worth."""

_UNUSED = set(RejectReason) - {reason for reason, _ in ENTRY_RULES + EXIT_RULES}
assert not _UNUSED, f"reasons that no rule gives: {sorted(_UNUSED)}"


def first_refusal(rules: Rules, intent: OrderIntent, view: View) -> tuple[RejectReason, Refusal] | None:
    """Return the first refusal with its reason, or None when the intent passes."""
    for reason, check in rules:
        refusal = check(intent, view)
        if refusal is not None:
            return reason, refusal
    return None
