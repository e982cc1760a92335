import pytest

from common.messages import MarketState
from services.risk_manager.core.rules.stale_market import check
from services.risk_manager.core.view import Refusal, View
from tests.unit.risk_manager.builders import MILLISECOND, intent, limits, view

AGE = limits(max_market_age_ms=5_000)


@pytest.mark.parametrize("state", [None, MarketState.LIVE])
@pytest.mark.parametrize("age_ns", [0, 5_000 * MILLISECOND])
def test_a_fresh_quote_of_a_live_market_passes(state: MarketState | None, age_ns: int) -> None:
    assert check(intent(), view(limits=AGE, market_state=state, quote_age_ns=age_ns)) is None


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            view(limits=AGE, quote_age_ns=None),
            Refusal("5000 ms", "no quote", "there is no quote of BTCUSDT to go by"),
        ),
        (
            view(limits=AGE, quote_age_ns=5_001 * MILLISECOND),
            Refusal("5000 ms", "5001 ms", "the last quote of BTCUSDT is 5001 ms old, 5000 ms are allowed"),
        ),
        *(
            (view(limits=AGE, market_state=state), Refusal("live", state, f"the market of BTCUSDT is {state}"))
            for state in (MarketState.STALE, MarketState.RESYNCING, MarketState.DISCONNECTED)
        ),
    ],
    ids=["no quote", "old quote", "stale", "resyncing", "disconnected"],
)
def test_a_market_nobody_knows_is_refused(seen: View, expected: Refusal) -> None:
    assert check(intent(), seen) == expected
