"""The metrics: the names that dashboards ask for, out of the messages that were published."""

from prometheus_client import CollectorRegistry

from common.messages import Bar, BarSource, BookUpdate, MarketState, MarketStatus
from services.market_data.core.inputs import CoreInput, CoreOutput, DepthFailed, DepthRequest, Reconnect, VenueFrame
from services.market_data.metrics import MarketDataMetrics
from tests.unit.market_data.builders import MINUTE, T0, trade
from tests.unit.market_data.test_recorded import quote


def status(symbol: str, state: MarketState, reason: str) -> MarketStatus:
    return MarketStatus(symbol=symbol, state=state, reason=reason, event_ns=T0, received_ns=T0)


def observed(*things: CoreOutput | CoreInput, simulated: bool = False) -> CollectorRegistry:
    registry = CollectorRegistry()
    metrics = MarketDataMetrics(simulated=simulated, registry=registry)
    for thing in things:
        metrics.observe(thing)
    return registry


def test_updates_and_simulated_price() -> None:
    registry = observed(quote(1), quote(2, bid=100.0), trade(1, T0), simulated=True)
    assert registry.get_sample_value("price_feed_updates_total", {"symbol": "X"}) == 3
    assert registry.get_sample_value("price_feed_simulated_price", {"symbol": "X"}) == 100.5
    assert observed(quote(1)).get_sample_value("price_feed_simulated_price", {"symbol": "X"}) is None


def test_latency_is_a_histogram_and_what_comes_too_early_counts_as_zero() -> None:
    early = BookUpdate(symbol="X", first_update_id=1, update_id=1, bids=[], asks=[], event_ns=T0, received_ns=T0 - 5)
    late = BookUpdate(
        symbol="X", first_update_id=2, update_id=2, bids=[], asks=[], event_ns=T0, received_ns=T0 + 7_000_000
    )
    registry = observed(early, late, late)
    assert registry.get_sample_value("price_feed_latency_ms_bucket", {"le": "0.0"}) == 1
    assert registry.get_sample_value("price_feed_latency_ms_bucket", {"le": "10.0"}) == 3
    assert registry.get_sample_value("price_feed_latency_ms_count") == 3
    assert registry.get_sample_value("price_feed_latency_ms_sum") == 14.0
    assert registry.get_sample_value("market_data_book_updates_total") == 3


def test_states_and_their_reasons() -> None:
    registry = observed(
        status("X", MarketState.RESYNCING, "connected"),
        status("X", MarketState.LIVE, "synced"),
        status("Y", MarketState.RESYNCING, "connected"),
        status("Y", MarketState.LIVE, "synced"),
        status("X", MarketState.RESYNCING, "gap"),
        status("X", MarketState.LIVE, "synced"),
        status("Y", MarketState.STALE, "silent for 5000 ms"),
    )
    assert registry.get_sample_value("market_data_gaps_total", {"symbol": "X"}) == 1
    assert registry.get_sample_value("market_data_gaps_total", {"symbol": "Y"}) == 0
    assert registry.get_sample_value("market_data_resyncs_total", {"reason": "gap"}) == 1
    assert registry.get_sample_value("market_data_stale_total", {"symbol": "Y"}) == 1
    assert registry.get_sample_value("market_data_stale_symbols") == 1
    assert registry.get_sample_value("market_data_live_symbols") == 1
    assert registry.get_sample_value("market_data_reconnects_total") == 0


def test_a_second_connection_is_a_reconnect_however_many_symbols() -> None:
    turns = (MarketState.RESYNCING, "connected"), (MarketState.DISCONNECTED, "closed")
    registry = observed(*(status(symbol, *turn) for turn in turns * 3 for symbol in "XY"))
    assert registry.get_sample_value("market_data_reconnects_total") == 2


def test_requests_and_bars() -> None:
    bar = Bar(
        symbol="X",
        timeframe="1m",
        start_ns=T0,
        end_ns=T0 + MINUTE,
        open=1.0,
        high=1.0,
        low=1.0,
        close=1.0,
        volume=1.0,
        trade_count=1,
        source=BarSource.TRADES,
        event_ns=T0,
        received_ns=T0,
    )
    registry = observed(bar, DepthRequest("X", 10), DepthFailed("X", "?"), Reconnect("?"), VenueFrame(b"", T0))
    assert registry.get_sample_value("market_data_bars_total", {"timeframe": "1m"}) == 1
    for name in ("book_requests", "book_failures", "silent_connections"):
        assert registry.get_sample_value(f"market_data_{name}_total") == 1
