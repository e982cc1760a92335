"""The order in which the rules are asked: the first refusal wins."""

import pytest

from common.messages import RejectReason
from services.risk_manager.core.rules import ENTRY_RULES, EXIT_RULES, entry_rules, first_refusal
from tests.unit.risk_manager.builders import D, exit_intent, intent, limits, view


def test_an_order_within_all_limits_passes() -> None:
    assert first_refusal(entry_rules(limits(), latched=True), intent(), view()) is None
    assert first_refusal(EXIT_RULES, exit_intent(2), view()) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, RejectReason.DUPLICATE),
        ({"earlier_id": ""}, RejectReason.BREAKER_OPEN),
        ({"earlier_id": "", "breaker": ""}, RejectReason.STALE_MARKET),
        ({"earlier_id": "", "breaker": "", "quote_age_ns": 0}, RejectReason.INVALID_QUANTITY),
    ],
)
def test_the_first_refusal_wins(changes: dict[str, object], reason: RejectReason) -> None:
    everything = {"earlier_id": "x", "breaker": "lost", "quote_age_ns": None, "quantity": D(0), "others_open": 1_000}
    found = first_refusal(ENTRY_RULES, intent(), view(**{**everything, **changes}))
    assert found is not None
    assert found[0] is reason


def test_a_rule_that_is_not_configured_is_not_asked() -> None:
    asked = {reason for reason, _ in entry_rules(limits(), latched=False)}
    assert asked == {
        RejectReason.DUPLICATE, RejectReason.STALE_MARKET, RejectReason.INVALID_PRICE, RejectReason.INVALID_QUANTITY,
        RejectReason.OPEN_POSITIONS, RejectReason.POSITION_SIZE, RejectReason.NOTIONAL, RejectReason.ORDER_TERMS,
    }  # fmt: skip


def test_limits_never_hold_up_an_exit() -> None:
    full = view(
        limits=limits(max_position_size=1, max_notional_exposure=1, max_open_positions=1),
        breaker="lost",
        quote_age_ns=None,
        others_open=7,
        reach=D(9),
        reach_value=D(900),
        others_value=D(900),
        equity=D(0),
    )
    assert first_refusal(EXIT_RULES, exit_intent(2), full) is None
