"""The core of a venue's feed: what it publishes, what it asks for, and what it never shows."""

import pytest

from common.messages import Bar, BarSource, BookSnapshot, BookUpdate, MarketState, MarketStatus, Quote, Trade
from services.market_data.core.depth_sync import FIRST_DIFF_WAIT_NS, RETRY_NS, ResyncReason
from services.market_data.core.events import SubscriptionReply, Undecodable, UnknownEvent, VenueCandle
from services.market_data.core.feed import DEPTH_BURST, DEPTH_INTERVAL_NS, MAX_KINDS, SILENT_STALES
from services.market_data.core.inputs import (
    Connected,
    CoreOutput,
    DepthFailed,
    DepthRequest,
    Disconnected,
    Reconnect,
)
from tests.unit.market_data.builders import MINUTE, SECOND, T0, diff, ticker, venue_trade, whole
from tests.unit.market_data.fake_venue import Feed


def states(outputs: list[CoreOutput]) -> list[tuple[MarketState, str]]:
    return [(each.state, each.reason) for each in outputs if isinstance(each, MarketStatus)]


def synced(**changes: object) -> Feed:
    feed = Feed(("X",), **changes)
    feed.core.handle(Connected(1), T0)
    feed.events(T0, diff(10, 11))
    feed.book(T0, whole(10))
    return feed


def symbol_status(feed: Feed) -> dict[str, object]:
    found: dict[str, object] = feed.core.status()["symbols"]["X"]
    return found


def test_from_connection_to_a_good_book() -> None:
    feed = Feed()
    assert states(list(feed.core.handle(Connected(1), T0))) == [(MarketState.RESYNCING, "connected")]
    assert feed.core.topic_snapshot("book.X") is None
    assert feed.events(T0 + 1, diff(10, 11, bids=[(98.0, 2.0)])) == [DepthRequest("X", 1_000)]
    snapshot, live, quote = feed.book(T0 + 2, whole(10))
    assert snapshot == BookSnapshot(
        symbol="X",
        update_id=11,
        bids=[(99.0, 1.0), (98.0, 2.0)],
        asks=[(101.0, 1.0)],
        event_ns=T0 + 2,
        received_ns=T0 + 2,
    )
    assert isinstance(live, MarketStatus)
    assert live.state is MarketState.LIVE
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.ask, quote.update_id) == (99.0, 101.0, 11)
    kept = feed.core.topic_snapshot("book.X")
    assert isinstance(kept, BookSnapshot)
    assert (kept.update_id, kept.bids, kept.asks) == (11, snapshot.bids, snapshot.asks)
    assert feed.core.topic_snapshot("quote.X") is None
    assert feed.core.topic_snapshot("book.Y") is None


def test_changes_are_published_in_one_unbroken_chain() -> None:
    feed = synced()
    (first,) = feed.events(T0, diff(12, 14, bids=[(98.0, 1.0)]))
    (second,) = feed.events(T0, diff(14, 15, bids=[(97.0, 1.0)], at=T0 + 5))
    assert isinstance(first, BookUpdate)
    assert isinstance(second, BookUpdate)
    assert (first.first_update_id, first.update_id) == (12, 14)
    assert (second.first_update_id, second.update_id, second.event_ns) == (15, 15, T0 + 5)
    assert feed.events(T0, diff(12, 14)) == []
    assert symbol_status(feed)["old_diffs"] == 1


def test_a_gap_is_said_once_and_the_book_is_not_shown_until_it_is_good() -> None:
    feed = synced()
    feed.events(T0, diff(12, 12))
    outputs = feed.events(T0, diff(14, 14)) + feed.events(T0, diff(17, 18)) + feed.events(T0, diff(13, 13))
    assert outputs == [
        MarketStatus(symbol="X", state=MarketState.RESYNCING, reason=ResyncReason.GAP, event_ns=T0, received_ns=T0)
    ]
    status = symbol_status(feed)
    assert (status["state"], status["gaps"], status["old_diffs"]) == ("resyncing", 2, 1)


def test_a_lost_change_resyncs() -> None:
    feed = synced()
    feed.events(T0, diff(12, 12))
    outputs = feed.events(T0, diff(14, 15))
    assert states(outputs) == [(MarketState.RESYNCING, ResyncReason.GAP)]
    assert not [each for each in outputs if isinstance(each, BookUpdate)]
    assert feed.core.topic_snapshot("book.X") is None
    assert feed.core.next_deadline_ns() == T0 + RETRY_NS
    assert feed.passes(T0 + RETRY_NS) == [DepthRequest("X", 1_000)]
    outputs = feed.book(T0 + RETRY_NS, whole(14))
    assert states(outputs) == [(MarketState.LIVE, "synced")]
    status = symbol_status(feed)
    assert (status["gaps"], status["resyncs"], status["book_requests"]) == (1, 1, 2)


def test_a_crossed_book_is_never_published() -> None:
    feed = synced()
    outputs = feed.events(T0, diff(12, 12, bids=[(102.0, 1.0)]))
    assert states(outputs) == [(MarketState.RESYNCING, ResyncReason.CROSSED)]
    assert len(outputs) == 1
    assert symbol_status(feed)["crossed"] == 1


def test_a_book_that_contradicts_the_ticker_is_thrown_away() -> None:
    feed = synced()
    feed.events(T0, ticker(12, size=1.0), ticker(13, size=7.0))
    assert isinstance(feed.events(T0, diff(12, 12))[0], BookUpdate)
    assert states(feed.events(T0, diff(13, 13))) == [(MarketState.RESYNCING, ResyncReason.MISMATCH)]
    status = symbol_status(feed)
    assert (status["book_ticker_checks"], status["book_ticker_mismatches"]) == (2, 1)


def test_a_ticker_that_comes_after_the_book_is_compared_too() -> None:
    feed = synced()
    feed.events(T0, diff(12, 12))
    outputs = feed.events(T0, ticker(12, size=7.0))
    assert states(outputs) == [(MarketState.RESYNCING, ResyncReason.MISMATCH)]


def test_quotes_come_from_ticker_and_book_in_rising_numbers() -> None:
    feed = synced()
    (first,) = feed.events(T0, ticker(14, 99.5))
    assert feed.events(T0, ticker(14, 99.5)) == []
    assert [type(each) for each in feed.events(T0, diff(12, 13, bids=[(99.25, 1.0)]))] == [BookUpdate]
    update, second = feed.events(T0, diff(14, 15, bids=[(100.0, 1.0)]))
    assert isinstance(first, Quote)
    assert isinstance(update, BookUpdate)
    assert isinstance(second, Quote)
    assert [each.update_id for each in (first, second)] == [14, 15]
    assert [type(each) for each in feed.events(T0, diff(16, 16, bids=[(98.0, 1.0)]))] == [BookUpdate]


@pytest.mark.parametrize(("bid", "ask"), [(101.0, 101.0), (102.0, 101.0), (0.0, 101.0), (99.0, 0.0)])
def test_a_ticker_crossed_or_one_sided_is_no_quote(bid: float, ask: float) -> None:
    feed = synced()
    assert feed.events(T0, ticker(20, bid, ask)) == []
    status = symbol_status(feed)
    assert (status["crossed"], status["one_sided_quotes"]) in [(1, 0), (0, 1)]


def test_trades_count_once_and_single_ones_win() -> None:
    feed = synced()
    aggregate = venue_trade(7, first=5, aggregate=True)
    outputs = feed.events(T0, aggregate, aggregate, venue_trade(8), venue_trade(9, aggregate=True), venue_trade(8))
    trades = [each for each in outputs if isinstance(each, Trade)]
    assert [(each.first_trade_id, each.trade_id) for each in trades] == [(5, 7), (8, 8)]
    assert symbol_status(feed)["duplicate_trades"] == 2


def test_a_bar_stands_before_the_trade_that_closes_it() -> None:
    feed = synced(timeframes=["1m"])
    feed.events(T0, venue_trade(1, T0 + 1))
    bar, trade = feed.events(T0, venue_trade(2, T0 + MINUTE))
    assert isinstance(bar, Bar)
    assert isinstance(trade, Trade)
    assert bar.source is BarSource.TRADES


def test_the_venues_own_candles_are_published_once_closed() -> None:
    feed = synced()
    closed = VenueCandle("X", "1m", T0, T0 + MINUTE, 1.0, 3.0, 0.5, 2.0, 9.0, 4, True, T0 + MINUTE)
    open_ = VenueCandle("X", "1m", T0 + MINUTE, T0 + 2 * MINUTE, 1.0, 3.0, 0.5, 2.0, 9.0, 4, False, T0 + MINUTE)
    (bar,) = feed.events(T0, open_, closed, closed)
    assert isinstance(bar, Bar)
    assert (bar.source, bar.end_ns, bar.event_ns, bar.volume) == (BarSource.VENUE, T0 + MINUTE, T0 + MINUTE, 9.0)


def test_silence_of_a_symbol_is_flagged_and_ends_with_its_next_update() -> None:
    feed = Feed(("X", "Y"), stale_after_ms=1_000, streams=["trade"])
    feed.core.handle(Connected(1), T0)
    assert states(feed.events(T0, venue_trade(1))) == [(MarketState.LIVE, "updates arrive")]
    assert feed.core.next_deadline_ns() == T0 + SECOND
    assert states(feed.passes(T0 + SECOND)) == [(MarketState.STALE, "silent for 1000 ms")]
    outputs = feed.events(T0 + 2 * SECOND, venue_trade(2))
    assert [type(each) for each in outputs] == [MarketStatus, Trade]
    assert symbol_status(feed)["stales"] == 1


def test_a_silent_connection_is_given_up_and_again_if_nothing_happens() -> None:
    feed = Feed(stale_after_ms=1_000)
    assert feed.core.next_deadline_ns() is None
    feed.core.handle(Connected(1), T0)
    feed.events(T0 + SECOND, ticker(1))
    silent_ns = T0 + SECOND + SILENT_STALES * SECOND
    assert not [each for each in feed.passes(silent_ns - 1) if isinstance(each, Reconnect)]
    assert Reconnect("no frame for 6000 ms") in feed.passes(silent_ns)
    assert Reconnect("no frame for 6000 ms") in feed.passes(silent_ns + SILENT_STALES * SECOND)
    assert feed.core.status()["reconnect_requests"] == 2


def test_a_lost_connection_makes_everything_worthless_and_the_next_begins_anew() -> None:
    feed = synced(timeframes=["1m"])
    feed.events(T0, ticker(50), venue_trade(5))
    assert states(list(feed.core.handle(Disconnected("closed"), T0))) == [(MarketState.DISCONNECTED, "closed")]
    assert feed.core.topic_snapshot("book.X") is None
    assert feed.passes(T0 + 60 * SECOND) == []
    assert feed.core.next_deadline_ns() is None
    assert states(list(feed.core.handle(Connected(2), T0 + SECOND))) == [(MarketState.RESYNCING, "connected")]
    assert feed.core.next_deadline_ns() == T0 + SECOND + FIRST_DIFF_WAIT_NS
    assert isinstance(feed.events(T0 + SECOND, ticker(3))[0], Quote)
    bars = [each for each in feed.events(T0 + SECOND, venue_trade(9, T0 + 2 * MINUTE)) if isinstance(each, Bar)]
    assert [bar.partial for bar in bars] == [True, True]
    assert symbol_status(feed)["missed_trades"] == 3


def test_without_depth_a_symbol_is_live_with_its_first_update_and_no_book_is_asked_for() -> None:
    feed = Feed(streams=["trade", "bookTicker"])
    feed.core.handle(Connected(1), T0)
    outputs = feed.events(T0, ticker(1))
    assert [type(each) for each in outputs] == [MarketStatus, Quote]
    assert not [each for each in feed.passes(T0 + 5 * SECOND) if isinstance(each, DepthRequest)]


def test_failed_books_are_asked_for_again() -> None:
    feed = Feed()
    feed.core.handle(Connected(1), T0)
    feed.events(T0, diff(10, 11))
    assert feed.core.handle(DepthFailed("X", "HTTP 503"), T0) == ()
    assert feed.core.status()["last_error"] == "book of X: HTTP 503"
    assert feed.passes(T0 + RETRY_NS) == [DepthRequest("X", 1_000)]
    feed.book(T0 + RETRY_NS, Undecodable("not JSON", "<html>"))
    assert feed.passes(T0 + 3 * RETRY_NS) == [DepthRequest("X", 1_000)]
    assert feed.core.status()["failed_books"] == 2


def test_a_whole_book_that_is_crossed_or_too_old_is_not_shown() -> None:
    feed = Feed()
    feed.core.handle(Connected(1), T0)
    feed.events(T0, diff(10, 11))
    assert feed.book(T0, whole(5)) == []
    assert symbol_status(feed)["book_snapshots_too_old"] == 1
    feed.passes(T0 + RETRY_NS)
    assert feed.book(T0 + RETRY_NS, whole(11, bid=105.0)) == []
    status = symbol_status(feed)
    assert (status["state"], status["resyncs"], status["crossed"]) == ("resyncing", 1, 1)


def test_a_damaged_time_does_not_run_away_with_the_bars() -> None:
    feed = synced(timeframes=["1m"])
    feed.events(T0, venue_trade(1, T0))
    assert feed.events(T0, venue_trade(2, T0 + 10_000 * 24 * 60 * MINUTE)) == []
    candle = VenueCandle("X", "1m", T0, T0 + MINUTE, 1.0, 3.0, 0.5, 2.0, 9.0, 4, True, T0 + 10_000 * 24 * 60 * MINUTE)
    assert feed.events(T0, candle, diff(12, 12, at=T0 + 10_000 * 24 * 60 * MINUTE)) == []
    bars = [each for each in feed.events(T0, venue_trade(2, T0 + MINUTE)) if isinstance(each, Bar)]
    assert [bar.start_ns for bar in bars] == [T0]
    assert symbol_status(feed)["impossible_times"] == 3


def test_messages_are_no_input_of_a_venues_feed() -> None:
    feed = synced()
    (quote,) = feed.events(T0, ticker(50))
    assert isinstance(quote, Quote)
    assert feed.core.handle(quote, T0) == ()


def test_books_of_many_symbols_are_spaced() -> None:
    symbols = [f"S{number}" for number in range(DEPTH_BURST + 2)]
    feed = Feed(symbols)
    feed.core.handle(Connected(1), T0)
    at_ns = T0 + FIRST_DIFF_WAIT_NS
    assert len([each for each in feed.passes(at_ns) if isinstance(each, DepthRequest)]) == DEPTH_BURST
    assert feed.core.next_deadline_ns() == at_ns + DEPTH_INTERVAL_NS
    for turn in (1, 2):
        outputs = feed.passes(at_ns + turn * DEPTH_INTERVAL_NS)
        assert len([each for each in outputs if isinstance(each, DepthRequest)]) == 1


def test_what_is_wrong_on_the_connection_is_counted() -> None:
    feed = Feed()
    feed.core.handle(Connected(1), T0)
    feed.events(T0, Undecodable("not JSON (3 bytes)", "abc"), SubscriptionReply(1, ""), SubscriptionReply(2, "2: bad"))
    feed.events(T0, *[UnknownEvent(f"k{number}") for number in range(MAX_KINDS + 5)], UnknownEvent("k0"))
    outputs = feed.core.handle(DepthFailed("NOBODY", "?"), T0)
    status = feed.core.status()
    assert outputs == ()
    assert (status["undecodable"], status["refused_subscriptions"], status["failed_books"]) == (1, 1, 1)
    assert (status["unknown_kinds"]["k0"], status["unknown_kinds"]["other"]) == (2, 5)
    assert len(status["unknown_kinds"]) == MAX_KINDS + 1


def test_symbols_nobody_asked_for_are_counted_and_left_out() -> None:
    feed = Feed(("Y",))
    feed.core.handle(Connected(1), T0)
    assert feed.events(T0, ticker(1)) == []
    assert feed.book(T0, whole(1)) == []
    assert feed.core.status()["unknown_symbols"] == 2


def test_bars_are_built_on_demand() -> None:
    feed = synced()
    feed.core.require_bars("X", "1m")
    feed.core.require_bars("X", "1m")
    feed.events(T0, venue_trade(1, T0))
    (bar,) = [each for each in feed.events(T0, venue_trade(2, T0 + MINUTE)) if isinstance(each, Bar)]
    assert bar.timeframe == "1m"
    assert feed.core.status()["bars"] == 1
    with pytest.raises(ValueError, match="bars of 'Z': expected one of the symbols followed"):
        feed.core.require_bars("Z", "1m")


def test_what_was_recorded_earlier_is_judged_by_now() -> None:
    feed = Feed(streams=["trade"], stale_after_ms=1_000)
    now_ns = T0 + 1_000 * MINUTE
    feed.core.handle(Connected(1), now_ns)
    _, trade = feed.events(now_ns, venue_trade(1))
    assert isinstance(trade, Trade)
    assert (trade.event_ns, trade.received_ns) == (T0, now_ns)
    assert feed.core.next_deadline_ns() == now_ns + SECOND
