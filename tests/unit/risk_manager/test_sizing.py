"""Sizing: an entry without a quantity gets one from its strategy's model, rounded down to the lot, and is judged by it."""

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from pydantic import ValidationError

from common.config.sizing import SIZING_MODELS, SizingPlan
from common.messages import (
    ApprovedOrder,
    Guards,
    OrderIntent,
    OrderRefused,
    OrderType,
    RejectReason,
    Side,
    Sized,
    SizingHint,
)
from services.risk_manager.core import sizing
from services.risk_manager.core.explain import explain
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.core.sizing import MODULES
from tests.unit.risk_manager.builders import SECOND, T0, D, exit_intent, fill_of, intent, quote, risk_core, section

MINUTE = 60 * SECOND


def open_intent(number: int = 1, **changes: Any) -> OrderIntent:
    """Return an entry that leaves its quantity to risk."""
    return msgspec.structs.replace(intent(number, "1"), quantity=None, **changes)


def sized_core(plan: dict[str, Any], **changes: Any) -> RiskCore:
    """Return a core with 10 000 of cash and a market of 99.99 to 100."""
    core = risk_core(initial_cash=10_000, sizing=plan, **changes)
    core.handle(quote(99.99, 100.0), T0)
    return core


def answer(core: RiskCore, wanted: OrderIntent, at: int = T0) -> ApprovedOrder | OrderRefused:
    (told,) = core.handle(wanted, at)
    assert isinstance(told, ApprovedOrder | OrderRefused)
    return told


def test_the_folder_is_the_registry_and_the_schema_names_it() -> None:
    files = {path.stem for path in Path(str(sizing.__file__)).parent.glob("*.py")} - {"__init__"}
    literal = SizingPlan.model_fields["model"].annotation
    assert files == set(MODULES) == set(SIZING_MODELS) - {"none"}
    assert get_args(literal) == SIZING_MODELS


@pytest.mark.parametrize(
    ("plan", "changes", "quantity"),
    [
        ({"model": "fixed", "quantity": "1.2345"}, {}, "1.234"),
        ({"model": "percent_of_equity", "equity_percent": 10}, {}, "10"),
        ({"model": "percent_of_equity", "equity_percent": 10}, {"side": Side.SELL}, "10.001"),
        ({"model": "percent_of_equity", "equity_percent": 300}, {}, "100"),
        ({"model": "percent_of_equity", "equity_percent": 300, "cap_percent": 60}, {}, "60"),
        ({"model": "risk_per_trade", "risk_percent": 1}, {"stop_price": D(97)}, "33.333"),
        ({"model": "risk_per_trade", "risk_percent": 1}, {"stop_price": D("104.99"), "side": Side.SELL}, "20"),
        (
            {"model": "risk_per_trade", "risk_percent": 1},
            {"stop_price": D(90), "order_type": OrderType.LIMIT, "limit_price": D(98)},
            "12.5",
        ),
        ({"model": "risk_per_trade"}, {"stop_price": D(90), "sizing": SizingHint(risk=D("0.004"))}, "4"),
        ({"model": "risk_per_trade"}, {"stop_price": D(90), "sizing": SizingHint(risk=D("0.5"))}, "10"),
        ({"model": "volatility_target", "volatility_percent": 2}, {"sizing": SizingHint(atr=D("2.5"))}, "80"),
        (
            {"model": "kelly", "kelly_win_rate": "0.6", "kelly_payoff": 2, "kelly_fraction": "0.1"},
            {"stop_price": D(90)},
            "40",
        ),
    ],
)
def test_each_model_sizes(plan: dict[str, Any], changes: dict[str, Any], quantity: str) -> None:
    told = answer(sized_core(plan), open_intent(**changes))
    assert isinstance(told, ApprovedOrder), told
    assert told.quantity == D(quantity)
    assert isinstance(told.sizing, Sized)
    assert told.sizing.model == plan["model"]
    assert told.sizing.figures.get("equity") == (None if plan["model"] == "fixed" else "10000")


def test_a_capped_size_says_so() -> None:
    told = answer(sized_core({"model": "risk_per_trade"}), open_intent(stop_price=D("99.99")))
    assert isinstance(told, ApprovedOrder)
    assert told.quantity == D(100)
    assert told.sizing == Sized(
        "risk_per_trade",
        {"equity": "10000", "price": "100", "risk_percent": "1", "stop": "99.99", "cap_percent": "100"},
    )


@pytest.mark.parametrize(
    ("plan", "changes", "detail"),
    [
        ({}, {}, "no size: risk.sizing names no model for ema"),
        ({"model": "risk_per_trade"}, {}, "no size: risk_per_trade needs a stop, the entry has none"),
        (
            {"model": "risk_per_trade"},
            {"stop_price": D("100.01")},
            "no size: the market is at 100, at or beyond the stop 100.01",
        ),
        ({"model": "volatility_target"}, {}, "no size: volatility_target needs 30 returns of BTCUSDT, there are 0"),
        ({"model": "kelly"}, {}, "no size: kelly needs 30 closed trades of the runner, there are 0"),
        (
            {"model": "kelly", "kelly_win_rate": "0.4", "kelly_payoff": 1},
            {"stop_price": D(90)},
            "no size: the odds have no edge: the Kelly fraction is not above 0",
        ),
        (
            {"model": "kelly", "kelly_win_rate": "0.6", "kelly_payoff": 1},
            {},
            "no size: kelly by win rate and payoff needs a stop, the entry has none",
        ),
        (
            {"model": "percent_of_equity", "equity_percent": "0.0001"},
            {},
            "no size: the size is 0.0001 BTC, less than one lot of 0.001",
        ),
        (
            {"model": "percent_of_equity", "equity_percent": "0.01"},
            {},
            "the order is worth 0.99995 USDT, the least is 5",
        ),
    ],
)
def test_no_size_is_a_refusal(plan: dict[str, Any], changes: dict[str, Any], detail: str) -> None:
    core = sized_core(plan)
    told = answer(core, open_intent(**changes))
    assert isinstance(told, OrderRefused), told
    assert told.reason is RejectReason.INVALID_QUANTITY
    assert told.detail.startswith(f"{detail} (")
    assert "sized by" in told.detail
    assert not core.status()["working_orders"]


def test_a_market_without_a_quote_sizes_nothing_and_graver_reasons_come_first() -> None:
    core = risk_core(sizing={"model": "percent_of_equity"})
    told = answer(core, open_intent())
    assert isinstance(told, OrderRefused)
    assert told.reason is RejectReason.STALE_MARKET


def test_an_account_without_equity_sizes_nothing() -> None:
    core = risk_core(initial_cash=0, sizing={"model": "percent_of_equity"})
    core.handle(quote(), T0)
    told = answer(core, open_intent())
    assert isinstance(told, OrderRefused)
    assert "there is no equity to size by: 0" in told.detail


def test_rules_judge_the_sized_quantity() -> None:
    core = sized_core({"model": "percent_of_equity", "equity_percent": 50}, max_position_size="49.999")
    told = answer(core, open_intent())
    assert isinstance(told, OrderRefused)
    assert told.reason is RejectReason.POSITION_SIZE
    assert told.detail.endswith("(50 sized by percent_of_equity with equity 10000, price 100, equity_percent 50)")


def test_who_names_a_quantity_keeps_it_and_an_exit_is_never_sized() -> None:
    core = sized_core({"model": "fixed", "quantity": 7})
    named = answer(core, intent(1, "2"))
    assert isinstance(named, ApprovedOrder)
    assert (named.quantity, named.sizing) == (D(2), msgspec.UNSET)
    core.handle(fill_of(named), T0)
    told = answer(core, msgspec.structs.replace(exit_intent(2), quantity=None))
    assert isinstance(told, OrderRefused)
    assert told.reason is RejectReason.INVALID_QUANTITY


def test_a_strategy_has_its_own_plan_completed_by_the_general_one() -> None:
    plan = {
        "model": "percent_of_equity",
        "cap_percent": 20,
        "strategies": {"ema": {"model": "risk_per_trade"}, "rsi": {"equity_percent": 1}},
    }
    core = sized_core(plan)
    mine = answer(core, open_intent(stop_price=D(99)))
    assert isinstance(mine, ApprovedOrder)
    assert mine.quantity == D(20)
    assert isinstance(mine.sizing, Sized)
    assert mine.sizing.figures["cap_percent"] == "20"
    wanted = msgspec.structs.replace(intent(1, "1", runner="rsi:BTCUSDT"), quantity=None)
    theirs = answer(core, wanted)
    assert isinstance(theirs, ApprovedOrder)
    assert theirs.quantity == D(1)


def test_the_default_stop_sizes_as_well() -> None:
    core = sized_core({"model": "risk_per_trade"}, stop_loss_percent=5)
    told = answer(core, open_intent())
    assert isinstance(told, ApprovedOrder)
    assert told.quantity == D(20)


@pytest.mark.parametrize(
    ("guards", "limits", "quantity"),
    [
        (Guards(trail=D(4)), {}, "25"),
        (Guards(trail_share=D("0.05")), {}, "20"),
        (msgspec.UNSET, {"trailing_stop_percent": 2}, "50"),
    ],
)
def test_a_trailing_stop_sizes_from_where_it_begins(guards: Any, limits: dict[str, Any], quantity: str) -> None:
    told = answer(sized_core({"model": "risk_per_trade"}, **limits), open_intent(guards=guards))
    assert isinstance(told, ApprovedOrder)
    assert told.quantity == D(quantity)


def test_the_volatility_of_the_marks_sizes_once_there_are_enough() -> None:
    plan = {
        "model": "volatility_target",
        "volatility_samples": 4,
        "volatility_horizon_ms": 240_000,
        "cap_percent": 1_000,
    }
    core = sized_core(plan)
    for minute in range(1, 5):
        price = 100.0 + minute % 2  # up and down by one of about a hundred
        core.handle(quote(price, price), T0 + minute * MINUTE)
        core.handle(quote(50.0, 50.0), T0 + minute * MINUTE + SECOND)  # not the first of its minute: not looked at
    core.handle(quote(99.99, 100.0), T0 + 4 * MINUTE + 2 * SECOND)
    told = answer(core, open_intent(), T0 + 4 * MINUTE + 2 * SECOND)
    assert isinstance(told, ApprovedOrder)
    assert isinstance(told.sizing, Sized)
    assert told.sizing.figures["move_from"] == "4 returns of the marks"
    assert 1.9 < float(told.sizing.figures["move"]) < 2.1  # four minutes of one per cent each: twice that
    assert D(47) < told.quantity < D(53)


def trade(core: RiskCore, number: int, price: str) -> None:
    """Enter at 100 and leave at a price, one unit each."""
    entry = answer(core, intent(number, "1"))
    assert isinstance(entry, ApprovedOrder)
    core.handle(fill_of(entry, "100"), T0)
    leave = answer(core, exit_intent(number + 1))
    assert isinstance(leave, ApprovedOrder)
    core.handle(fill_of(leave, price), T0)


def test_kelly_sizes_by_the_runners_own_trades() -> None:
    core = sized_core({"model": "kelly", "kelly_trades": 4, "kelly_fraction": "0.01"})
    for number, price in enumerate(("110", "95", "110", "95")):
        trade(core, 2 * number + 1, price)
    told = answer(core, open_intent(9))
    assert isinstance(told, ApprovedOrder)
    assert isinstance(told.sizing, Sized)
    # mean 0.025, sample variance 0.0075: f = 3.333…, a hundredth of it of the equity of 10 010 at 100
    assert told.sizing.figures["mean_return"] == "0.025"
    assert told.sizing.figures["variance"] == "0.0075"
    assert told.quantity == D("3.336")


def test_kelly_without_an_edge_sizes_nothing() -> None:
    core = sized_core({"model": "kelly", "kelly_trades": 2})
    trade(core, 1, "90")
    trade(core, 3, "105")
    told = answer(core, open_intent(5))
    assert isinstance(told, OrderRefused)
    assert "the runner's closed trades have no edge" in told.detail


def test_it_can_be_explained() -> None:
    core = sized_core({"model": "percent_of_equity", "equity_percent": 10})
    explained = explain(core, open_intent(), T0)
    assert explained.quantity == "10"
    assert explained.sizing == Sized("percent_of_equity", {"equity": "10000", "price": "100", "equity_percent": "10"})
    missing = explain(sized_core({"model": "kelly"}), open_intent(), T0)
    assert missing.missing == "kelly needs 30 closed trades of the runner, there are 0"
    assert missing.refusal is not None
    assert missing.refusal.rule == "invalid_quantity"


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        ({"model": "fixed"}, "expected a quantity above 0 for the model fixed, found 0"),
        ({"kelly_payoff": 2}, "expected kelly_win_rate and kelly_payoff, or neither, found one of them"),
        ({"strategies": {"a": {"model": "fixed"}}}, "strategies.a: expected a quantity above 0 for the model fixed"),
        ({"model": "martingale"}, "Input should be 'none', 'fixed'"),
    ],
)
def test_a_plan_that_cannot_be(plan: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        section(sizing=plan)
    assert text in str(caught.value)
