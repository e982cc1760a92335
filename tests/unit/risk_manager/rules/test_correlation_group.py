from services.risk_manager.core.limits import GroupLimit
from services.risk_manager.core.rules.correlation_group import CODE, check, is_configured
from services.risk_manager.core.view import GroupUse, More, Refusal
from tests.unit.risk_manager.builders import D, intent, limits, view

MAJORS = GroupLimit("majors", ("BTCUSDT", "ETHUSDT"), D(1_000))
ALL = GroupLimit("all", ("BTCUSDT", "ETHUSDT", "SOLUSDT"), D(5_000))


def test_it_is_asked_where_it_is_configured() -> None:
    assert CODE == 405
    own = limits(groups=[{"name": "majors", "symbols": ["BTCUSDT"], "max_notional": 1_000}])
    assert [is_configured(each) for each in (limits(), own)] == [False, True]


def test_groups_within_their_limits_pass() -> None:
    uses = (GroupUse(MAJORS, D(900), D(1_000)), GroupUse(ALL, D(900), D(1_000)))
    assert check(intent(), view(more=More(worth=D(100), groups=uses))) is None


def test_any_group_beyond_its_limit_refuses() -> None:
    uses = (GroupUse(ALL, D(900), D(1_000)), GroupUse(MAJORS, D("900.5"), D("1000.5")))
    assert check(intent(), view(more=More(worth=D(100), groups=uses))) == Refusal(
        "1000",
        "1000.5",
        "with ema:BTCUSDT-1 the group majors could be worth 1000.5 USDT, 1000 are allowed",
        "900.5",
        "100",
    )
