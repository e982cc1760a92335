"""The risk manager's page for Prometheus: what it counts, and what it takes from the core's state."""

import pytest
from prometheus_client.registry import CollectorRegistry

from common.messages import IntentKind, TradingState
from services.risk_manager.metrics import RiskMetrics
from tests.unit.risk_manager.builders import T0, approved, exit_intent, fill_of, intent, opened, quote, risk_core

HELD = {"strategy": "ema", "symbol": "BTCUSDT"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_gauges_are_the_state_of_the_core(registry: CollectorRegistry) -> None:
    metrics, core = RiskMetrics(registry), risk_core(initial_cash=10_000)
    core.handle(quote(), T0)
    opened(core, "2", "100")
    core.handle(quote(110.0, 110.02, update_id=2), T0)
    metrics.sample(core.status())
    assert registry.get_sample_value("risk_position_quantity", HELD) == 2
    assert registry.get_sample_value("risk_position_average_price", HELD) == 100
    assert registry.get_sample_value("risk_cash", {"currency": "USDT"}) == 9_800
    unrealised = registry.get_sample_value("risk_unrealised_pnl")
    assert unrealised is not None
    assert unrealised == pytest.approx(20, abs=0.1)
    assert registry.get_sample_value("risk_equity") == pytest.approx(10_000 + unrealised)
    assert registry.get_sample_value("risk_open_positions") == 1
    assert registry.get_sample_value("risk_breaker_open") == 0
    states = {state: registry.get_sample_value("risk_trading_state", {"state": state}) for state in TradingState}
    assert states == {TradingState.ACTIVE: 1, TradingState.REDUCING: 0, TradingState.HALTED: 0}


def test_a_closed_position_is_shown_as_flat(registry: CollectorRegistry) -> None:
    metrics, core = RiskMetrics(registry), risk_core()
    core.handle(quote(), T0)
    opened(core, "1", "100")
    metrics.sample(core.status())
    core.handle(fill_of(approved(core, exit_intent(2)), "100"), T0)
    metrics.sample(core.status())
    assert registry.get_sample_value("risk_position_quantity", HELD) == 0


def test_messages_are_counted_by_kind(registry: CollectorRegistry) -> None:
    metrics, core = RiskMetrics(registry), risk_core()
    core.handle(quote(), T0)
    for message in (intent(1), *core.handle(intent(1), T0)):
        metrics.observe(message)
    assert registry.get_sample_value("risk_intents_total", {"kind": IntentKind.ENTRY}) == 1
    assert registry.get_sample_value("risk_orders_approved_total", {"kind": IntentKind.ENTRY}) == 1
