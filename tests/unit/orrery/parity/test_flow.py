"""Two runs held against each other: digests per stream, and the first difference with its causes."""

from decimal import Decimal

import msgspec

from common.messages import (
    AnyMessage,
    ApprovedOrder,
    Fill,
    IntentKind,
    Liquidity,
    OrderIntent,
    OrderType,
    PositionChanged,
    Quote,
    Side,
    TimeInForce,
)
from orrery.parity.flow import Flow, compare, first_difference

QUOTE = Quote(symbol="A", bid=1.0, bid_size=1.0, ask=2.0, ask_size=1.0, update_id=7, event_ns=4, received_ns=5)
INTENT = OrderIntent(
    id="s:A-1", runner="s:A", strategy="s", symbol="A", kind=IntentKind.ENTRY, side=Side.BUY, quantity=Decimal(1),
    reference_price=Decimal(2), cause=QUOTE.id, event_ns=5, received_ns=5,
)  # fmt: skip
ORDER = ApprovedOrder(
    id="s:A-1", intent_id="s:A-1", runner="s:A", strategy="s", symbol="A", kind=IntentKind.ENTRY, side=Side.BUY,
    quantity=Decimal(1), order_type=OrderType.MARKET, time_in_force=TimeInForce.GTC, reference_price=Decimal(2),
    cause="s:A-1", event_ns=5, received_ns=5,
)  # fmt: skip
FILL = Fill(
    id="s:A-1-f1", order_id="s:A-1", intent_id="s:A-1", runner="s:A", strategy="s", symbol="A", kind=IntentKind.ENTRY,
    side=Side.BUY, quantity=Decimal(1), price=Decimal(2), fee=Decimal(0), fee_currency="B", liquidity=Liquidity.TAKER,
    remaining_quantity=Decimal(0), venue="simulated", cause="s:A-1", event_ns=5, received_ns=5,
)  # fmt: skip
POSITION = PositionChanged(
    runner="s:A", strategy="s", currency="B", fees=Decimal(0), symbol="A", quantity=Decimal(1), average_price=Decimal(2), realised_pnl=Decimal(0),
    cause="s:A-1-f1", event_ns=5, received_ns=5,
)  # fmt: skip


def flow(*messages: AnyMessage, taken_ns: int = 5) -> Flow:
    """Return a run that published these."""
    made = Flow()
    for message in messages:
        if isinstance(message, Quote):
            made.hear(message, taken_ns)
        else:
            made.tell(message)
    return made


def test_equal_runs_have_equal_digests_and_no_difference() -> None:
    one, other = (flow(QUOTE, INTENT, ORDER, FILL, POSITION) for _ in range(2))
    assert first_difference(one, other) is None
    streams = {each.name: each for each in compare(one, other)}
    assert all(each.is_equal for each in streams.values())
    assert {name: each.stack for name, each in streams.items()} == {
        "market": 1, "intents": 1, "decisions": 2, "reports": 1, "orders": 1, "fills": 1, "balances": 1,
    }  # fmt: skip


def test_what_follows_from_a_difference_is_not_the_first() -> None:
    dear = msgspec.structs.replace(FILL, price=Decimal(3))
    entered = msgspec.structs.replace(POSITION, average_price=Decimal(3))
    difference = first_difference(flow(QUOTE, INTENT, ORDER, dear, entered), flow(QUOTE, INTENT, ORDER, FILL, POSITION))
    assert difference is not None
    assert difference.what == "message 1 of reports"
    assert difference.fields == ["price: expected Decimal('2'), found Decimal('3')"]
    assert [cause.partition("(")[0] for cause in difference.causes] == ["ApprovedOrder", "OrderIntent", "Quote"]


def test_a_missing_message_is_shown_with_what_would_have_led_there() -> None:
    difference = first_difference(flow(QUOTE), flow(QUOTE, INTENT))
    assert difference is not None
    assert (difference.what, difference.found) == ("message 1 of intents", "")
    assert difference.causes == [str(QUOTE)]


def test_market_data_taken_at_another_time_differs() -> None:
    one, other = flow(QUOTE, taken_ns=6), flow(QUOTE)
    difference = first_difference(one, other)
    assert difference is not None
    assert difference.fields == ["taken at: expected 5, found 6"]
    assert not compare(one, other)[0].is_equal
