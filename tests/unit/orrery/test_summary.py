"""From statuses to the summary."""

from typing import Any

from orrery.health import health_of
from orrery.summary import ServiceLine, Tally
from orrery.view.report import health_lines

SERVICES = {"market_data": ServiceLine(state="ready")}

RISK: dict[str, Any] = {
    "approved": 10,
    "protective_exits": 2,
    "refused": 3,
    "fills": 12,
    "refusals": {"notional": 2, "stale_market": 1},
    "positions": [
        {
            "runner": "ema_crossover:BTCUSDT",
            "symbol": "BTCUSDT",
            "quantity": "0.01",
            "average_price": "60000.5",
            "mark": "60010",
            "unrealised_pnl": "0.095",
            "realised_pnl": "-1.2",
            "fees": "0.6",
            "stop_price": None,
            "target_price": None,
        }
    ],
    "cash": {"USDT": "99399.395", "EUR": "5"},
    "fees": {"USDT": "0.6"},
    "realised_pnl": "-1.123456789012",
    "unrealised_pnl": "0.095",
    "equity": "99998.8",
}


def status(core: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"state": "ready", "core": core, **more}


def feed(ticks: int, bars: int, gaps: int = 0) -> dict[str, Any]:
    desk = {"state": "live", "bid": 1.0, "ask": 1.5, "quotes": ticks, "trades": 0, "bars": bars, "gaps": gaps}
    return status({"ticks": ticks, "bars": bars, "symbols": {"BTCUSDT": desk}})


def test_nothing_heard_is_a_summary_of_zeros() -> None:
    summary = Tally().summary({})
    assert (summary.ticks, summary.orders, summary.realised_pnl, summary.equity) == (0, 0, 0.0, None)
    assert summary.exact == {}


def test_market_data_counts_over_its_restarts() -> None:
    tally = Tally()
    for given in (feed(100, 10, 1), feed(150, 15, 1), feed(5, 1), feed(20, 2, 2)):
        tally.take("market_data", given)
    summary = tally.summary(SERVICES)
    assert (summary.ticks, summary.bars) == (170, 17)
    assert summary.market["BTCUSDT"].gaps == 3
    assert summary.market["BTCUSDT"].bid == 1.0


def test_order_flow_counts_from_the_first_status() -> None:
    tally = Tally()
    tally.take(
        "risk_manager",
        status({**RISK, "approved": 4, "protective_exits": 1, "refused": 1, "refusals": {"notional": 1}}),
    )
    tally.take("risk_manager", status(RISK))
    summary = tally.summary(SERVICES)
    assert (summary.orders, summary.refusals) == (6 + 1, 2)
    assert summary.refusals_by_reason == {"notional": 1, "stale_market": 1}


def test_since_the_beginning_everything_counts() -> None:
    tally = Tally(since_the_beginning=True)
    tally.take("risk_manager", status(RISK))
    tally.take("signal", status({"intents": 13}))
    summary = tally.summary(SERVICES)
    assert (summary.intents, summary.orders, summary.refusals) == (13, 12, 3)
    assert summary.refusals_by_reason == {"notional": 2, "stale_market": 1}


def test_money_is_a_number_for_scripts_and_exact_as_text() -> None:
    tally = Tally()
    tally.take("risk_manager", status(RISK))
    summary = tally.summary(SERVICES)
    assert summary.realised_pnl == -1.12345679
    assert summary.exact == {"realised_pnl": "-1.123456789012", "unrealised_pnl": "0.095", "equity": "99998.8"}
    assert summary.cash == {"USDT": 99399.395, "EUR": 5.0}
    assert summary.positions[0].quantity == 0.01
    assert summary.positions[0].runner == "ema_crossover:BTCUSDT"


def test_what_is_in_the_way_of_entries_is_shown() -> None:
    halted = {"trading": "halted", "in_the_way": {"kill_switch": "killed by an operator (fat finger)"}}
    line = {"last_message_age_ms": 1, "uptime_ms": 1, "pid": 1, "detail": ""}
    found = health_of({"risk_manager": status({**RISK, **halted}, **line)})
    assert (found.totals.trading, found.totals.in_the_way) == ("halted", halted["in_the_way"])
    shown = "  trading halted, entries are refused: kill_switch: killed by an operator (fat finger)"
    assert list(health_lines(found))[-1] == shown
    assert shown not in list(health_lines(health_of({"risk_manager": status(RISK, **line)})))


def test_orders_on_their_way_are_those_no_service_has_taken_yet() -> None:
    tally = Tally()
    tally.take("risk_manager", status(RISK))
    tally.take("signal", status({"intents": 13}))
    tally.take("execution", status({"orders": 12, "fills": 12}))
    assert tally.orders_on_their_way() == 0
    tally.take("signal", status({"intents": 15}))
    assert tally.orders_on_their_way() == 2
    tally.take("execution", status({"orders": 11, "fills": 13}))
    assert tally.orders_on_their_way() == 2 + 1 + 1


def test_a_recording_that_is_played_is_known() -> None:
    tally = Tally()
    assert not tally.is_finished()
    tally.take("market_data", status({}, finished=True))
    assert tally.is_finished()


def test_a_runner_that_is_paused_or_lacks_bars_says_so() -> None:
    line = {
        "id": "a:B",
        "state": "idle",
        "paused": False,
        "bars": 5,
        "warmup": 5,
        "decisions": 2,
        "errors": 0,
        "last_error": None,
    }
    tally = Tally()
    tally.take(
        "signal", status({"runners": [line, {**line, "id": "b:B", "bars": 4}, {**line, "id": "c:B", "paused": True}]})
    )
    runners = tally.summary(SERVICES).runners
    assert {name: runner.state for name, runner in runners.items()} == {
        "a:B": "idle",
        "b:B": "warming",
        "c:B": "paused",
    }
    assert runners["a:B"].decisions == 2
