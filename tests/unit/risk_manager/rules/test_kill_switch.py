import pytest

from services.risk_manager.core.latches import Latch
from services.risk_manager.core.rules.kill_switch import CODE, check
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import intent, view

LATCH = Latch("an operator's leave", "fat finger", "killed by an operator (fat finger)")


def test_the_code_stays() -> None:
    assert CODE == 102


@pytest.mark.parametrize("latches", [{}, {"drawdown": LATCH}])
def test_without_its_latch_an_entry_passes(latches: dict[str, Latch]) -> None:
    assert check(intent(), view(latches=latches)) is None


def test_its_latch_refuses_every_entry_with_its_figures() -> None:
    assert check(intent(), view(latches={"kill_switch": LATCH})) == Refusal(
        "an operator's leave",
        "fat finger",
        "killed by an operator (fat finger); ema:BTCUSDT may only reduce until it is armed",
    )
