from services.risk_manager.core.rules.notional import check
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import D, intent, limits, view

LIMITS = limits(max_notional_exposure=1_000)


def test_exposure_up_to_the_limit_passes() -> None:
    assert check(intent(), view(limits=LIMITS, others_value=D(900), reach_value=D("100.00"))) is None


def test_exposure_beyond_the_limit_is_refused() -> None:
    seen = view(limits=LIMITS, others_value=D(900), reach_value=D("100.5"))
    assert check(intent(), seen) == Refusal(
        "1000", "1000.5", "with ema:BTCUSDT-1 the exposure could be 1000.5 USDT, 1000 are allowed", "900", "100"
    )
