"""What a check says: findings, each with the first bar at which it shows, and figures for people."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What is wrong."""

    VALUE = "value"
    """An indicator's value at a bar depends on bars behind it."""
    DECISION = "decision"
    """An answer of the strategy depends on bars behind it."""
    ACCOUNT = "account"
    """The account at a bar depends on bars behind it."""
    FAILURE = "failure"
    """Something fails where the future is not there."""
    DATES = "dates"
    """Decisions are bound to certain dates."""
    PRICES = "prices"
    """Decisions are bound to certain prices, to the digit."""
    COLD = "cold"
    """An indicator has no value yet after the declared warm-up."""
    UNSETTLED = "unsettled"
    """An indicator's value depends on where the data begins, long after the declared warm-up."""
    START = "start"
    """Decisions depend on where the data begins, while all indicators agree."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. bar: row of the data, from 0; time_ns: the bar's end, nanoseconds UTC.

    subject: the indicator or the function; line: where the file first names it, 0 if it does not. expected: what was found with less
    data (without the future, or with all of the past); found: what was found otherwise. how: what was changed.
    """

    kind: Kind
    subject: str
    line: int
    bar: int
    time_ns: int
    expected: str
    found: str
    how: str


class Warmth(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator's warm-up, bars. first: until its first value; needed: until it agrees to 1e-6 of its range; None: not within the data.

    difference: the largest difference at the first question, percent of its range.
    """

    indicator: str
    first: int | None
    needed: int | None
    difference: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found. runs: backtests that were needed. asked: questions put to the strategy in the full run."""

    check: str
    strategy: str
    script: str
    bars: int
    runs: int
    asked: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    declared: int = 0
    warmth: tuple[Warmth, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Return whether nothing was found."""
        return not self.findings


class CheckError(Exception):
    """A check cannot be made on this data or strategy; the text says what was expected and what was found."""
