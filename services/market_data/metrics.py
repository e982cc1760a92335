"""What Prometheus sees of market data: a projection of the messages published and of the source's inputs.

How it works: `observe` counts in plain numbers, as it runs for every tick and a counter of the client library would cost
as much as the tick itself; the families are made when Prometheus asks, from another thread, out of copies.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import override

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import REGISTRY, Collector, CollectorRegistry

from common.messages import (
    Bar,
    BookSnapshot,
    BookUpdate,
    ExternalSignal,
    Greeks,
    MarketState,
    MarketStatus,
    QueueMoved,
    Quote,
    Trade,
)
from services.market_data.core.depth_sync import ResyncReason
from services.market_data.core.inputs import CoreInput, CoreOutput, DepthFailed, DepthRequest, Reconnect

LATENCY_BOUNDS_MS = (0.0, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 5_000.0)
"""Upper bounds of the histogram; 0 takes what seems to come before it was sent, because two clocks differ."""
_NS_PER_MS = 1e6


class LatencyHistogram:
    """Counts per bound, the last for everything above."""

    __slots__ = ("counts", "sum_ms")

    def __init__(self) -> None:
        self.counts = [0] * (len(LATENCY_BOUNDS_MS) + 1)
        self.sum_ms = 0.0

    def observe(self, latency_ns: int) -> None:
        """Count one latency; one below 0 counts as 0."""
        latency_ms = latency_ns / _NS_PER_MS if latency_ns > 0 else 0.0
        self.counts[bisect_left(LATENCY_BOUNDS_MS, latency_ms)] += 1
        self.sum_ms += latency_ms

    def buckets(self) -> list[tuple[str, float]]:
        """Return (upper bound, how many at or below it), as Prometheus wants them."""
        total, buckets = 0, []
        for bound, count in zip((*LATENCY_BOUNDS_MS, float("inf")), list(self.counts), strict=True):
            total += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
        return buckets


class MarketDataMetrics(Collector):
    """The service's own metrics; labels come from the configured symbols and from enums, so their number is bounded."""

    def __init__(self, *, simulated: bool, registry: CollectorRegistry = REGISTRY) -> None:
        """Count from zero; `price_feed_simulated_price` exists only where the source is simulated."""
        self._simulated = simulated
        self._updates: Counter[str] = Counter()
        self._prices: dict[str, float] = {}
        self._latency = LatencyHistogram()
        self._gaps: Counter[str] = Counter()
        self._crossed: Counter[str] = Counter()
        self._stales: Counter[str] = Counter()
        self._resyncs: Counter[str] = Counter()
        self._bars: Counter[str] = Counter()
        self._states: dict[str, MarketState] = {}
        self._connects: Counter[str] = Counter()
        self._books = self._requests = self._failures = self._silences = 0
        registry.register(self)

    def observe(self, thing: CoreOutput | CoreInput) -> None:
        """Count one output of the core, or one input that is neither a frame nor a message."""
        match thing:
            case Quote():
                self._updates[thing.symbol] += 1
                self._prices[thing.symbol] = thing.mid
            case Trade():
                self._updates[thing.symbol] += 1
                self._latency.observe(thing.received_ns - thing.event_ns)
            case BookUpdate():
                self._books += 1
                self._latency.observe(thing.received_ns - thing.event_ns)
            case BookSnapshot():
                self._books += 1
            case Greeks() | ExternalSignal():
                pass  # no price of the market
            case QueueMoved():
                pass  # a part of the change of the book behind it, which counts
            case Bar():
                self._bars[thing.timeframe] += 1
            case MarketStatus():
                self._observe_status(thing)
            case _:
                self._observe_source(thing)

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they stand."""
        yield _counters("price_feed_updates", "Quotes and trades published.", "symbol", self._updates)
        latency = HistogramMetricFamily(
            "price_feed_latency_ms",
            "From the venue's time of a trade or change of the book to its receipt, in milliseconds.",
        )
        latency.add_metric([], self._latency.buckets(), self._latency.sum_ms)
        yield latency
        if self._simulated:
            price = GaugeMetricFamily("price_feed_simulated_price", "Mid price of the simulation.", labels=["symbol"])
            for symbol, value in dict(self._prices).items():
                price.add_metric([symbol], value)
            yield price
        yield _counters("market_data_gaps", "Holes in the venue's numbering.", "symbol", self._gaps)
        yield _counters("market_data_crossed_books", "Books found crossed.", "symbol", self._crossed)
        yield _counters("market_data_stale", "Times a symbol went stale.", "symbol", self._stales)
        yield _counters("market_data_resyncs", "Books thrown away or begun, and fetched.", "reason", self._resyncs)
        yield _counters("market_data_bars", "Bars published.", "timeframe", self._bars)
        yield from self._collect_totals()

    def _collect_totals(self) -> Iterator[Metric]:
        states = list(self._states.values())
        yield _gauge("market_data_stale_symbols", "Symbols that are stale now.", states.count(MarketState.STALE))
        yield _gauge("market_data_live_symbols", "Symbols whose data is good now.", states.count(MarketState.LIVE))
        connects = max(list(self._connects.values()), default=0)
        yield _counter("market_data_reconnects", "Connections after the first.", max(0, connects - 1))
        yield _counter("market_data_book_updates", "Books and changes of books published.", self._books)
        yield _counter("market_data_book_requests", "Whole books asked for.", self._requests)
        yield _counter("market_data_book_failures", "Requests for a whole book that failed.", self._failures)
        yield _counter("market_data_silent_connections", "Connections given up as silent.", self._silences)

    def _observe_source(self, thing: CoreOutput | CoreInput) -> None:
        match thing:
            case DepthRequest():
                self._requests += 1
            case DepthFailed():
                self._failures += 1
            case Reconnect():
                self._silences += 1
            case _:
                return

    def _observe_status(self, status: MarketStatus) -> None:
        symbol, reason = status.symbol, status.reason
        for counts in (self._gaps, self._stales):
            counts.setdefault(symbol, 0)  # A rate over a counter that appears with its first event misses that event.
        self._states[symbol] = status.state
        match status.state:
            case MarketState.STALE:
                self._stales[symbol] += 1
            case MarketState.RESYNCING if reason in list(ResyncReason):
                self._resyncs[reason] += 1
                self._connects[symbol] += reason == ResyncReason.CONNECTED
                self._gaps[symbol] += reason == ResyncReason.GAP
                self._crossed[symbol] += reason == ResyncReason.CROSSED
            case MarketState.RESYNCING | MarketState.LIVE | MarketState.DISCONNECTED:
                return


def _counters(name: str, text: str, label: str, counts: Counter[str]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in dict(counts).items():
        family.add_metric([value], count)
    return family


def _counter(name: str, text: str, count: int) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=count)


def _gauge(name: str, text: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
