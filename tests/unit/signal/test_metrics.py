"""Metrics are a projection of the messages that go in and out."""

from prometheus_client.registry import CollectorRegistry

from common.messages import InputGap
from services.signal.core.host import Function
from services.signal.metrics import SignalMetrics
from tests.unit.signal.support import bar, cancelled, fill, intents, refused, scripted_core


def test_every_message_of_a_trade_is_counted() -> None:
    registry = CollectorRegistry()
    metrics = SignalMetrics(registry)
    core, host = scripted_core()
    host.answers = {Function.DETECT: {"a": 1}, Function.FILTER: {"action": "enter_long", "quantity": 1}}
    metrics.observe(bar(0))
    said = list(core.handle(bar(0), 1))
    (intent,) = intents(said)
    said += core.handle(fill(intent), 1)
    host.answers = {Function.MANAGE: {"action": "update_stop", "price": 90}}
    said += core.handle(bar(1), 2)
    host.answers = {Function.MANAGE: {"action": "what"}}
    said += core.handle(bar(2), 3)
    gap = InputGap(topic="bar.X.1m", missing=4, event_ns=0, received_ns=0)
    for message in (*said, fill(intent), refused(intent), cancelled(intent), gap):
        metrics.observe(message)
    demo = {"strategy": "demo", "symbol": "BTCUSDT"}
    expected = [
        ("signal_intents_total", demo | {"kind": "entry"}, 1),
        ("signal_transitions_total", {"before": "idle", "after": "analyzing"}, 1),
        ("signal_transitions_total", {"before": "analyzing", "after": "in_position"}, 1),
        ("signal_strategy_errors_total", demo, 1),
        ("signal_stop_updates_total", {"symbol": "BTCUSDT"}, 1),
        ("signal_bars_total", {"symbol": "BTCUSDT", "timeframe": "1m"}, 1),
        ("signal_fills_total", {"symbol": "BTCUSDT"}, 1),
        ("signal_orders_ended_total", {"reason": "notional"}, 1),
        ("signal_orders_ended_total", {"reason": "cancelled"}, 1),
        ("signal_inputs_missing_total", {}, 4),
    ]
    found = [(name, labels, registry.get_sample_value(name, labels)) for name, labels, _ in expected]
    assert found == expected
