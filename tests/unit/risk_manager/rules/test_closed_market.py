import pytest

from services.risk_manager.core.hours import DAY_NS, MINUTE_NS, Hours
from services.risk_manager.core.limits import SymbolLimit
from services.risk_manager.core.rules.closed_market import CODE, check, is_configured
from services.risk_manager.core.view import More, Refusal
from tests.unit.risk_manager.builders import D, intent, limits, view

MONDAY_NS = 4 * DAY_NS  # 1970-01-05
WEEK = SymbolLimit(D(0), D(0), Hours.of("mon-fri 13:30-20:00"))
NIGHT = SymbolLimit(D(0), D(0), Hours.of("sun-thu 22:00-05:00"))


def at(day: int, hour: int, minute: int = 0) -> int:
    return MONDAY_NS + day * DAY_NS + (hour * 60 + minute) * MINUTE_NS


def test_it_is_asked_where_it_is_configured() -> None:
    assert CODE == 201
    hours = limits(symbols=[{"symbol": "BTCUSDT", "hours": "mon-fri 13:30-20:00"}])
    sizes = limits(symbols=[{"symbol": "BTCUSDT", "max_position_size": 1}])
    assert [is_configured(each) for each in (limits(), sizes, hours)] == [False, False, True]


@pytest.mark.parametrize(
    ("symbol", "now_ns"),
    [
        (None, at(5, 3)),
        (WEEK, at(0, 13, 30)),
        (WEEK, at(4, 20) - 1),
        (NIGHT, at(6, 22)),
        (NIGHT, at(0, 4, 59)),
        (NIGHT, at(4, 4, 59)),
    ],
)
def test_an_open_market_passes(symbol: SymbolLimit | None, now_ns: int) -> None:
    assert check(intent(), view(more=More(now_ns, symbol=symbol))) is None


@pytest.mark.parametrize(
    ("symbol", "now_ns", "found"),
    [
        (WEEK, at(0, 13, 29), "mon 13:29"),
        (WEEK, at(4, 20), "fri 20:00"),
        (WEEK, at(5, 15), "sat 15:00"),
        (NIGHT, at(4, 22), "fri 22:00"),
        (NIGHT, at(6, 4), "sun 04:00"),
        (NIGHT, at(0, 5), "mon 05:00"),
    ],
)
def test_a_closed_market_is_refused_with_its_hours(symbol: SymbolLimit, now_ns: int, found: str) -> None:
    assert symbol.hours is not None
    text = symbol.hours.text
    assert check(intent(), view(more=More(now_ns, symbol=symbol))) == Refusal(
        text, found, f"BTCUSDT trades {text} UTC, it is {found}"
    )
