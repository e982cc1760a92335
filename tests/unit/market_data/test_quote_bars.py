"""Bars from quotes: against a brute force, by whatever way the quotes come, and by no clock but theirs."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.config.models import SimulatedSection
from common.messages import AnyMessage, Bar, BarSource, MarketState, MarketStatus, Quote, Trade
from common.timeframes import timeframe_ns
from services.market_data.core.inputs import Connected, CoreOutput, Disconnected
from services.market_data.core.recorded import RecordedCore
from services.market_data.core.simulated import SimulatedCore
from tests.unit.market_data.builders import MINUTE, SECOND, T0, diff, section, ticker, trade, venue_trade, whole
from tests.unit.market_data.fake_venue import Feed

GRACE = 250_000_000


def quote(number: int, at: int, mid: float = 100.0, spread: float = 2.0, received: int = 0) -> Quote:
    return Quote(
        symbol="X",
        bid=mid - spread / 2,
        bid_size=1.0,
        ask=mid + spread / 2,
        ask_size=1.0,
        update_id=number,
        event_ns=at,
        received_ns=received or at,
    )


def core_of(*timeframes: str, bar_source: str = "quotes") -> RecordedCore:
    return RecordedCore(section(timeframes=list(timeframes), bar_source=bar_source, stale_after_ms=10**9), ["X"])


def play(core: RecordedCore, messages: Iterable[AnyMessage]) -> list[CoreOutput]:
    return [each for message in messages for each in core.handle(message, message.received_ns)]


def bars_in(outputs: Iterable[CoreOutput]) -> list[Bar]:
    return [each for each in outputs if isinstance(each, Bar)]


def figures(bar: Bar) -> tuple[float, float, float, float, float, int]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trade_count


STEPS = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(100, 999), st.integers(1, 50), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(STEPS, st.sampled_from(["1s", "7s", "1m"]))
def test_bars_are_what_a_brute_force_makes_of_the_mids(steps: list[tuple[int, int, int, bool]], timeframe: str) -> None:
    at, quotes = T0, []
    messages: list[AnyMessage] = []
    for number, (wait_ms, mid, spread, traded) in enumerate(steps, 1):
        at += wait_ms * 1_000_000
        quotes.append(quote(number, at, float(mid), float(spread)))
        # A trade far from the quotes, by a clock that goes ahead, must leave no trace in bars.
        messages += [quotes[-1], *([trade(number, at + 3 * MINUTE, 1.0)] if traded else [])]
    length = timeframe_ns(timeframe)
    core = core_of(timeframe)
    outputs = play(core, messages)
    assert [each for each in outputs if isinstance(each, Quote | Trade)] == messages
    made = [*bars_in(outputs), *bars_in(core.on_deadline(at + length + GRACE))]
    assert made[0].start_ns == quotes[0].event_ns // length * length
    close = 0.0
    for bar in made:
        assert (bar.end_ns, bar.source) == (bar.start_ns + length, BarSource.QUOTES)
        mids = [each.mid for each in quotes if bar.start_ns <= each.event_ns < bar.end_ns]
        prices = mids or [close]
        assert figures(bar) == (prices[0], max(prices), min(prices), prices[-1], 0.0, len(mids))
        close = bar.close
    assert all(one.end_ns == other.start_ns for one, other in pairwise(made))
    assert sum(bar.trade_count for bar in made) == len(quotes)


@given(st.permutations(range(8)))
def test_the_order_within_a_bar_does_not_matter(order: list[int]) -> None:
    # Pairs of one moment, as in recordings timed in seconds: the update number tells which came first.
    quotes = [quote(number, T0 + number // 2 * SECOND, 100.0 + number * 3 % 7) for number in range(8)]
    shuffled = [quotes[position] for position in order]
    behind = quote(9, T0 + MINUTE)
    in_order, unordered = (
        bars_in(play(core_of("1m"), [*quotes, behind])),
        bars_in(play(core_of("1m"), [*shuffled, behind])),
    )
    assert [figures(bar) for bar in unordered] == [figures(bar) for bar in in_order]


def test_the_closed_bar_comes_before_the_quote_that_closes_it() -> None:
    core = core_of("1m")
    play(core, [quote(1, T0)])
    bar, behind = play(core, [quote(2, T0 + MINUTE)])
    assert isinstance(bar, Bar)
    assert (bar.event_ns, bar.received_ns, bar.partial) == (T0 + MINUTE, T0 + MINUTE, False)
    assert behind == quote(2, T0 + MINUTE)


def test_empty_intervals_repeat_the_close_and_late_quotes_are_counted() -> None:
    core = core_of("1m")
    made = bars_in(play(core, [quote(1, T0, 50.0), quote(2, T0 + 3 * MINUTE, 70.0), quote(3, T0 + SECOND, 10.0)]))
    assert [figures(bar) for bar in made] == [
        (50.0, 50.0, 50.0, 50.0, 0.0, 1),
        (50.0, 50.0, 50.0, 50.0, 0.0, 0),
        (50.0, 50.0, 50.0, 50.0, 0.0, 0),
    ]
    status = core.status()["symbols"]["X"]
    assert (status["late_quotes"], status["late_trades"], status["bars"]) == (1, 0, 3)


def test_a_first_bar_of_which_the_beginning_was_not_seen_is_partial() -> None:
    made = bars_in(play(core_of("1m"), [quote(n, T0 + n * 40 * SECOND) for n in range(1, 6)]))
    assert [bar.partial for bar in made] == [True, False, False]


def test_a_hole_in_the_trade_numbers_leaves_the_quotes_whole() -> None:
    messages: list[AnyMessage] = [quote(1, T0), trade(1, T0), trade(9, T0 + SECOND), quote(2, T0 + MINUTE)]
    assert [bar.partial for bar in bars_in(play(core_of("1m"), messages))] == [False]


def test_bars_around_a_recorded_interruption_are_partial() -> None:
    lost = MarketStatus(symbol="X", state=MarketState.DISCONNECTED, reason="x", event_ns=T0, received_ns=T0)
    first: list[AnyMessage] = [quote(number, T0 + number * MINUTE) for number in range(3)]
    second = [quote(number, T0 + number * MINUTE) for number in range(4, 7)]
    core = core_of("1m")
    made = bars_in(play(core, [*first, lost]))
    assert core.on_deadline(T0 + 10 * MINUTE) == []
    made += bars_in(play(core, second))
    assert [bar.partial for bar in made] == [False, False, True, True, True, False]


def recorded_bar(source: BarSource) -> Bar:
    (bar,) = bars_in(play(core_of("1m"), [quote(1, T0), quote(2, T0 + MINUTE)]))
    return Bar(**{name: getattr(bar, name) for name in bar.__struct_fields__} | {"source": source, "volume": 7.0})


@pytest.mark.parametrize("source", [BarSource.TRADES, BarSource.QUOTES])
def test_recorded_bars_give_way_to_those_built_here(source: BarSource) -> None:
    recorded = recorded_bar(source)
    made = bars_in(play(core_of("1m"), [quote(1, T0), quote(2, T0 + MINUTE), recorded]))
    assert [bar.volume for bar in made] == [0.0]
    assert bars_in(play(core_of("1m"), [recorded])) == [recorded]
    from_trades: list[AnyMessage] = [trade(1, T0), trade(2, T0 + MINUTE), recorded]
    assert [bar.volume for bar in bars_in(play(core_of("1m", bar_source="trades"), from_trades))] == [1.0]


def venue_feed(*streams: str) -> Feed:
    feed = Feed(("X",), timeframes=["1m"], bar_source="quotes", streams=list(streams), stale_after_ms=10**9)
    feed.core.handle(Connected(1), T0)
    return feed


def test_a_ticker_without_time_feeds_bars_by_our_clock_alone() -> None:
    feed = venue_feed("trade", "bookTicker", "kline_1m")
    ahead = 10 * MINUTE
    assert bars_in(feed.events(T0, ticker(1), venue_trade(1, T0 + ahead), ticker(2, 100.0, 104.0))) == []
    assert bars_in(feed.events(T0 + SECOND, venue_trade(1, T0 + ahead), venue_trade(2, T0 + ahead))) == []
    (bar,) = bars_in(feed.passes(T0 + MINUTE + GRACE))
    assert figures(bar) == (100.0, 102.0, 100.0, 102.0, 0.0, 2)
    assert (bar.source, bar.end_ns) == (BarSource.QUOTES, T0 + MINUTE)


def test_the_top_of_the_book_feeds_bars_and_a_change_behind_it_does_not_close_them() -> None:
    feed = venue_feed("depth")
    feed.events(T0, diff(10, 11))
    feed.book(T0, whole(10))
    feed.events(T0 + 1, diff(12, 12, bids=[(100.0, 1.0)], at=T0 + SECOND))
    unseen = feed.events(T0 + 2, diff(13, 13, bids=[(90.0, 1.0)], at=T0 + 2 * MINUTE))
    assert bars_in(unseen) == []
    (bar, _) = bars_in(feed.events(T0 + 3, diff(14, 14, bids=[(100.5, 1.0)], at=T0 + 2 * MINUTE)))
    assert figures(bar) == (100.0, 100.5, 100.0, 100.5, 0.0, 2)


def test_bars_around_a_lost_connection_are_partial_though_the_venue_numbers_no_quotes() -> None:
    feed = venue_feed("bookTicker")
    made = bars_in([*feed.events(T0, ticker(1)), *feed.events(T0 + MINUTE, ticker(2))])
    made += bars_in(feed.core.handle(Disconnected("cut"), T0 + MINUTE + SECOND))
    made += bars_in(feed.core.handle(Connected(2), T0 + MINUTE + 2 * SECOND))
    made += bars_in(feed.passes(T0 + 3 * MINUTE))
    for number, minutes in ((3, 3), (4, 4), (5, 5)):
        made += bars_in(feed.events(T0 + minutes * MINUTE, ticker(number)))
    assert [(bar.start_ns - T0) // MINUTE for bar in made] == [0, 1, 2, 3, 4]
    assert [bar.partial for bar in made] == [False, True, True, True, False]


def simulated(until_ns: int, pause_ns: int = 0) -> list[CoreOutput]:
    config = section(timeframes=["1s"], bar_source="quotes")
    core = SimulatedCore(config, SimulatedSection(tick_rate=10.0), ["X"], T0)
    outputs: list[CoreOutput] = []
    while (due_ns := core.next_deadline_ns()) is not None and due_ns <= until_ns:
        late = pause_ns if T0 + 5 * SECOND <= due_ns < T0 + 5 * SECOND + pause_ns else 0
        outputs += core.on_deadline(max(due_ns, T0 + 5 * SECOND + pause_ns) if late else due_ns)
    return outputs


def test_a_simulation_s_quotes_feed_bars() -> None:
    outputs = simulated(T0 + 3 * SECOND)
    quotes = [each for each in outputs if isinstance(each, Quote)]
    made = bars_in(outputs)
    assert [figures(bar)[3:] for bar in made] == [(quotes[last].mid, 0.0, 10) for last in (9, 19, 29)]
    assert {bar.source for bar in made} == {BarSource.QUOTES}


def test_bars_that_a_paused_simulation_has_skipped_are_partial() -> None:
    made = bars_in(simulated(T0 + 12 * SECOND, pause_ns=4 * SECOND))
    partial = [(bar.start_ns - T0) // SECOND for bar in made if bar.partial]
    assert partial == [4, 5, 6, 7, 8]


def test_other_sources_are_refused() -> None:
    with pytest.raises(ValidationError, match="'trades' or 'quotes'"):
        section(bar_source="candles")
