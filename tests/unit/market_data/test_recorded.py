"""The core of recorded messages: published again as they were, with bars built from them."""

from typing import Any

import pytest

from common.messages import (
    AnyMessage,
    Bar,
    BarSource,
    BookSnapshot,
    BookUpdate,
    Level,
    MarketState,
    MarketStatus,
    Quote,
)
from services.market_data.core.inputs import Connected, CoreOutput, Disconnected
from services.market_data.core.recorded import RecordedCore
from tests.unit.market_data.builders import MINUTE, SECOND, T0, section, trade


def core_of(**changes: object) -> RecordedCore:
    return RecordedCore(section(**changes), ["X"])


def quote(number: int, at: int = T0, bid: float = 99.0, ask: float = 101.0, received: int = 0) -> Quote:
    return Quote(
        symbol="X",
        bid=bid,
        bid_size=1.0,
        ask=ask,
        ask_size=1.0,
        update_id=number,
        event_ns=at,
        received_ns=received or at,
    )


def book(number: int, bids: list[Level], asks: list[Level]) -> BookSnapshot:
    return BookSnapshot(symbol="X", update_id=number, bids=bids, asks=asks, event_ns=T0, received_ns=T0)


def update(first: int, last: int, bids: list[Level]) -> BookUpdate:
    return BookUpdate(
        symbol="X", first_update_id=first, update_id=last, bids=bids, asks=[], event_ns=T0, received_ns=T0
    )


def bar(source: BarSource) -> Bar:
    return Bar(
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
        source=source,
        event_ns=T0 + MINUTE,
        received_ns=T0 + MINUTE,
    )


def play(core: RecordedCore, *messages: AnyMessage) -> list[CoreOutput]:
    return [each for message in messages for each in core.handle(message, message.received_ns)]


def desk(core: RecordedCore) -> dict[str, Any]:
    found: dict[str, Any] = core.status()["symbols"]["X"]
    return found


def test_messages_come_out_as_they_were_when_the_clock_is_the_recorded_one() -> None:
    messages: list[AnyMessage] = [quote(1), trade(1, T0), book(1, [(99.0, 1.0)], [(101.0, 1.0)]), quote(2)]
    live, *rest = play(core_of(), *messages)
    assert isinstance(live, MarketStatus)
    assert live.state is MarketState.LIVE
    assert rest == messages


def test_under_another_clock_they_are_received_now() -> None:
    now_ns = T0 + 500 * MINUTE
    _, again = core_of().handle(quote(1), now_ns)
    assert isinstance(again, Quote)
    assert (again.event_ns, again.received_ns) == (T0, now_ns)


def test_bars_are_built_and_recorded_ones_not_repeated() -> None:
    core = core_of(timeframes=["1m"])
    outputs = play(core, trade(1, T0), trade(2, T0 + MINUTE), bar(BarSource.TRADES), bar(BarSource.VENUE))
    bars = [each for each in outputs if isinstance(each, Bar)]
    assert [(each.source, each.volume) for each in bars] == [(BarSource.TRADES, 1.0), (BarSource.VENUE, 1.0)]
    assert core.status()["bars"] == 1


def test_a_recording_of_bars_alone_keeps_them() -> None:
    outputs = play(core_of(timeframes=["1m"]), bar(BarSource.TRADES))
    assert [each for each in outputs if isinstance(each, Bar)] == [bar(BarSource.TRADES)]


def test_a_time_of_the_venue_closes_bars_and_a_time_of_the_recorder_does_not() -> None:
    core = core_of(timeframes=["1m"])
    play(core, trade(1, T0))
    assert not [each for each in play(core, quote(1, T0 + 2 * MINUTE)) if isinstance(each, Bar)]
    outputs = play(core, quote(2, T0 + 2 * MINUTE, received=T0 + 2 * MINUTE + 1))
    assert len([each for each in outputs if isinstance(each, Bar)]) == 1


def test_duplicates_and_crossed_quotes_are_left_out() -> None:
    core = core_of()
    outputs = play(core, trade(1, T0), trade(1, T0), quote(1, bid=101.0))
    assert len(outputs) == 2
    assert (desk(core)["duplicate_trades"], desk(core)["crossed"]) == (1, 1)


def test_a_hole_in_the_book_hides_it_until_the_next_whole_one() -> None:
    core = core_of()
    first = book(10, [(99.0, 1.0)], [(101.0, 1.0)])
    outputs = play(core, update(5, 9, []), first, update(11, 12, [(98.0, 1.0)]), update(11, 12, []))
    assert [type(each) for each in outputs] == [MarketStatus, BookSnapshot, BookUpdate]
    kept = core.topic_snapshot("book.X")
    assert isinstance(kept, BookSnapshot)
    assert kept.bids == [(99.0, 1.0), (98.0, 1.0)]
    (gap,) = play(core, update(14, 14, []))
    assert isinstance(gap, MarketStatus)
    assert (gap.state, gap.reason) == (MarketState.RESYNCING, "gap")
    assert play(core, update(15, 15, [])) == []
    assert core.topic_snapshot("book.X") is None
    assert [type(each) for each in play(core, book(20, [(99.0, 1.0)], []))] == [BookSnapshot, MarketStatus]
    assert (desk(core)["gaps"], desk(core)["dropped_messages"]) == (1, 4)


def test_a_crossed_book_is_left_out() -> None:
    core = core_of()
    outputs = play(core, book(1, [(101.0, 1.0)], [(101.0, 1.0)]))
    assert [type(each) for each in outputs] == [MarketStatus, MarketStatus]
    outputs = play(core, book(2, [(99.0, 1.0)], [(101.0, 1.0)]), update(3, 3, [(102.0, 1.0)]))
    assert [type(each) for each in outputs] == [BookSnapshot, MarketStatus, MarketStatus]
    assert desk(core)["crossed"] == 2


def test_recorded_states_are_told_again_and_silence_is_flagged() -> None:
    core = core_of(stale_after_ms=1_000)
    stale = MarketStatus(symbol="X", state=MarketState.STALE, reason="was", event_ns=T0, received_ns=T0)
    outputs = play(core, quote(1), stale, stale, quote(2))
    assert [each.state for each in outputs if isinstance(each, MarketStatus)] == [
        MarketState.LIVE,
        MarketState.STALE,
        MarketState.LIVE,
    ]
    assert core.next_deadline_ns() == T0 + SECOND
    (silent,) = core.on_deadline(T0 + SECOND)
    assert isinstance(silent, MarketStatus)
    assert silent.state is MarketState.STALE
    assert core.next_deadline_ns() is None


def test_the_end_of_a_recording_is_told() -> None:
    core = core_of(timeframes=["1m"])
    play(core, trade(1, T0))
    (ended,) = core.handle(Disconnected("end of the recording"), T0)
    assert isinstance(ended, MarketStatus)
    assert (ended.state, ended.reason) == (MarketState.DISCONNECTED, "end of the recording")
    assert core.on_deadline(T0 + 100 * MINUTE) == []


def test_what_does_not_belong_is_counted() -> None:
    core = RecordedCore(section(symbols=["Y"]), ["Y"])
    assert core.handle(quote(1), T0) == ()
    assert core.handle(Connected(1), T0) == ()
    status = core.status()
    assert (status["unknown_symbols"], status["ignored"]) == (1, 1)
    with pytest.raises(ValueError, match="'X'"):
        core.require_bars("X", "1m")
    core.require_bars("Y", "1m")
