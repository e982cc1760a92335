"""Where two runs differ, as far as both should be the same: the first value and the first answer of each kind."""

from collections.abc import Iterator
from math import isclose
from typing import Any, NamedTuple

from services.backtest.checks.model import Kind
from services.backtest.checks.observing import Asked, Observed, shown
from services.signal.core.host import FUNCTION_NAMES, MarketView

TOLERANCE = 1e-9
"""Differences up to this part of an indicator's largest value are rounding: longer columns are summed in another order."""


class Difference(NamedTuple):
    """number: of the question, from 0. expected: without the future; found: with it."""

    kind: Kind
    subject: str
    number: int
    expected: str
    found: str


def scales(observed: Observed) -> list[float]:
    """Return the largest value of each slot, by amount."""
    largest = [0.0] * len(observed.labels)
    for asked in observed.asked:
        for slot, value in enumerate(asked.values):
            if value is not None and abs(value) > largest[slot]:
                largest[slot] = abs(value)
    return largest


def differences(short: Observed, full: Observed, sizes: list[float], count: int) -> Iterator[Difference]:
    """Yield the first difference of each slot and of each function within the first `count` questions."""
    seen: set[str] = set()
    for number, (one, other) in enumerate(zip(short.asked[:count], full.asked[:count], strict=False)):
        if one == other:
            continue
        for found in _between(number, one, other, full.labels, sizes):
            if found.subject not in seen:
                seen.add(found.subject)
                yield found
    asked = len(short.asked[:count]), len(full.asked[:count])
    if asked[0] != asked[1] and not seen:
        yield Difference(Kind.DECISION, FUNCTION_NAMES[0], min(asked), f"{asked[0]} questions", f"{asked[1]} questions")


def _between(number: int, one: Asked, other: Asked, labels: list[str], sizes: list[float]) -> Iterator[Difference]:
    for name, seen, with_future in zip(MarketView._fields, one.market, other.market, strict=True):
        if seen != with_future:
            yield Difference(Kind.VALUE, f"market_data.{name}", number, shown(seen), shown(with_future))
    for slot in range(max(len(one.values), len(other.values))):
        value, with_future = _at(one.values, slot), _at(other.values, slot)
        if not _is_near(value, with_future, sizes[slot]):
            yield Difference(Kind.VALUE, labels[slot], number, shown(value), shown(with_future))
    if one.function != other.function or one.error != other.error or not same(one.answer, other.answer):
        texts = (asked.error or shown(asked.answer) for asked in (one, other))
        yield Difference(Kind.DECISION, FUNCTION_NAMES[one.function], number, *texts)


def _at(values: tuple[float | None, ...], slot: int) -> float | None:
    return values[slot] if slot < len(values) else None


def _is_near(value: float | None, other: float | None, size: float) -> bool:
    if value is None or other is None:
        return value is other
    return abs(value - other) <= TOLERANCE * size


def same(answer: Any, other: Any) -> bool:
    """Return whether two answers are the same but for rounding."""
    if isinstance(answer, float) and isinstance(other, float | int):
        return isclose(answer, other, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(answer, dict) and isinstance(other, dict):
        return answer.keys() == other.keys() and all(same(part, other[key]) for key, part in answer.items())
    if isinstance(answer, list) and isinstance(other, list):
        return len(answer) == len(other) and all(map(same, answer, other))
    return bool(answer == other)
