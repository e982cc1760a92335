"""Marks, exposure and equity, also across currencies."""

from common.messages import OrderRefused
from tests.unit.risk_manager.builders import T0, D, approved, fill_of, intent, opened, quote, risk_core


def test_the_mark_is_the_middle_of_the_quote() -> None:
    core = risk_core(initial_cash=1_000)
    core.handle(quote(99.99, 100.02), T0)
    opened(core, "2", "100")
    status = core.status()
    assert status["positions"][0]["mark"] == "100.005"
    assert (status["unrealised_pnl"], status["equity"], status["exposure"]) == ("0.01", "1000.01", "200.01")


def test_without_a_quote_a_position_is_worth_what_it_cost() -> None:
    seen = risk_core()
    seen.handle(quote(), T0)
    blind = risk_core(initial_cash=1_000)
    blind.handle(fill_of(approved(seen, intent(1, "2")), "100.5"), T0)
    assert (blind.status()["equity"], blind.status()["exposure"]) == ("1000", "201")


def test_another_quote_currency_is_valued_by_the_market_between() -> None:
    core = risk_core(initial_cash=100_000)
    core.handle(quote(50_000.0, 50_000.0), T0)
    core.handle(quote(0.05, 0.05, symbol="ETHBTC"), T0)
    opened(core, "10", "0.05", runner="x:ETHBTC")
    status = core.status()
    assert status["cash"] == {"USDT": "100000", "BTC": "-0.5"}
    assert (status["equity"], status["exposure"]) == ("100000", "25000")
    core.handle(quote(60_000.0, 60_000.0, update_id=2), T0)
    core.handle(quote(0.06, 0.06, symbol="ETHBTC", update_id=2), T0)
    status = core.status()
    assert (status["equity"], status["exposure"], status["unconverted_currencies"]) == ("106000", "36000", [])


def test_a_currency_without_a_market_counts_one_to_one_and_is_named() -> None:
    core = risk_core(initial_cash=1_000)
    core.handle(quote(0.05, 0.05, symbol="ETHBTC"), T0)
    opened(core, "10", "0.05", runner="x:ETHBTC")
    assert core.status()["unconverted_currencies"] == ["BTC"]
    assert core.status()["exposure"] == "0.5"


def test_amounts_that_no_float_holds_are_decided_exactly() -> None:
    core = risk_core(initial_cash=10**20, max_notional_exposure=10**20, max_position_size=10**18)
    core.handle(quote(100.0, 100.0), T0)
    limit = 10**20 // 100
    (answer,) = core.handle(intent(1, str(limit + 1)), T0)
    assert isinstance(answer, OrderRefused)
    assert approved(core, intent(2, str(limit))).quantity == limit


def test_orders_on_their_way_are_exposure() -> None:
    core = risk_core()
    core.handle(quote(100.0, 100.0), T0)
    approved(core, intent(1, "3"))
    assert core.status()["exposure"] == "300"
    assert D(core.status()["unrealised_pnl"]) == 0
