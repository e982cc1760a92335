import pytest

from services.risk_manager.core.latches import Latch
from services.risk_manager.core.rules.drawdown import CODE, check
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import intent, view

LATCH = Latch("10 %", "12.5 %", "the equity fell 12.5 % from its peak 1000, 10 % are allowed")


def test_the_code_stays() -> None:
    assert CODE == 105


@pytest.mark.parametrize("latches", [{}, {"daily_loss": LATCH}])
def test_without_its_latch_an_entry_passes(latches: dict[str, Latch]) -> None:
    assert check(intent(), view(latches=latches)) is None


def test_its_latch_refuses_every_entry_with_its_figures() -> None:
    assert check(intent(), view(latches={"drawdown": LATCH})) == Refusal(
        "10 %",
        "12.5 %",
        "the equity fell 12.5 % from its peak 1000, 10 % are allowed; ema:BTCUSDT may only reduce until it is armed",
    )
