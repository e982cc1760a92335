"""What simulated venues say of their accounts, and which of their orders end by time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from common.instruments import Instruments
from common.money import ZERO, figure, use_money_context
from services.execution.core.till import Account

type Expiring = Mapping[str, tuple[int, str]]
"""Orders that end by time, with when, nanoseconds UTC, and in which symbol."""


def holdings(accounts: Mapping[str, Account]) -> dict[str, Decimal]:
    """Return the net holding per symbol that was traded, base units, negative when short."""
    return {symbol: account.holding for symbol, account in accounts.items() if account.has_traded}


def summary(accounts: Mapping[str, Account], instruments: Instruments) -> dict[str, Any]:
    """Return holdings by symbol, and slippage and fees paid so far by currency, for people."""
    use_money_context()
    slippage: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    for symbol, account in accounts.items():
        currency = instruments[symbol].quote
        slippage[currency] = slippage.get(currency, ZERO) + account.slippage
        fees[currency] = fees.get(currency, ZERO) + account.fees
    return {
        "holdings": {symbol: figure(quantity) for symbol, quantity in holdings(accounts).items()},
        "slippage_paid": {currency: figure(paid) for currency, paid in slippage.items()},
        "fees_paid": {currency: figure(paid) for currency, paid in fees.items()},
    }


def first_expiry_ns(expiring: Expiring) -> int | None:
    """Return when the first order ends by time; None where none does."""
    return min(expires_ns for expires_ns, _ in expiring.values()) if expiring else None


def expired(expiring: Expiring, now_ns: int) -> Sequence[tuple[str, str]]:
    """Return (order, symbol) of those whose time has come, the earliest first, equal ones in the order they came."""
    due = [
        (expires_ns, order_id, symbol) for order_id, (expires_ns, symbol) in expiring.items() if expires_ns <= now_ns
    ]
    return [(order_id, symbol) for _, order_id, symbol in sorted(due, key=lambda each: each[0])]
