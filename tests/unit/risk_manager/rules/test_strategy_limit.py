import pytest

from services.risk_manager.core.limits import StrategyLimit
from services.risk_manager.core.rules.strategy_limit import CODE, check, is_configured
from services.risk_manager.core.view import More, Refusal, StrategyUse
from tests.unit.risk_manager.builders import D, intent, limits, view

MONEY, RUNNERS = StrategyLimit(D(1_000), 0), StrategyLimit(D(0), 2)


def use(limit: StrategyLimit, used: int, found: int, others: int) -> More:
    return More(worth=D(100), strategy=StrategyUse(limit, D(used), D(found), others))


def test_it_is_asked_where_it_is_configured() -> None:
    assert CODE == 404
    own = limits(strategies=[{"name": "ema", "max_notional": 1_000}])
    assert [is_configured(each) for each in (limits(), own)] == [False, True]


@pytest.mark.parametrize("more", [More(), use(MONEY, 900, 1_000, 9), use(RUNNERS, 900, 10**6, 1)])
def test_a_strategy_within_its_limits_passes(more: More) -> None:
    assert check(intent(), view(more=more)) is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            use(MONEY, 901, 1_001, 0),
            Refusal("1000", "1001", "ema could be worth 1001 USDT, 1000 are allowed for it", "901", "100"),
        ),
        (
            use(RUNNERS, 0, 0, 2),
            Refusal("2", "3", "ema:BTCUSDT would be number 3 of ema with a position, 2 are allowed", "2", "1"),
        ),
    ],
    ids=["money", "runners"],
)
def test_a_strategy_beyond_its_limits_is_refused(more: More, expected: Refusal) -> None:
    assert check(intent(), view(more=more)) == expected
