"""What counts as a difference between two runs: all that is shown and answered, but not rounding."""

from typing import Any

import pytest

from services.backtest.checks.comparing import differences, same, scales
from services.backtest.checks.model import Kind
from services.backtest.checks.observing import Asked, Observed, observe
from services.signal.core.host import Function
from tests.unit.checks.cases import ROOT, market, plan_of

EMA = ROOT / "strategies" / "ema_crossover.lua"
MARKET = (60.0, 10.0, 12.0, 9.0, 11.0, 5.0, None, None, 11.0)


def run_of(*asked: Asked) -> Observed:
    made = observe(plan_of(EMA, market(30)), lambda table: table)
    return made._replace(asked=list(asked), labels=["ema(10)"])


def question(value: float | None = 100.0, answer: Any = None, **changes: Any) -> Asked:
    return Asked(MARKET, Function.DETECT, (value,), answer, "")._replace(**changes)


@pytest.mark.parametrize(
    ("other", "subject", "kind"),
    [
        (question(100.1), "ema(10)", Kind.VALUE),
        (question(None), "ema(10)", Kind.VALUE),
        (question(market=(*MARKET[:5], 6.0, *MARKET[6:])), "market_data.volume", Kind.VALUE),
        (question(market=(*MARKET[:6], 10.9, *MARKET[7:])), "market_data.bid", Kind.VALUE),
        (question(answer={"signal": "up"}), "detect_opportunity", Kind.DECISION),
        (question(error="a.lua:1: broken"), "detect_opportunity", Kind.DECISION),
        (question(function=Function.MANAGE), "detect_opportunity", Kind.DECISION),
    ],
)
def test_what_differs_is_named(other: Asked, subject: str, kind: Kind) -> None:
    short, full = run_of(question(), question()), run_of(question(), other)
    (found,) = differences(short, full, scales(full), 2)
    assert (found.subject, found.kind, found.number) == (subject, kind, 1)


def test_rounding_does_not_differ() -> None:
    short, full = run_of(question(100.0)), run_of(question(100.0 + 1e-8))
    assert list(differences(short, full, scales(full), 1)) == []


def test_what_lies_behind_the_cut_does_not_count() -> None:
    short, full = run_of(question(), question(1.0)), run_of(question(), question(2.0))
    assert list(differences(short, full, scales(full), 1)) == []


def test_a_question_that_only_one_was_asked_is_a_difference() -> None:
    short, full = run_of(question()), run_of(question(), question())
    (found,) = differences(short, full, scales(full), 2)
    assert (found.kind, found.number) == (Kind.DECISION, 1)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"a": 1.0, "b": [1.0, "x"]}, {"a": 1.0 + 1e-12, "b": [1.0, "x"]}, True),
        ({"a": 1.0}, {"a": 1.1}, False),
        ({"a": 1.0}, {"b": 1.0}, False),
        ({"a": [1.0]}, {"a": [1.0, 2.0]}, False),
        ({"a": True}, {"a": False}, False),
        (None, {}, False),
    ],
)
def test_answers_are_compared_by_what_they_say(one: Any, other: Any, is_same: bool) -> None:
    assert same(one, other) is is_same


def test_the_first_question_comes_after_the_warm_up() -> None:
    assert observe(plan_of(EMA, market(60)), lambda table: table).asked[0].at == market(60).end_ns[19] / 1e9
