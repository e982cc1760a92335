"""Execution's page for Prometheus: a projection of what it hears and says."""

from typing import Any

import pytest
from prometheus_client.registry import CollectorRegistry

from common.messages import AnyMessage, ApprovedAmend, OrderTerms, OrderType
from services.execution.metrics import ExecutionMetrics
from tests.unit.execution.builders import approved_cancel, approved_order, execution_core
from tests.unit.risk_manager.builders import T0, D, quote


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def observe(registry: CollectorRegistry, *messages: AnyMessage) -> None:
    """Drive a core and let its metrics see what goes in and out."""
    metrics, core = ExecutionMetrics(registry), execution_core()
    for message in messages:
        metrics.observe(message)
        for answer in core.handle(message, T0):
            metrics.observe(answer)
    metrics.sample(core.status())


def test_fills_are_counted_by_symbol_and_side(registry: CollectorRegistry) -> None:
    observe(registry, quote(), approved_order(1, "2"), approved_order(2, "3"))
    labels = {"symbol": "BTCUSDT", "side": "buy"}
    assert registry.get_sample_value("execution_orders_total", labels) == 2
    assert registry.get_sample_value("execution_fills_total", labels) == 2
    assert registry.get_sample_value("execution_filled_quantity_total", labels) == 5
    assert registry.get_sample_value("execution_filled_notional_total", {"symbol": "BTCUSDT"}) == pytest.approx(500.65)
    assert registry.get_sample_value("execution_fees", {"currency": "USDT"}) == pytest.approx(1.0013)
    assert registry.get_sample_value("execution_orders_in_flight") == 0


def test_orders_in_flight_are_those_that_rest(registry: CollectorRegistry) -> None:
    resting = [approved_order(number, limit_price=D(90)) for number in (1, 2, 3)]
    observe(registry, quote(), *resting, approved_cancel(resting[0]))
    assert registry.get_sample_value("execution_orders_in_flight") == 2
    assert registry.get_sample_value("execution_orders_accepted_total", {"symbol": "BTCUSDT"}) == 3
    assert registry.get_sample_value("execution_orders_cancelled_total", {"symbol": "BTCUSDT"}) == 1
    assert registry.get_sample_value("execution_cancels_total") == 1


def test_rejections_are_counted_by_reason(registry: CollectorRegistry) -> None:
    observe(registry, approved_order(1))
    assert registry.get_sample_value("execution_orders_rejected_total", {"reason": "no_market"}) == 1
    assert registry.get_sample_value("execution_orders_in_flight") == 0


def test_triggers_and_changes_are_counted(registry: CollectorRegistry) -> None:
    stop = approved_order(1, order_type=OrderType.STOP, terms=OrderTerms(trigger_price=D(110)))
    wanted: dict[str, Any] = {"order_id": stop.id, "symbol": stop.symbol, "event_ns": T0, "received_ns": T0}
    nearer = ApprovedAmend(**wanted, id="a-2", cause="a-2", trigger_price=D(105))
    wrong = ApprovedAmend(**wanted, id="a-3", cause="a-3", trigger_price=D("105.001"))
    observe(registry, quote(), stop, nearer, wrong, quote(106.0, 106.02, update_id=2))
    assert registry.get_sample_value("execution_orders_triggered_total", {"symbol": "BTCUSDT"}) == 1
    assert registry.get_sample_value("execution_orders_amended_total", {"outcome": "amended"}) == 1
    assert registry.get_sample_value("execution_orders_amended_total", {"outcome": "rejected"}) == 1
