"""Reads the keys of an answer: each with what was expected and what was found where it cannot be used."""

from collections.abc import Mapping
from enum import StrEnum
from math import isfinite
from typing import Any


class AnswerError(ValueError):
    """A function returned what its caller cannot use; the text names key, expected and found."""


def member[T: StrEnum](kind: type[T], answer: Mapping[str, Any], key: str, default: T) -> T:
    """Return a word of a closed vocabulary."""
    value = text(answer, key, default)
    try:
        return kind(value)
    except ValueError:
        raise AnswerError(f"{key}: expected {' or '.join(kind)}, found {shown(value)}") from None


def text(answer: Mapping[str, Any], key: str, default: str) -> str:
    """Return a string."""
    value = answer.get(key, default)
    if not isinstance(value, str):
        raise AnswerError(f"{key}: expected a string, found {shown(value)}")
    return value


def flag(answer: Mapping[str, Any], key: str, *, default: bool = False) -> bool:
    """Return true or false."""
    value = answer.get(key, default)
    if not isinstance(value, bool):
        raise AnswerError(f"{key}: expected true or false, found {shown(value)}")
    return value


def positive(answer: Mapping[str, Any], key: str) -> float | None:
    """Return a positive number, None where there is none."""
    if key not in answer:
        return None
    value = answer[key]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise AnswerError(f"{key}: expected a positive number, found {shown(value)}")
    return float(value)


def needed(answer: Mapping[str, Any], key: str) -> float:
    """Return a positive number that has to be there."""
    value = positive(answer, key)
    if value is None:
        raise AnswerError(f"{key}: expected a positive number, found nothing")
    return value


def fraction(answer: Mapping[str, Any], key: str) -> float | None:
    """Return a fraction below 1, None where there is none."""
    value = positive(answer, key)
    if value is not None and value >= 1:
        prices = {"stop_loss": "; stop_price takes a price", "take_profit": "; target_price takes a price"}
        raise AnswerError(f"{key}: expected a fraction below 1, found {shown(value)}{prices.get(key, '')}")
    return value


def shown(value: Any) -> str:
    """Return a value as an error shows it."""
    return "nothing" if value is None else repr(value)[:80]
