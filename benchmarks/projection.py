"""The platform's state: a million events folded and hashed, and ready again from a log through the latest snapshot."""

import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from common.codec import encode
from common.journal import Journal
from common.messages import (
    AccountChanged,
    AnyMessage,
    ApprovedOrder,
    Fill,
    IntentKind,
    Liquidity,
    OrderAccepted,
    OrderIntent,
    OrderType,
    PositionChanged,
    Quote,
    Side,
    TimeInForce,
)
from common.routes import publisher_of, topic_of
from services.event_store.adapters.projected import ProjectedLog
from services.event_store.core.chain import GENESIS, chained
from services.event_store.core.projection.fold import Projection
from services.event_store.core.stored import Stored, encode_stored

EVENTS = 1_049_999
"""One less than would make another snapshot: the longest tail there can be."""
QUOTES_PER_ORDER = 14
"""Beside the six messages of an order: one order in twenty events."""
RUNNERS = 100
GROUP = 5_000


def run() -> list[Figure]:
    """Measure a fold in memory, and opening a log of as many events with and without a snapshot."""
    events = list(_stored())
    projection = Projection()
    fold_s = min(_timed(lambda: Projection().take_all(events)) for _ in range(2))
    projection.take_all(events)
    digest_s = min(_timed(projection.digest) for _ in range(5))
    snapshot, snapshot_s = projection.snapshot(), min(_timed(projection.snapshot) for _ in range(5))
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), events)
        whole_s, found = _ready(Path(folder))  # from nothing: it writes the snapshots on the way
        ready_s, again = min(_ready(Path(folder)) for _ in range(3))
    assert found == again == projection.digest(), "a log and its snapshots lead to another state"
    return [
        Figure("fold, decoding included", EVENTS / fold_s, "1/s"),
        Figure("state hash of a million events, from nothing", fold_s + digest_s, "s"),
        Figure("the hash itself, of a state with all orders kept", digest_s * 1e3, "ms"),
        Figure("snapshot of the projection", snapshot_s * 1e3, "ms"),
        Figure("snapshot of the projection", len(snapshot) / 1e3, "kB"),
        Figure("a log of a million events, read and folded from nothing", whole_s, "s"),
        Figure("ready from it through snapshots", ready_s, "s", owed="< 2"),
    ]


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _write(folder: Path, events: list[Stored]) -> None:
    journal, digest = Journal(folder / "events"), GENESIS
    for event in events:
        body = encode_stored(event)
        digest = chained(digest, body)
        journal.append(digest + body)
        if event.sequence % GROUP == 0:
            journal.flush()
    journal.close()


def _ready(folder: Path) -> tuple[float, str]:
    start = time.perf_counter()
    projected = ProjectedLog(folder)
    projected.catch_up()
    return time.perf_counter() - start, projected.projection.digest()


def _stored() -> Iterator[Stored]:
    for number, message in enumerate(_messages(), 1):
        topic = topic_of(message) or ""
        yield Stored(number, number, publisher_of(topic), topic, number, encode(message))
        if number == EVENTS:
            return


def _messages() -> Iterator[AnyMessage]:
    number = 0
    while True:
        number += 1
        symbol = f"S{number % RUNNERS}USDT"
        for step in range(QUOTES_PER_ORDER):
            yield Quote(
                symbol=symbol, bid=100.0 + step, bid_size=1.0, ask=100.5 + step, ask_size=1.0, update_id=number,
                event_ns=number, received_ns=number,
            )  # fmt: skip
        yield from _order(f"ema:{symbol}", symbol, number)


def _order(runner: str, symbol: str, number: int) -> Iterator[AnyMessage]:
    at: dict[str, Any] = {"event_ns": number, "received_ns": number}
    who: dict[str, Any] = {"runner": runner, "symbol": symbol}
    of: dict[str, Any] = {**at, **who, "strategy": "ema"}
    id_, side, price = f"{runner}-{number}", (Side.BUY, Side.SELL)[number // RUNNERS % 2], Decimal("100.25")
    wanted: dict[str, Any] = {
        "id": id_, "kind": IntentKind.ENTRY, "side": side, "quantity": Decimal(1), "reference_price": price,
    }  # fmt: skip
    yield OrderIntent(**of, **wanted, cause=f"bar:{symbol}:1m:{number}")
    yield ApprovedOrder(
        **of, **wanted, intent_id=id_, order_type=OrderType.MARKET, time_in_force=TimeInForce.GTC, cause=id_
    )
    yield OrderAccepted(**at, **who, order_id=id_, intent_id=id_, venue="simulated", cause=id_)
    yield Fill(
        **of, id=f"{id_}-f1", order_id=id_, intent_id=id_, kind=IntentKind.ENTRY, side=side, quantity=Decimal(1),
        price=price, fee=Decimal("0.1"), fee_currency="USDT", liquidity=Liquidity.TAKER, remaining_quantity=Decimal(0),
        venue="simulated", cause=id_,
    )  # fmt: skip
    money: dict[str, Any] = {"currency": "USDT", "realised_pnl": Decimal("-0.1"), "fees": Decimal("0.1")}
    yield PositionChanged(**of, **money, quantity=Decimal(1), average_price=price, cause=f"{id_}-f1")
    yield AccountChanged(**at, **money, cash=Decimal(1_000), open_positions=1, cause=f"{id_}-f1")
