import pytest

from services.risk_manager.core.latches import Latch
from services.risk_manager.core.rules.daily_loss import CODE, check
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import intent, view

LATCH = Latch("50", "61", "lost 61 USDT today, 50 are allowed")


def test_the_code_stays() -> None:
    assert CODE == 106


@pytest.mark.parametrize("latches", [{}, {"drawdown": LATCH}])
def test_without_its_latch_an_entry_passes(latches: dict[str, Latch]) -> None:
    assert check(intent(), view(latches=latches)) is None


def test_its_latch_refuses_every_entry_with_its_figures() -> None:
    assert check(intent(), view(latches={"daily_loss": LATCH})) == Refusal(
        "50", "61", "lost 61 USDT today, 50 are allowed; ema:BTCUSDT may only reduce until midnight UTC"
    )
