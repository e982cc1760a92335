"""Market data on recorded Binance frames: book update, bar update, and the whole core from frame to messages."""

import time
from pathlib import Path

from benchmarks.figures import Figure, percentile
from common.config.models import MarketDataSection
from common.messages import Side, Trade
from common.timeframes import NS_PER_MS
from services.market_data.adapters.recordings import frames, replies
from services.market_data.core import venues
from services.market_data.core.bars import SymbolBars
from services.market_data.core.book import OrderBook
from services.market_data.core.events import DepthDiff, DepthSnapshot
from services.market_data.core.feed import MarketDataCore
from services.market_data.core.inputs import Connected, DepthReply, VenueFrame
from services.market_data.core.tape import Tape

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared" / "data" / "binance" / "com"
OWN = PROJECT / "tests" / "fixtures" / "binance"
TRADES = 50_000
RECORDED_NS = 1_723_161_255_000_000_000
SNAPSHOT_AT = 20
"""The frame before which the recorded book is given; it was taken about then."""


def run() -> list[Figure]:
    """Measure on the large recording where it lies beside the project, else on the project's own fixture."""
    folder, stem = (SHARED, "hb_20240808_btcusdt") if SHARED.is_dir() else (OWN, "btcusdt_20240808")
    payloads = [frame.payload for frame in frames(folder / f"{stem}_ws.jsonl.gz")]
    body = next(iter(replies(folder / f"{stem}_depth_rest.jsonl.gz"))).body
    return [*_book(payloads, body), *_core(payloads, body), _bars()]


def _book(payloads: list[bytes], body: bytes) -> list[Figure]:
    venue = venues.load("binance")
    snapshot = venue.decode_depth(body)
    assert isinstance(snapshot, DepthSnapshot), "the recorded reply is a book"
    book = OrderBook(5_000)
    book.load(snapshot.update_id, snapshot.bids, snapshot.asks)
    diffs = [event for payload in payloads for event in venue.decode(payload) if isinstance(event, DepthDiff)]
    samples = []
    for diff in diffs:
        start_ns = time.perf_counter_ns()
        book.apply(diff.update_id, diff.bids, diff.asks)
        book.crossed()
        samples.append((time.perf_counter_ns() - start_ns) / 1e3)
    levels = sum(len(diff.bids) + len(diff.asks) for diff in diffs) / len(diffs)
    return [
        Figure(
            f"book update from a decoded frame, {levels:.0f} levels, p50",
            percentile(samples, 0.5),
            "us",
            "< 1 ms",
            "<= 5 us",
        ),
        Figure("book update from a decoded frame, p99", percentile(samples, 0.99), "us", "< 1 ms"),
    ]


def _core(payloads: list[bytes], body: bytes) -> list[Figure]:
    core = MarketDataCore(MarketDataSection(), ["BTCUSDT"], venues.load("binance"))
    core.require_bars("BTCUSDT", "1s")
    core.handle(Connected(1), RECORDED_NS)
    samples: list[float] = []
    published = 0
    for number, payload in enumerate(payloads):
        now_ns = RECORDED_NS + number * NS_PER_MS
        if number == SNAPSHOT_AT:
            core.handle(DepthReply("BTCUSDT", body, now_ns), now_ns)
        frame = VenueFrame(payload, now_ns)
        start_ns = time.perf_counter_ns()
        published += len(core.handle(frame, now_ns))
        samples.append((time.perf_counter_ns() - start_ns) / 1e3)
    return [
        Figure("frame -> messages, whole core, p50", percentile(samples, 0.5), "us"),
        Figure("frame -> messages, whole core, p99", percentile(samples, 0.99), "us"),
        Figure("frames through the core", len(samples) / sum(samples) * 1e6, "1/s"),
        Figure("messages published", published, "count"),
    ]


def _bars() -> Figure:
    bars = SymbolBars("BTCUSDT", 250_000_000, Tape())
    bars.require("1m")
    trades = [
        Trade(
            symbol="BTCUSDT", price=100.0 + number % 7, size=0.5, side=Side.BUY, trade_id=number, first_trade_id=number,
            event_ns=number * 10_000_000, received_ns=number * 10_000_000,
        )
        for number in range(1, TRADES)
    ]  # fmt: skip
    start_ns = time.perf_counter_ns()
    for trade in trades:
        bars.trade(trade, trade.event_ns)
    return Figure("bar update per trade", (time.perf_counter_ns() - start_ns) / TRADES / 1e3, "us")
