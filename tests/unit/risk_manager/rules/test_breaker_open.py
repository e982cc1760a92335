from services.risk_manager.core.rules.breaker_open import check
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import intent, limits, view


def test_a_closed_breaker_passes() -> None:
    assert check(intent(), view()) is None


def test_an_open_breaker_refuses_with_its_reason() -> None:
    seen = view(limits=limits(max_loss_threshold=500), breaker="lost 612.5, the threshold is 500")
    assert check(intent(), seen) == Refusal(
        "500",
        "lost 612.5, the threshold is 500",
        "the circuit breaker is open (lost 612.5, the threshold is 500); ema:BTCUSDT may only reduce until reset_breaker",
    )
