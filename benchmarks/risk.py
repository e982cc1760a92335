"""Risk: the whole check of an intent, from the message to the approved order, and a mark on every quote."""

import time
from decimal import Decimal

from benchmarks.figures import Figure, per_call_ns, percentile
from common.config.models import RiskSection
from common.instruments import Instruments
from common.messages import ApprovedOrder, IntentKind, OrderIntent, OrderRejected, Quote, Side, VenueRejectReason
from services.risk_manager.core.risk_core import RiskCore

NOW_NS = 1_700_000_000_000_000_000
CALLS = 2_000


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
            Figure(f"{name}, p50", percentile(samples, 0.5), "us", "< 100 us", "<= 10 us"),
            Figure(f"{name}, p99", percentile(samples, 0.99), "us", "< 100 us"),
        ]
    core = _core()
    quotes = iter([_quote(number) for number in range(CALLS * 8)])
    mark_ns = per_call_ns(lambda: core.handle(next(quotes), NOW_NS), repeats=7, calls=CALLS)
    return [*figures, Figure("quote -> mark", mark_ns / 1e3, "us")]


def _core() -> RiskCore:
    section = RiskSection(
        max_position_size=Decimal(10**9),
        max_notional_exposure=Decimal(10**15),
        max_open_positions=10**6,
        initial_cash=Decimal(10**12),
    )
    core = RiskCore(section, Instruments())
    core.handle(_quote(0), NOW_NS)
    return core


def _timed_entry(core: RiskCore, number: int) -> float:
    """Return the microseconds of a check; the order is rejected by the venue afterwards, so that nothing piles up."""
    intent = _intent("bench:BTCUSDT", number + 1)
    start_ns = time.perf_counter_ns()
    outputs = core.handle(intent, NOW_NS)
    taken_us = (time.perf_counter_ns() - start_ns) / 1e3
    assert isinstance(outputs[0], ApprovedOrder), outputs
    rejected = OrderRejected(
        order_id=intent.id, intent_id=intent.id, runner=intent.runner, symbol=intent.symbol, venue="bench",
        reason=VenueRejectReason.NO_MARKET, detail="", cause=intent.id, event_ns=NOW_NS, received_ns=NOW_NS,
    )  # fmt: skip
    core.handle(rejected, NOW_NS)
    return taken_us


def _quote(number: int) -> Quote:
    return Quote(
        symbol="BTCUSDT", bid=60000.0, bid_size=1.0, ask=60000.01, ask_size=1.0, update_id=number, event_ns=NOW_NS,
        received_ns=NOW_NS,
    )  # fmt: skip


def _intent(runner: str, number: int) -> OrderIntent:
    return OrderIntent(
        id=f"{runner}-{number}", runner=runner, strategy="bench", symbol="BTCUSDT", kind=IntentKind.ENTRY, side=Side.BUY,
        quantity=Decimal("0.01"), reference_price=Decimal(60000), cause="bar", event_ns=NOW_NS, received_ns=NOW_NS,
    )  # fmt: skip
