import pytest

from services.risk_manager.core.limits import SymbolLimit
from services.risk_manager.core.rules.symbol_limit import CODE, check, is_configured
from services.risk_manager.core.view import More, Refusal, View
from tests.unit.risk_manager.builders import D, intent, limits, view

TWO, HUNDRED = More(symbol=SymbolLimit(D(2), D(0), None)), More(symbol=SymbolLimit(D(0), D(100), None))


def test_it_is_asked_where_it_is_configured() -> None:
    assert CODE == 403
    own = limits(symbols=[{"symbol": "BTCUSDT", "max_position_size": 2}])
    assert [is_configured(each) for each in (limits(), own)] == [False, True]


@pytest.mark.parametrize("seen", [view(reach=D(9)), view(more=TWO, reach=D(2)), view(more=HUNDRED, reach_value=D(100))])
def test_a_position_within_its_limits_passes(seen: View) -> None:
    assert check(intent(), seen) is None


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            view(more=TWO, reach=D("2.5"), reach_used=D("1.5")),
            Refusal("2", "2.5", "BTCUSDT could reach 2.5, 2 are allowed for it", "1.5", "1"),
        ),
        (
            view(more=HUNDRED, reach_value=D(120), value_used=D(20)),
            Refusal("100", "120", "BTCUSDT could be worth 120 USDT, 100 are allowed for it", "20", "100"),
        ),
    ],
    ids=["units", "money"],
)
def test_a_position_beyond_its_limits_is_refused(seen: View, expected: Refusal) -> None:
    assert check(intent(), seen) == expected
