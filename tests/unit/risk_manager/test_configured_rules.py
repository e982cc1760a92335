"""The rules that a configuration switches on, through the whole core: who is refused, with which figures."""

from typing import Any

import pytest

from common.messages import ApprovedOrder, OrderRefused, OrderType, RejectReason
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import MILLISECOND, T0, D, exit_intent, intent, opened, quote, risk_core


def ready(**limits: Any) -> RiskCore:
    core = risk_core(**limits)
    core.handle(quote(100.0, 100.0), T0)
    core.handle(quote(10.0, 10.0, symbol="ETHUSDT"), T0)
    return core


def refused(core: RiskCore, *args: Any, at: int = T0, **changes: Any) -> OrderRefused:
    (answer,) = core.handle(intent(*args, **changes), at)
    assert isinstance(answer, OrderRefused), answer
    return answer


def passes(core: RiskCore, *args: Any, at: int = T0, **changes: Any) -> bool:
    return isinstance(core.handle(intent(*args, **changes), at)[0], ApprovedOrder)


def figures(answer: OrderRefused) -> tuple[RejectReason, str, str, str, str]:
    return answer.reason, answer.limit, answer.found, answer.used, answer.asked


def test_the_size_of_an_order() -> None:
    core = ready(max_order_quantity=5, max_order_notional=400)
    assert figures(refused(core, 1, "5.5")) == (RejectReason.ORDER_SIZE, "5", "5.5", "", "5.5")
    assert figures(refused(core, 2, "4.5")) == (RejectReason.ORDER_SIZE, "400", "450", "", "450")
    assert passes(core, 3, "4")


def test_the_price_of_an_order() -> None:
    core = ready(price_collar_percent=2)
    limited: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": D("97.5")}
    assert figures(refused(core, 1, **limited)) == (RejectReason.PRICE_COLLAR, "2 %", "2.5 %", "", "97.5")
    assert passes(core, 2)


def test_the_rate_of_orders_exits_count_and_pass() -> None:
    core = ready(max_orders=2, order_window_ms=100)
    opened(core, "2")
    assert isinstance(core.handle(exit_intent(2), T0)[0], ApprovedOrder)
    assert figures(refused(core, 3, at=T0 + 99 * MILLISECOND)) == (
        RejectReason.ORDER_RATE,
        "2 in 100 ms",
        "3",
        "2",
        "1",
    )
    assert isinstance(core.handle(exit_intent(4), T0)[0], ApprovedOrder)
    assert passes(core, 5, at=T0 + 101 * MILLISECOND)


def test_the_rate_survives_a_restart() -> None:
    core, fresh = ready(max_orders=1), ready(max_orders=1)
    opened(core)
    fresh.restore(core.snapshot())
    assert refused(fresh, 2).reason is RejectReason.ORDER_RATE


def test_leverage() -> None:
    core = ready(max_leverage="1.5", initial_cash=1_000)
    opened(core, "9")
    answer = refused(core, 1, "70", runner="ema:ETHUSDT")
    assert figures(answer) == (RejectReason.LEVERAGE, "1.5", "1.6", "0.9", "0.7")
    assert passes(core, 2, "60", runner="ema:ETHUSDT")


def test_a_symbol_of_its_own() -> None:
    core = ready(symbols=[{"symbol": "BTCUSDT", "max_position_size": 3, "max_notional": 250}])
    opened(core, "1")
    assert figures(refused(core, 2, "2.5")) == (RejectReason.SYMBOL_LIMIT, "3", "3.5", "1", "2.5")
    assert figures(refused(core, 3, "1.75")) == (RejectReason.SYMBOL_LIMIT, "250", "275", "100", "175")
    assert passes(core, 1, "99", runner="ema:ETHUSDT")
    assert passes(core, 4, "1.5")


def test_hours_of_a_symbol() -> None:
    core = ready(symbols=[{"symbol": "BTCUSDT", "hours": "sat-sun 00:00-24:00"}])
    assert refused(core, 1).reason is RejectReason.CLOSED_MARKET  # T0 is a Tuesday
    assert passes(core, 1, runner="ema:ETHUSDT")


def test_a_strategy_counts_all_its_runners() -> None:
    core = ready(strategies=[{"name": "ema", "max_notional": 300, "max_open_positions": 2}])
    opened(core, "2")
    assert figures(refused(core, 1, "11", runner="ema:ETHUSDT")) == (
        RejectReason.STRATEGY_LIMIT, "300", "310", "200", "110",
    )  # fmt: skip
    assert passes(core, 1, "11", runner="other:ETHUSDT")
    assert passes(core, 2, "10", runner="ema:ETHUSDT")
    third = refused(core, 1, "1", runner="ema:ETHBTC")
    assert third.reason is RejectReason.STALE_MARKET
    core.handle(quote(0.05, 0.05, symbol="ETHBTC"), T0)
    assert figures(refused(core, 2, "1", runner="ema:ETHBTC")) == (RejectReason.STRATEGY_LIMIT, "2", "3", "2", "1")


def test_a_strategy_is_counted_after_a_restart_too() -> None:
    limits = {"strategies": [{"name": "ema", "max_notional": 300}]}
    core, fresh = ready(**limits), ready(**limits)
    opened(core, "3")
    fresh.restore(core.snapshot())
    assert refused(fresh, 1, "1", runner="ema:ETHUSDT").used == "300"


def test_a_group_shares_its_limit() -> None:
    core = ready(groups=[{"name": "majors", "symbols": ["BTCUSDT", "ETHUSDT"], "max_notional": 300}])
    opened(core, "2")
    assert figures(refused(core, 1, "11", runner="x:ETHUSDT")) == (
        RejectReason.CORRELATION_GROUP, "300", "310", "200", "110",
    )  # fmt: skip
    assert passes(core, 2, "10", runner="x:ETHUSDT")
    assert figures(refused(core, 2, "0.5")) == (RejectReason.CORRELATION_GROUP, "300", "350", "300", "50")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_order_quantity": 1, "price_collar_percent": 1}, RejectReason.ORDER_SIZE),
        ({"price_collar_percent": "0.001", "max_orders": 1}, RejectReason.PRICE_COLLAR),
        ({"max_position_size": 1, "symbols": [{"symbol": "BTCUSDT", "max_notional": 1}]}, RejectReason.POSITION_SIZE),
        ({"max_leverage": "0.0000001", "max_notional_exposure": 1}, RejectReason.NOTIONAL),
    ],
)
def test_the_first_in_the_order_wins(limits: dict[str, Any], reason: RejectReason) -> None:
    assert refused(ready(**limits), 1, "2").reason is reason


def test_a_strategys_count_matters_however_far_every_amount_is() -> None:
    core = ready(strategies=[{"name": "ema", "max_open_positions": 1}])
    assert passes(core, 1)
    assert refused(core, 1, runner="ema:ETHUSDT").reason is RejectReason.STRATEGY_LIMIT
