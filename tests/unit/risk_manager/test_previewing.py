"""A preview is what the core would answer, and leaves it as it is."""

from decimal import Decimal
from typing import Any

import pytest

from common.config.risk import RiskSection
from common.instruments import Instruments
from common.messages import ApprovedOrder, OrderRefused, OrderTerms, Quote
from services.risk_manager.core.previewing import PreviewError, intent_of, preview
from services.risk_manager.core.risk_core import RiskCore

T0 = 1_700_000_000_000_000_000
ASKED = {"symbol": "AAAUSDT", "side": "buy", "quantity": "2"}


def core_of(**limits: Any) -> RiskCore:
    core = RiskCore(RiskSection.model_validate(limits), Instruments())
    quote = Quote(
        symbol="AAAUSDT", bid=99.0, bid_size=1.0, ask=101.0, ask_size=1.0, update_id=1, event_ns=T0, received_ns=T0
    )
    core.handle(quote, T0)
    return core


@pytest.mark.parametrize("quantity", ["2", "9", "11", "0"])
def test_it_says_what_the_core_then_does(quantity: str) -> None:
    core = core_of(max_notional_exposure=1000)
    before = core.snapshot()
    asked = {**ASKED, "quantity": quantity}
    told = preview(core, asked, T0 + 1)
    assert core.snapshot() == before
    refused_by = next((rule["rule"] for rule in told["rules"] if not rule["passed"]), "")
    (answer,) = core.handle(intent_of(asked, T0 + 1), T0 + 1)
    assert (answer.reason if isinstance(answer, OrderRefused) else "") == refused_by


def test_it_says_what_would_be_held() -> None:
    told = preview(core_of(), ASKED, T0 + 1)
    assert (told["mark"], told["position"], told["position_after"]) == ("100", "0", "2")
    assert (told["worth"], told["exposure_after"]) == ("200", "200")
    assert told["equity"] == "100000"
    short = preview(core_of(), {**ASKED, "side": "sell"}, T0 + 1)
    assert (short["position_after"], short["exposure_after"]) == ("-2", "200")


def test_a_symbol_that_nobody_has_seen_is_no_fault() -> None:
    told = preview(core_of(), {**ASKED, "symbol": "BBBUSDT", "limit_price": "5"}, T0 + 1)
    assert not all(rule["passed"] for rule in told["rules"])


@pytest.mark.parametrize(
    "wrong",
    [{"quantity": "many"}, {"quantity": "nan"}, {"limit_price": "-1"}, {"side": "up"}, {"kind": "whim"}],
)
def test_what_is_no_order_is_said(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"expected|valid"):
        preview(core_of(), {**ASKED, **wrong}, T0 + 1)
    assert issubclass(PreviewError, ValueError)


STOP = {**ASKED, "order_type": "stop", "trigger_price": "110"}


def test_orders_with_a_trigger_are_judged_as_the_core_judges_them() -> None:
    for asked in (STOP, {**STOP, "order_type": "stop_limit", "limit_price": "111"}):
        core = core_of()
        assert all(rule["passed"] for rule in preview(core, asked, T0 + 1)["rules"])
        (answer,) = core.handle(intent_of(asked, T0 + 1), T0 + 1)
        assert isinstance(answer, ApprovedOrder)
    trailing = {**ASKED, "order_type": "trailing_stop", "trail_percent": "2"}
    assert intent_of(trailing, T0).terms == OrderTerms(trail_bps=Decimal(200))
    assert all(rule["passed"] for rule in preview(core_of(), trailing, T0 + 1)["rules"])


@pytest.mark.parametrize("wrong", [{"trigger_price": ""}, {"limit_price": "100"}, {"trail": "3"}])
def test_parts_that_do_not_go_together_are_refused(wrong: dict[str, str]) -> None:
    told = preview(core_of(), {**STOP, **wrong}, T0 + 1)
    assert [rule["rule"] for rule in told["rules"] if not rule["passed"]] == ["order_terms"]
