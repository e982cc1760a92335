"""Exact arithmetic for money: one decimal context for everything that is owned or owed, one for ratios."""

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, getcontext, setcontext

PRECISION = 64
"""Digits of the money context: prices and quantities of 20 digits multiply and add up without rounding."""

RATIO_PRECISION = 20
"""Digits of a quotient. What a division leaves over stays where it was taken from, so nothing is lost."""

ZERO = Decimal(0)
ONE = Decimal(1)
BASIS_POINT = Decimal("0.0001")
PERCENT = Decimal("0.01")
HUNDRED = Decimal(100)

_TRAPS = [InvalidOperation, DivisionByZero, Overflow]
MONEY = Context(prec=PRECISION, traps=_TRAPS)
"""The context of every core that keeps money; half to even where it must round (it must not: see `exact`)."""
RATIO = Context(prec=RATIO_PRECISION, traps=_TRAPS)


def use_money_context() -> None:
    """Make this thread's Decimal arithmetic follow `MONEY`, whatever it followed before.

    A core calls it before it computes, so that its figures never depend on who drives it. It is not undone:
    setting it back would cost more than the arithmetic.
    """
    if getcontext() is not MONEY:
        setcontext(MONEY)


def begin_exact() -> None:
    """Open a stretch of sums and products that may not be rounded; `end_exact` closes it."""
    MONEY.flags[Inexact] = False


def end_exact() -> None:
    """Assert that nothing was rounded since `begin_exact`."""
    assert not MONEY.flags[Inexact], f"money was rounded: a figure has more than {PRECISION} digits"


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal:
    """Return the quotient to RATIO_PRECISION digits, half to even."""
    return RATIO.divide(numerator, denominator)


def decimal_of(value: float) -> Decimal:
    """Return the shortest decimal that is this float: 0.1 is meant, not 0.1000000000000000055."""
    return Decimal(repr(value))


def is_price(value: Decimal) -> bool:
    """Return whether a value is a positive number, and so can be a price."""
    return value.is_finite() and value > ZERO


def figure(value: Decimal) -> str:
    """Return a number as people write it: no exponent, no trailing zeros, the same for equal numbers."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
