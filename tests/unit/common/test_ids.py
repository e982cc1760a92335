"""Ids that count upwards: what is new, what is a repeat, and what is a used id under a new message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import ids
from common.ids import Families, Novelty, number_of, split_id


@pytest.mark.parametrize(
    ("id_", "expected"),
    [
        ("ema:BTCUSDT-7", ("ema:BTCUSDT-", 7)),
        ("x:BTC-29MAR24-60000-12", ("x:BTC-29MAR24-60000-", 12)),
        ("ema:BTCUSDT-stop-3", ("ema:BTCUSDT-stop-", 3)),
        ("ema:BTCUSDT-7-f1", ("ema:BTCUSDT-7-f", 1)),
        ("ema:BTCUSDT-7-f2", ("ema:BTCUSDT-7-f", 2)),
        ("ema:BTCUSDT-7-f11", ("ema:BTCUSDT-7-f", 11)),
        ("no number", ("no number", -1)),
        ("", ("", -1)),
        ("42", ("", 42)),
        ("a-" + "9" * 18, ("a-", 10**18 - 1)),
        ("a-" + "9" * 19, ("a-" + "9" * 19, -1)),
    ],
)
def test_an_id_is_its_family_and_its_number(id_: str, expected: tuple[str, int]) -> None:
    assert split_id(id_) == expected
    assert number_of(id_) == expected[1]


def test_families_count_apart() -> None:
    families = Families()
    assert families.judge("a-1", 5) is Novelty.NEW
    assert families.judge("b-1", 5) is Novelty.NEW
    assert families.judge("a-stop-1", 5) is Novelty.NEW
    assert families.judge("a-2", 6) is Novelty.NEW
    assert families.judge("a-1", 5) is Novelty.REPEAT
    assert families.judge("a-2", 6) is Novelty.REPEAT


def test_a_later_message_under_a_used_id_is_told_from_a_repeat() -> None:
    families = Families()
    families.judge("a-3", 100)
    assert families.judge("a-1", 101) is Novelty.REUSED
    assert families.judge("a-1", 100) is Novelty.REPEAT


def test_an_id_without_a_number_is_known_too() -> None:
    families = Families()
    assert families.judge("once", 1) is Novelty.NEW
    assert families.judge("once", 1) is Novelty.REPEAT


@given(st.lists(st.integers(1, 30), max_size=60))
def test_what_counts_upwards_is_new_exactly_once(numbers: list[int]) -> None:
    families = Families()
    highest = 0
    for number in numbers:
        novelty = families.judge(f"r-{number}", number)
        assert (novelty is Novelty.NEW) == (number > highest)
        highest = max(highest, number)


def test_the_number_of_families_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "MAX_FAMILIES", 2)
    families = Families()
    for name in ("a-1", "b-1", "c-1"):
        families.judge(name, 1)
    assert list(families.latest) == ["b-", "c-"]
    assert families.forgotten == 1
