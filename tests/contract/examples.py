"""One message of every type, all fields filled: what the golden bytes were made from.

`python -m tests.contract.examples` writes the bytes of types that have none yet. It never changes a file: other bytes
for a known message are a new schema, and whoever wants one removes the file.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from common.codec import encode
from common.messages import (
    AccountChanged,
    AmendIntent,
    AmendRefused,
    AmendRejected,
    ApprovedAmend,
    ApprovedCancel,
    ApprovedOrder,
    Bar,
    BarSource,
    BookSnapshot,
    BookUpdate,
    CancelIntent,
    CancelReason,
    DifferenceAction,
    DifferenceKind,
    ExternalSignal,
    Fill,
    Greeks,
    Guards,
    Halt,
    Health,
    HealthState,
    HeardKind,
    Heartbeat,
    InputGap,
    IntentKind,
    LimitChange,
    Liquidity,
    MarketState,
    MarketStatus,
    OperatorCommand,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    OrderTerms,
    OrderTriggered,
    OrderType,
    PositionChanged,
    PositionDiffers,
    QueueMoved,
    Quote,
    RejectReason,
    Reply,
    Request,
    RiskLimitsChanged,
    RunnerFailed,
    RunnerState,
    RunnerTransitioned,
    Side,
    Sized,
    SizingHint,
    StopUpdate,
    TimeInForce,
    Trade,
    TradingState,
    TradingStateChanged,
    TriggerBy,
    VenueDifference,
    VenueHeard,
    VenueRejectReason,
    VenueRequest,
)

GOLDEN = Path(__file__).with_name("golden")

_AT: dict[str, Any] = {"event_ns": 1_700_000_000_123_456_789, "received_ns": 1_700_000_000_123_956_789}
_RUNNER: dict[str, Any] = {"runner": "ema_crossover:BTCUSDT", "symbol": "BTCUSDT"}
_STRATEGY: dict[str, Any] = {**_RUNNER, "strategy": "ema_crossover"}
_INTENT = "ema_crossover:BTCUSDT-7"
_VENUE: dict[str, Any] = {**_RUNNER, "order_id": _INTENT, "intent_id": _INTENT, "venue": "simulated", "cause": _INTENT}

_TERMS = OrderTerms(
    trigger_price=Decimal("59900.00"),
    trigger_by=TriggerBy.MID,
    trail=Decimal("120.00"),
    trail_bps=Decimal(25),
    expires_ns=1_700_000_060_000_000_000,
    post_only=True,
    oco="exit",
    legs=2,
)

EXAMPLES: list[msgspec.Struct] = [
    Trade(
        **_AT,
        symbol="BTCUSDT",
        price=60_000.01,
        size=0.125,
        side=Side.SELL,
        trade_id=3_735_929_054,
        first_trade_id=3_735_929_052,
    ),
    Quote(
        **_AT, symbol="BTCUSDT", bid=60_000.0, bid_size=1.5, ask=60_000.01, ask_size=0.00001, update_id=49_012_345_678
    ),
    BookSnapshot(
        **_AT, symbol="BTCUSDT", update_id=100, bids=[(60_000.0, 1.5), (59_999.99, 2.0)], asks=[(60_000.01, 0.25)]
    ),
    BookUpdate(
        **_AT, symbol="BTCUSDT", first_update_id=101, update_id=104, bids=[(60_000.0, 0.0)], asks=[(60_000.02, 3.0)]
    ),
    Greeks(
        **_AT,
        symbol="BTC-29MAR24-60000-C",
        delta=0.6,
        gamma=0.0001,
        vega=12.5,
        theta=-30.25,
        iv=65.5,
        mark=0.0845,
        underlying=60_000.5,
    ),
    ExternalSignal(**_AT, name="mood", symbol="BTCUSDT", value=0.75, text="calm"),
    QueueMoved(**_AT, symbol="BTCUSDT", side=Side.BUY, price=60_000.0, size=0.5, ahead=1.25),
    Bar(
        **_AT,
        symbol="BTCUSDT",
        timeframe="1m",
        start_ns=1_700_000_000_000_000_000,
        end_ns=1_700_000_060_000_000_000,
        open=60_000.0,
        high=60_010.5,
        low=59_990.25,
        close=60_005.0,
        volume=12.5,
        trade_count=321,
        source=BarSource.TRADES,
        partial=True,
    ),
    MarketStatus(**_AT, symbol="BTCUSDT", state=MarketState.RESYNCING, reason="gap after 104"),
    OrderIntent(
        **_AT,
        **_STRATEGY,
        id=_INTENT,
        kind=IntentKind.ENTRY,
        side=Side.BUY,
        quantity=Decimal("0.12500"),
        reference_price=Decimal("60000.01"),
        cause="bar:BTCUSDT:1m:1700000000000000000",
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.IOC,
        limit_price=Decimal("60000.02"),
        stop_price=Decimal("58800.01"),
        target_price=Decimal("62400.01"),
        reason="fast above slow",
        sizing=SizingHint(Decimal("0.01"), Decimal("120.5")),
        terms=_TERMS,
        guards=Guards(trail=Decimal("150.00"), trail_share=Decimal("0.01"), breakeven_at=Decimal("60600.00")),
    ),
    CancelIntent(
        **_AT, **_RUNNER, id=f"{_INTENT}-cancel", intent_id=_INTENT, reason="no fill in time", cause="quote:BTCUSDT:9"
    ),
    ApprovedOrder(
        **_AT,
        **_STRATEGY,
        id=_INTENT,
        intent_id=_INTENT,
        kind=IntentKind.ENTRY,
        side=Side.BUY,
        quantity=Decimal("0.12500"),
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        reference_price=Decimal("60000.01"),
        cause=_INTENT,
        limit_price=Decimal("60000.02"),
        reduce_only=True,
        sizing=Sized("risk_per_trade", {"equity": "100000", "risk_percent": "1"}),
        terms=_TERMS,
    ),
    AmendIntent(
        **_AT,
        **_RUNNER,
        id="ema_crossover:BTCUSDT-8",
        intent_id=_INTENT,
        cause="bar:BTCUSDT:1m:1700000000000000000",
        quantity=Decimal("0.10000"),
        limit_price=Decimal("59990.00"),
        trigger_price=Decimal("59950.00"),
        reason="nearer",
    ),
    ApprovedAmend(
        **_AT,
        id="ema_crossover:BTCUSDT-8",
        order_id=_INTENT,
        symbol="BTCUSDT",
        cause="ema_crossover:BTCUSDT-8",
        quantity=Decimal("0.10000"),
        limit_price=Decimal("59990.00"),
        trigger_price=Decimal("59950.00"),
    ),
    ApprovedCancel(**_AT, id=f"{_INTENT}-cancel", order_id=_INTENT, symbol="BTCUSDT", cause=f"{_INTENT}-cancel"),
    AmendRefused(
        **_AT,
        **_RUNNER,
        order_id=_INTENT,
        reason=RejectReason.PRICE_COLLAR,
        limit="5 %",
        found="12.5 %",
        detail="the price 52500 lies 12.5 % from the mark 60000, 5 % are allowed",
        cause="ema_crossover:BTCUSDT-8",
        code=302,
        used="1",
        asked="52500",
    ),
    OrderRefused(
        **_AT,
        **_RUNNER,
        intent_id=_INTENT,
        reason=RejectReason.NOTIONAL,
        limit="100000",
        found="120000.50",
        detail="exposure would be 120000.50, above 100000",
        cause=_INTENT,
        code=406,
        used="100000.50",
        asked="20000",
    ),
    OrderAccepted(**_AT, **_VENUE),
    OrderRejected(**_AT, **_VENUE, reason=VenueRejectReason.INVALID_PRICE, detail="price 60000.015 is not on the tick"),
    OrderCancelled(**_AT, **_VENUE, remaining_quantity=Decimal("0.02500"), reason=CancelReason.EXPIRED),
    OrderTriggered(**_AT, **_VENUE),
    OrderAmended(
        **_AT,
        **_VENUE,
        quantity=Decimal("0.10000"),
        remaining_quantity=Decimal("0.02500"),
        limit_price=Decimal("59990.00"),
        trigger_price=Decimal("59950.00"),
    ),
    AmendRejected(**_AT, **_VENUE, reason=VenueRejectReason.UNKNOWN_ORDER, detail="it does not rest"),
    Fill(
        **_AT,
        **_VENUE,
        id=f"{_INTENT}-f1",
        strategy="ema_crossover",
        kind=IntentKind.ENTRY,
        side=Side.BUY,
        quantity=Decimal("0.10000"),
        price=Decimal("60000.02"),
        fee=Decimal("6.000002"),
        fee_currency="USDT",
        liquidity=Liquidity.TAKER,
        remaining_quantity=Decimal("0.02500"),
    ),
    PositionChanged(
        **_AT,
        **_STRATEGY,
        currency="USDT",
        quantity=Decimal("-0.10000"),
        average_price=Decimal("60000.02"),
        realised_pnl=Decimal("-12.5"),
        fees=Decimal("6.000002"),
        cause=f"{_INTENT}-f1",
        stop_price=Decimal("58800.01"),
        target_price=Decimal("62400.01"),
        guards=Guards(trail=Decimal("150.00"), trail_share=Decimal("0.01"), breakeven_at=Decimal("60600.00")),
    ),
    AccountChanged(
        **_AT,
        currency="USDT",
        cash=Decimal("93993.999998"),
        realised_pnl=Decimal("-12.5"),
        fees=Decimal("6.000002"),
        open_positions=1,
        cause=f"{_INTENT}-f1",
    ),
    PositionDiffers(
        **_AT,
        **_RUNNER,
        ours=Decimal("0.125"),
        theirs=Decimal("0.250"),
        action=DifferenceAction.HALTED,
        cause="reconcile:7",
    ),
    RiskLimitsChanged(
        **_AT,
        changes=[LimitChange("max_open_positions", "5", "7")],
        origin="file",
        cause="operator:7",
    ),
    TradingStateChanged(
        **_AT,
        before=TradingState.ACTIVE,
        after=TradingState.HALTED,
        reason="kill_switch",
        detail="killed by an operator (fat finger)",
        cause="0f3b-1",
    ),
    RunnerTransitioned(
        **_AT,
        **_STRATEGY,
        before=RunnerState.ANALYZING,
        after=RunnerState.IN_POSITION,
        reason="filled",
        cause=f"{_INTENT}-f1",
    ),
    RunnerFailed(
        **_AT,
        **_STRATEGY,
        error="ema_crossover.lua:12: attempt to index a nil value",
        error_count=5,
        paused=True,
        cause="bar:BTCUSDT:1m:1700000000000000000",
    ),
    Heartbeat(**_AT, service="signal", last={"intents": (1, 42)}),
    Health(
        **_AT,
        service="signal",
        state=HealthState.DEGRADED,
        detail="waiting for market_data",
        pid=4_242,
        uptime_ms=61_000,
        last_message_age_ms=12,
        counters={"intents": 42},
    ),
    InputGap(**_AT, topic="trade.BTCUSDT", missing=17),
    Halt(**_AT, service="signal", error="AssertionError: position without entry"),
    OperatorCommand(**_AT, id="a1b2", service="risk_manager", name="reset", arguments={"by": "operator"}),
    StopUpdate(
        **_AT,
        **_RUNNER,
        id=f"{_INTENT}-stop",
        stop_price=Decimal("59500.00"),
        target_price=Decimal("63000.00"),
        cause="bar:BTCUSDT:1m:1700000000000000000",
        allow_widen=True,
    ),
    VenueDifference(
        **_AT,
        venue="gateway",
        kind=DifferenceKind.LOST_FILL,
        action=DifferenceAction.HEALED,
        symbol="BTCUSDT",
        order_id=_INTENT,
        ours="0",
        theirs="0.025",
        cause="gateway-7",
    ),
    VenueRequest(**_AT, id="gateway-7", venue="gateway", method="submit", body=b'{"id":"a"}'),
    VenueHeard(
        **_AT, venue="gateway", kind=HeardKind.REPLY, request_id="gateway-7", status=200, body=b'{"order_id":"a"}'
    ),
    Request(
        id="a1b2",
        name="replay",
        deadline_ns=1_700_000_001_000_000_000,
        arguments={"topic": "intents", "first": 3},
        machine="5d1c8ab2-70d1-4c9e-8a56-2f3c9c1d7e44",
    ),
    Reply(id="a1b2", ok=True, result={"last": 42, "messages": [b"\x80"]}, error="none"),
]


def tag_of(message: msgspec.Struct) -> str:
    """Return the word that names a message's type on the wire."""
    return str(message.__struct_config__.tag)


def write_missing() -> list[Path]:
    """Write the golden bytes of types that have none; return the files made."""
    made = []
    for example in EXAMPLES:
        path = GOLDEN / f"{tag_of(example)}.hex"
        if not path.exists():
            path.write_text(encode(example).hex(" ") + "\n")
            made.append(path)
    return made


if __name__ == "__main__":
    write_missing()
