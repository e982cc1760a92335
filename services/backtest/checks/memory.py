"""Does a strategy carry a memory of its data: a list of dates on which to buy, or of prices?

How it works: a history that begins decades later, with the same weekdays and hours, is as good as the one there is. Two
shifts are tried, because each keeps something that an honest strategy may go by: one keeps the calendar (weekday, day,
month, leap year), one every cycle of up to 12 days. Only who decides differently after both is bound to dates. Prices
that are a hair higher change nothing for who compares, and everything for who waits for a certain price to the digit.
"""

from services.backtest.checks.futures import scaled, shifted
from services.backtest.checks.model import Finding, Kind
from services.backtest.checks.observing import Observed, line_of, observe
from services.backtest.plan import Plan
from services.signal.core.host import FUNCTION_NAMES, Function

_NS_PER_DAY = 86_400_000_000_000
SHIFTS_DAYS = (20_454, 27_720)
"""56 years, after which the calendar is the same (until the year 2100); and the least common multiple of 1 to 12."""
HAIR = 1.00001
"""What prices are multiplied with: far less than any move, far more than the last digit."""
ENTRIES_MIN = 3
"""Entries below which their number says nothing."""


def memory(plan: Plan, full: Observed) -> tuple[list[Finding], int]:
    """Return what decisions are bound to, and how many runs it took."""
    changed = [_first_change(full, _shifted(plan, days)) for days in SHIFTS_DAYS]
    found: list[Finding] = []
    if all(number is not None for number in changed):
        number = min(number for number in changed if number is not None)
        how = f"all times {SHIFTS_DAYS[0]} and {SHIFTS_DAYS[1]} days later"
        expected = "the same at any date"
        found.append(_finding(plan, full, number, (Kind.DATES, expected, full.asked[number].gist, how)))
    entries, after = _entries(full), _entries(observe(plan, lambda table: scaled(table, HAIR)))
    if len(entries) >= ENTRIES_MIN and 2 * len(after) < len(entries):
        expected, had = f"about {len(entries)} entries", f"{len(after)} entries"
        how = f"all prices times {HAIR:g}"
        found.append(_finding(plan, full, entries[0], (Kind.PRICES, expected, had, how)))
    return found, len(SHIFTS_DAYS) + 1


def _shifted(plan: Plan, days: int) -> Observed:
    return observe(plan, lambda table: shifted(table, days * _NS_PER_DAY))


def _first_change(full: Observed, other: Observed) -> int | None:
    """Return the first question that was answered otherwise, numbers aside; None if none was."""
    for number, (one, another) in enumerate(zip(full.asked, other.asked, strict=False)):
        if one.function != another.function or one.gist != another.gist:
            return number
    count, others = len(full.asked), len(other.asked)
    return None if count == others else min(count - 1, others)


def _entries(observed: Observed) -> list[int]:
    return [
        number
        for number, asked in enumerate(observed.asked)
        if asked.gist in {"enter_long", "enter_short"} or (asked.gist == "oco" and asked.function is Function.FILTER)
    ]


def _finding(plan: Plan, full: Observed, number: int, texts: tuple[Kind, str, str, str]) -> Finding:
    kind, expected, found, how = texts
    row = full.rows()[number]
    subject = FUNCTION_NAMES[full.asked[number].function]
    return Finding(
        kind=kind,
        subject=subject,
        line=line_of(plan, subject),
        bar=row,
        time_ns=int(full.table.end_ns[row]),
        expected=expected,
        found=found,
        how=how,
    )
