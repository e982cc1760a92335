"""Stops: what a quote costs that is held against the levels of every position of its symbol."""

from decimal import Decimal

from benchmarks.figures import Figure, per_call_ns
from common.config.models import RiskSection
from common.instruments import Instruments
from common.messages import ApprovedOrder, Fill, IntentKind, Liquidity, OrderIntent, Quote, Side
from services.risk_manager.core.risk_core import RiskCore

NOW_NS = 1_700_000_000_000_000_000
STOPS = 1_000
REPEATS, CALLS = 7, 20


def run() -> list[Figure]:
    """Measure a mark beside 1 000 positions with stop and target, without and with trailing stops."""
    figures = []
    for name, trailing in (("static stop and target", 0), ("and a trailing stop", 50)):
        core = _core(trailing)
        quotes = iter([_quote(number) for number in range((REPEATS + 1) * CALLS)])
        mark_us = per_call_ns(lambda: core.handle(next(quotes), NOW_NS), repeats=REPEATS, calls=CALLS) / 1e3  # noqa: B023 - called at once
        figures += [
            Figure(f"quote -> {STOPS} positions with {name}", mark_us, "us"),
            Figure(f"a stop judged, {name}", mark_us * 1e3 / STOPS, "ns"),
        ]
    return figures


def _core(trailing: int) -> RiskCore:
    section = RiskSection(
        max_position_size=Decimal(10**9), max_notional_exposure=Decimal(10**15), max_open_positions=10**6,
        initial_cash=Decimal(10**12), trailing_stop_percent=Decimal(trailing),
    )  # fmt: skip
    core = RiskCore(section, Instruments())
    core.handle(_quote(0), NOW_NS)
    for number in range(STOPS):
        (order,) = core.handle(_intent(f"runner_{number}:BTCUSDT"), NOW_NS)
        assert isinstance(order, ApprovedOrder), order
        core.handle(_fill(order), NOW_NS)
    return core


def _quote(number: int) -> Quote:
    return Quote(
        symbol="BTCUSDT", bid=60000.0, bid_size=1.0, ask=60000.01, ask_size=1.0, update_id=number, event_ns=NOW_NS,
        received_ns=NOW_NS,
    )  # fmt: skip


def _intent(runner: str) -> OrderIntent:
    return OrderIntent(
        id=f"{runner}-1", runner=runner, strategy="bench", symbol="BTCUSDT", kind=IntentKind.ENTRY, side=Side.BUY,
        quantity=Decimal("0.01"), reference_price=Decimal(60000), cause="bar", event_ns=NOW_NS, received_ns=NOW_NS,
        stop_price=Decimal(50000), target_price=Decimal(70000),
    )  # fmt: skip


def _fill(order: ApprovedOrder) -> Fill:
    return Fill(
        id=f"{order.id}-f1", order_id=order.id, intent_id=order.intent_id, runner=order.runner, strategy="bench",
        symbol=order.symbol, kind=order.kind, side=order.side, quantity=order.quantity, price=Decimal(60000),
        fee=Decimal(0), fee_currency="USDT", liquidity=Liquidity.TAKER, remaining_quantity=Decimal(0), venue="bench",
        cause=order.id, event_ns=NOW_NS, received_ns=NOW_NS,
    )  # fmt: skip
