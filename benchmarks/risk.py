"""Risk: the whole check of an intent, from the message to the approved order, and a mark on every quote."""

import time
from decimal import Decimal
from typing import Any

from benchmarks.figures import Figure, per_call_ns, percentile
from common.config.models import RiskSection
from common.instruments import Instruments
from common.messages import ApprovedOrder, IntentKind, OrderIntent, OrderRejected, Quote, Side, VenueRejectReason
from services.risk_manager.core.risk_core import RiskCore

NOW_NS = 1_700_000_000_000_000_000
CALLS = 2_000
STEP_NS = 2_000_000


def run() -> list[Figure]:
    """Measure entries that pass all rules beside 0, 20 and 100 orders on their way."""
    figures = []
    for others in (0, 20, 100):
        core = _core()
        for number in range(others):
            core.handle(_intent(f"other_{number}:BTCUSDT", 1), NOW_NS)
        samples = [_timed_entry(core, number) for number in range(CALLS)]
        name = f"intent -> approved order, all rules, {others} others open"
        figures += [
            Figure(f"{name}, p5", percentile(samples, 0.05), "us"),
            Figure(f"{name}, p50", percentile(samples, 0.5), "us", "< 100 us", "<= 10 us"),
            Figure(f"{name}, p99", percentile(samples, 0.99), "us", "< 100 us"),
        ]
    figures += _every_rule()
    core = _core()
    quotes = iter([_quote(number) for number in range(CALLS * 8)])
    mark_ns = per_call_ns(lambda: core.handle(next(quotes), NOW_NS), repeats=7, calls=CALLS)
    return [*figures, Figure("quote -> mark", mark_ns / 1e3, "us")]


def _every_rule() -> list[Figure]:
    """Measure the chain with every rule there is configured, beside 20 orders on their way."""
    core = _core(
        max_order_quantity=10**6, max_order_notional=10**9, price_collar_percent=50, max_leverage=1_000, max_orders=10_000,
        order_window_ms=1, max_drawdown_percent=50, max_daily_loss=10**9, enable_circuit_breaker=True,
        max_loss_threshold=10**9, duplicate_window_ms=1, max_market_age_ms=10**6,
        symbols=[{"symbol": "BTCUSDT", "max_position_size": 10**6, "max_notional": 10**12, "hours": "mon-sun 00:00-24:00"}],
        strategies=[{"name": "bench", "max_notional": 10**12, "max_open_positions": 1_000}],
        groups=[{"name": "majors", "symbols": ["BTCUSDT", "ETHUSDT"], "max_notional": 10**12}],
    )  # fmt: skip
    for number in range(20):
        core.handle(_intent(f"other_{number}:BTCUSDT", 1, strategy=f"other_{number}"), NOW_NS)
    samples = [_timed_entry(core, number, NOW_NS + number * STEP_NS) for number in range(CALLS)]
    name = "intent -> approved order, all 20 rules configured, 20 others open"
    return [
        Figure(f"{name}, p5", percentile(samples, 0.05), "us"),
        Figure(f"{name}, p50", percentile(samples, 0.5), "us", "< 100 us", "<= 10 us"),
    ]


def _core(**limits: Any) -> RiskCore:
    wide = {
        "max_position_size": 10**9,
        "max_notional_exposure": 10**15,
        "max_open_positions": 10**6,
        "initial_cash": 10**12,
    }
    section = RiskSection.model_validate({**wide, **limits})
    core = RiskCore(section, Instruments())
    core.handle(_quote(0), NOW_NS)
    return core


def _timed_entry(core: RiskCore, number: int, now_ns: int = NOW_NS) -> float:
    """Return the microseconds of a check; the order is rejected by the venue afterwards, so that nothing piles up."""
    intent = _intent("bench:BTCUSDT", number + 1)
    start_ns = time.perf_counter_ns()
    outputs = core.handle(intent, now_ns)
    taken_us = (time.perf_counter_ns() - start_ns) / 1e3
    assert isinstance(outputs[0], ApprovedOrder), outputs
    rejected = OrderRejected(
        order_id=intent.id, intent_id=intent.id, runner=intent.runner, symbol=intent.symbol, venue="bench",
        reason=VenueRejectReason.NO_MARKET, detail="", cause=intent.id, event_ns=NOW_NS, received_ns=NOW_NS,
    )  # fmt: skip
    core.handle(rejected, now_ns)
    return taken_us


def _quote(number: int) -> Quote:
    return Quote(
        symbol="BTCUSDT", bid=60000.0, bid_size=1.0, ask=60000.01, ask_size=1.0, update_id=number, event_ns=NOW_NS,
        received_ns=NOW_NS,
    )  # fmt: skip


def _intent(runner: str, number: int, strategy: str = "bench") -> OrderIntent:
    return OrderIntent(
        id=f"{runner}-{number}", runner=runner, strategy=strategy, symbol="BTCUSDT", kind=IntentKind.ENTRY, side=Side.BUY,
        quantity=Decimal("0.01"), reference_price=Decimal(60000), cause="bar", event_ns=NOW_NS, received_ns=NOW_NS,
    )  # fmt: skip
