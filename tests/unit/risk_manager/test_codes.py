"""Each reason's number is written down and never changes; each has its label from the start."""

from prometheus_client.registry import CollectorRegistry

from common.messages import OrderRefused, RejectReason
from services.risk_manager.core.rules import CODES, ENTRY_RULES
from services.risk_manager.metrics import RiskMetrics
from tests.unit.risk_manager.builders import T0, intent, risk_core

WRITTEN_DOWN = {
    "duplicate": 101, "kill_switch": 102, "not_ready": 103, "breaker_open": 104, "drawdown": 105, "daily_loss": 106,
    "reducing": 107, "closed_market": 201, "stale_market": 202, "invalid_price": 203, "invalid_quantity": 204,
    "nothing_to_reduce": 205, "order_terms": 206, "order_size": 301, "price_collar": 302, "order_rate": 303, "open_positions": 401,
    "position_size": 402, "symbol_limit": 403, "strategy_limit": 404, "correlation_group": 405, "notional": 406,
    "leverage": 407,
}  # fmt: skip


def test_codes_never_change() -> None:
    assert {reason.value: code for reason, code in CODES.items()} == WRITTEN_DOWN


def test_entries_are_asked_in_the_order_of_the_codes() -> None:
    asked = [CODES[reason] for reason, _ in ENTRY_RULES]
    assert asked == sorted(asked)


def test_a_refusal_bears_its_code() -> None:
    (refused,) = risk_core().handle(intent(), T0)
    assert isinstance(refused, OrderRefused)
    assert (refused.reason, refused.code) == (RejectReason.STALE_MARKET, 202)


def test_every_reason_has_its_label_before_it_is_given() -> None:
    registry = CollectorRegistry()
    RiskMetrics(registry)
    values = [registry.get_sample_value("risk_orders_rejected_total", {"reason": reason}) for reason in RejectReason]
    assert values == [0.0] * len(RejectReason)
