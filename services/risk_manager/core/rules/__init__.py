"""The rules: one file per reason, and the order in which they are asked. The first refusal wins.

What lies in this folder is what exists: each file is named by its `RejectReason` and has a `CODE`, which never changes,
and one function `check(intent, view) -> Refusal | None`; a rule that costs nothing where the configuration has no use
for it has `is_configured(limits) -> bool`, too. A new rule is a member, a file, a line here and a table test.
"""

from collections.abc import Callable
from types import ModuleType

from common.messages import OrderIntent, RejectReason
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.refusal import Refusal
from services.risk_manager.core.rules import (
    breaker_open,
    closed_market,
    correlation_group,
    daily_loss,
    drawdown,
    duplicate,
    invalid_price,
    invalid_quantity,
    kill_switch,
    leverage,
    not_ready,
    nothing_to_reduce,
    notional,
    open_positions,
    order_rate,
    order_size,
    order_terms,
    position_size,
    price_collar,
    reducing,
    stale_market,
    strategy_limit,
    symbol_limit,
)
from services.risk_manager.core.view import View

type Rule = Callable[[OrderIntent, View], Refusal | None]
type Rules = tuple[tuple[RejectReason, Rule], ...]

_LATCHED = (kill_switch, not_ready, breaker_open, drawdown, daily_loss, reducing)
_ENTRY = (
    duplicate,
    *_LATCHED,
    closed_market,
    stale_market,
    invalid_price,
    invalid_quantity,
    order_terms,
    order_size,
    price_collar,
    order_rate,
    open_positions,
    position_size,
    symbol_limit,
    strategy_limit,
    correlation_group,
    notional,
    leverage,
)
_EXIT = (duplicate, invalid_price, invalid_quantity, order_terms, nothing_to_reduce)


def reason_of(module: ModuleType) -> RejectReason:
    """Return the reason that a rule's file is named by."""
    return RejectReason(module.__name__.rpartition(".")[2])


def _rules(modules: tuple[ModuleType, ...]) -> Rules:
    return tuple((reason_of(module), module.check) for module in modules)


ENTRY_RULES: Rules = _rules(_ENTRY)
"""What an entry must pass, cheapest and gravest first."""

EXIT_RULES: Rules = _rules(_EXIT)
"""What an exit must pass: whoever reduces is never held up by a limit."""

MODULES = {reason_of(module): module for module in (*_ENTRY, *_EXIT)}
"""Each rule's file."""

CODES: dict[RejectReason, int] = {reason: module.CODE for reason, module in MODULES.items()}
"""The stable number of each reason."""

LATCHED = frozenset(map(reason_of, _LATCHED))
"""Reasons that stand in the way of every entry while trading is not ACTIVE, and of none while it is."""

BY_TOTALS = frozenset(
    map(reason_of, (position_size, symbol_limit, strategy_limit, correlation_group, notional, leverage))
)
"""Reasons that depend on what much together is worth."""

BY_AMOUNTS = BY_TOTALS | frozenset(map(reason_of, (order_size, price_collar)))
"""Reasons that depend on amounts: all pass while each is far from its limit (`far.py`)."""

_UNUSED = set(RejectReason) - set(MODULES)
assert not _UNUSED, f"reasons that no rule gives: {sorted(_UNUSED)}"
assert len(set(CODES.values())) == len(CODES), f"codes: expected each once, found {sorted(CODES.values())}"


def entry_rules(limits: Limits, *, latched: bool) -> Rules:
    """Return what an entry must pass under these limits; latched: with the rules that only matter when not ACTIVE."""
    return tuple(
        (reason, check)
        for reason, check in ENTRY_RULES
        if (latched or reason not in LATCHED) and is_configured(reason, limits)
    )


def is_configured(reason: RejectReason, limits: Limits) -> bool:
    """Return whether a rule has something to hold against an intent under these limits."""
    asked: Callable[[Limits], bool] | None = getattr(MODULES[reason], "is_configured", None)
    return asked is None or asked(limits)


def first_refusal(rules: Rules, intent: OrderIntent, view: View) -> tuple[RejectReason, Refusal] | None:
    """Return the first refusal with its reason, or None when the intent passes."""
    for reason, check in rules:
        refusal = check(intent, view)
        if refusal is not None:
            return reason, refusal
    return None
