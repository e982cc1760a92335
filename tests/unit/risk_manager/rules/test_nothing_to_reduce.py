import pytest

from common.messages import Side
from services.risk_manager.core.rules.nothing_to_reduce import check
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import D, exit_intent, view


@pytest.mark.parametrize("reducible", ["0.001", "5"])
def test_an_exit_with_something_to_close_passes(reducible: str) -> None:
    assert check(exit_intent(2), view(reducible=D(reducible))) is None


@pytest.mark.parametrize("reducible", ["0", "-2"])
def test_an_exit_of_nothing_is_refused(reducible: str) -> None:
    assert check(exit_intent(2, side=Side.BUY), view(reducible=D(reducible))) == Refusal(
        "0", "1", "ema:BTCUSDT has no BTCUSDT left for a buy to close, orders on their way deducted"
    )
