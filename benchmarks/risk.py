"""Risk: the whole check of an intent, from the message to the approved order, and a mark on every quote."""

from decimal import Decimal

from benchmarks.figures import Figure, per_call_ns
from common.config.models import RiskSection
from common.instruments import Instruments
from common.messages import IntentKind, OrderIntent, Quote, Side
from services.risk_manager.core.risk_core import RiskCore

NOW_NS = 1_700_000_000_000_000_000
CALLS = 2_000
REPEATS = 7


def run() -> list[Figure]:
    """Measure entries that pass all rules while many others are on their way."""
    core = RiskCore(
        RiskSection(
            max_position_size=Decimal(10**9),
            max_notional_exposure=Decimal(10**15),
            max_open_positions=10**6,
            initial_cash=Decimal(10**12),
        ),
        Instruments(),
    )
    core.handle(_quote(0), NOW_NS)
    intents = iter([_intent(number) for number in range(CALLS * (REPEATS + 1))])
    check_ns = per_call_ns(lambda: core.handle(next(intents), NOW_NS), repeats=REPEATS, calls=CALLS)
    quotes = iter([_quote(number) for number in range(CALLS * (REPEATS + 1))])
    mark_ns = per_call_ns(lambda: core.handle(next(quotes), NOW_NS), repeats=REPEATS, calls=CALLS)
    return [
        Figure("intent -> approved order, all rules", check_ns / 1e3, "us", "< 100 us", "<= 10 us"),
        Figure("quote -> mark", mark_ns / 1e3, "us"),
    ]


def _quote(number: int) -> Quote:
    return Quote(
        symbol="BTCUSDT", bid=60000.0, bid_size=1.0, ask=60000.01, ask_size=1.0, update_id=number, event_ns=NOW_NS,
        received_ns=NOW_NS,
    )  # fmt: skip


def _intent(number: int) -> OrderIntent:
    runner = f"bench_{number}:BTCUSDT"
    return OrderIntent(
        id=f"{runner}-1", runner=runner, strategy=f"bench_{number}", symbol="BTCUSDT", kind=IntentKind.ENTRY, side=Side.BUY,
        quantity=Decimal("0.01"), reference_price=Decimal(60000), cause="bar", event_ns=NOW_NS, received_ns=NOW_NS,
    )  # fmt: skip
