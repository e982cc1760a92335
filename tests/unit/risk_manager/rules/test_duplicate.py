import pytest

from common.messages import OrderIntent
from services.risk_manager.core.rules.duplicate import check
from services.risk_manager.core.view import Refusal, View
from tests.unit.risk_manager.builders import exit_intent, intent, limits, view

WINDOW = limits(duplicate_window_ms=1_500)


@pytest.mark.parametrize("asked", [intent(2), exit_intent(2)])
def test_what_was_not_asked_before_passes(asked: OrderIntent) -> None:
    assert check(asked, view()) is None


@pytest.mark.parametrize(
    ("asked", "seen", "expected"),
    [
        (
            intent(2),
            view(limits=WINDOW, earlier_id="ema:BTCUSDT-1"),
            Refusal("1500 ms", "ema:BTCUSDT-1", "ema:BTCUSDT-2 asks for the same as ema:BTCUSDT-1 did a moment ago"),
        ),
        (
            exit_intent(2),
            view(earlier_id="ema:BTCUSDT-2"),
            Refusal("a new id", "ema:BTCUSDT-2", "ema:BTCUSDT-2 is an id that an earlier intent of ema:BTCUSDT had"),
        ),
    ],
    ids=["equal entry", "reused id"],
)
def test_a_duplicate_is_refused_with_the_earlier_id(asked: OrderIntent, seen: View, expected: Refusal) -> None:
    assert check(asked, seen) == expected
