"""The simulated source: the same for the same seed, plausible, bounded after a pause."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.codec import encode
from common.config.models import SimulatedSection
from common.messages import AnyMessage, Bar, MarketState, MarketStatus, Quote, Trade
from services.market_data.core.inputs import Connected, CoreOutput
from services.market_data.core.simulated import CATCH_UP_NS, MAX_ROUNDS, SimulatedCore, decimals_of
from tests.unit.market_data.builders import SECOND, T0, section


def core_of(*symbols: str, start_ns: int = T0, timeframes: tuple[str, ...] = (), **changes: Any) -> SimulatedCore:
    config = section(symbols=list(symbols), timeframes=list(timeframes))
    return SimulatedCore(config, SimulatedSection(**changes), symbols, start_ns)


def run(core: SimulatedCore, until_ns: int) -> list[AnyMessage]:
    messages: list[CoreOutput] = []
    while (due_ns := core.next_deadline_ns()) is not None and due_ns <= until_ns:
        messages += core.on_deadline(due_ns)
    return [each for each in messages if isinstance(each, Quote | Trade | Bar | MarketStatus)]


def of(messages: list[AnyMessage], symbol: str) -> list[AnyMessage]:
    return [each for each in messages if isinstance(each, Quote | Trade | Bar | MarketStatus) and each.symbol == symbol]


SECTIONS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**63),
        "initial_price": st.floats(1e-6, 1e6),
        "volatility": st.floats(0.0, 1.0),
        "spread": st.floats(1e-6, 0.5),
        "tick_rate": st.floats(1.0, 200.0),
    }
)


@settings(max_examples=30)
@given(SECTIONS)
def test_the_same_seed_gives_the_same_bytes_and_plausible_data(changes: dict[str, Any]) -> None:
    one = run(core_of("A", "B", timeframes=("1s",), **changes), T0 + 3 * SECOND)
    other = run(core_of("A", "B", timeframes=("1s",), **changes), T0 + 3 * SECOND)
    assert [encode(each) for each in one] == [encode(each) for each in other]
    quote = None
    for message in of(one, "A"):
        match message:
            case Quote():
                quote = message
                assert 0.0 < quote.bid < quote.ask
                assert quote.bid_size > 0
                assert quote.ask_size > 0
            case Trade():
                assert quote is not None
                assert message.price in (quote.bid, quote.ask)
                assert 0.001 <= message.size <= 10.0
                assert message.event_ns == quote.event_ns
            case Bar():
                assert message.low <= min(message.open, message.close) <= max(message.open, message.close)
                assert max(message.open, message.close) <= message.high
            case _:
                assert message == one[0]


@given(st.integers(0, 1_000))
@settings(max_examples=10)
def test_a_symbol_is_the_same_whatever_else_is_simulated(seed: int) -> None:
    alone = of(run(core_of("B", seed=seed), T0 + SECOND), "B")
    together = of(run(core_of("A", "B", "C", seed=seed), T0 + SECOND), "B")
    assert alone == together
    assert alone[1:] != of(run(core_of("B", seed=seed + 1), T0 + SECOND), "B")[1:]


def test_first_prices_come_from_the_configuration() -> None:
    core = core_of("A", "B", initial_price=50.0, initial_prices={"B": 60_000.0}, spread=0.001)
    quotes = [each for each in run(core, T0) if isinstance(each, Quote)]
    assert [(quote.symbol, round(quote.mid, 2)) for quote in quotes] == [("A", 50.0), ("B", 60_000.0)]
    assert quotes[1].ask - quotes[1].bid == pytest.approx(60.0)


def test_ticks_stand_on_a_grid_of_times_and_their_numbers_are_the_grid() -> None:
    core = core_of("A", start_ns=T0 + 1, tick_rate=10.0)
    quotes = [each for each in run(core, T0 + SECOND) if isinstance(each, Quote)]
    assert [quote.event_ns for quote in quotes] == [T0 + step * SECOND // 10 for step in range(1, 11)]
    assert [quote.update_id * SECOND // 10 for quote in quotes] == [quote.event_ns for quote in quotes]


def test_it_ends_after_the_ticks_asked_for_and_goes_stale() -> None:
    core = core_of("A", max_ticks=3)
    messages = run(core, T0 + 60 * SECOND)
    assert [type(each) for each in messages] == [MarketStatus, *[Quote, Trade] * 3, MarketStatus]
    last = messages[-1]
    assert isinstance(last, MarketStatus)
    assert last.state is MarketState.STALE
    assert core.next_deadline_ns() is None


def test_after_a_pause_old_ticks_are_skipped_and_the_path_goes_on() -> None:
    steady, paused = core_of("A", tick_rate=10.0), core_of("A", tick_rate=10.0)
    expected = {each.update_id: each.bid for each in run(steady, T0 + 100 * SECOND) if isinstance(each, Quote)}
    quotes = [each for each in paused.on_deadline(T0 + 100 * SECOND) if isinstance(each, Quote)]
    assert quotes[0].event_ns == T0 + 100 * SECOND - CATCH_UP_NS
    assert [(quote.update_id, quote.bid) for quote in quotes] == [
        (quote.update_id, expected[quote.update_id]) for quote in quotes
    ]
    assert paused.status()["skipped_ticks"] == 990


def test_one_call_makes_a_bounded_number_of_ticks() -> None:
    core = core_of("A", tick_rate=100_000.0)
    now_ns = T0 + SECOND // 2
    quotes = [each for each in core.on_deadline(now_ns) if isinstance(each, Quote)]
    assert len(quotes) == MAX_ROUNDS
    due_ns = core.next_deadline_ns()
    assert due_ns is not None
    assert due_ns <= now_ns
    late = core_of("A", tick_rate=100_000.0)
    assert late.on_deadline(T0 + 60 * SECOND) == []
    assert late.status()["skipped_ticks"] == 20_000


def test_a_restart_on_the_same_start_is_on_the_same_path() -> None:
    whole = run(core_of("A"), T0 + 10 * SECOND)
    restarted = core_of("A")
    again = [each for each in restarted.on_deadline(T0 + 10 * SECOND) if isinstance(each, Quote)]
    assert again[-1].bid == [each for each in whole if isinstance(each, Quote)][-1].bid


def test_bars_and_bad_wishes() -> None:
    core = core_of("A", tick_rate=10.0)
    core.require_bars("A", "1s")
    bars = [each for each in run(core, T0 + 3 * SECOND) if isinstance(each, Bar)]
    assert [(bar.start_ns - T0, bar.trade_count, bar.partial) for bar in bars] == [
        (0, 10, False),
        (SECOND, 10, False),
        (2 * SECOND, 10, False),
    ]
    with pytest.raises(ValueError, match="'B'"):
        core.require_bars("B", "1s")
    assert core.status()["bars"] == 3
    assert core.status()["ticks"] == 62


def test_nothing_from_outside_moves_it() -> None:
    core = core_of("A")
    assert core.handle(Connected(1), T0) == ()
    assert core.topic_snapshot("book.A") is None


@pytest.mark.parametrize(
    ("price", "decimals"), [(60_000.0, 2), (100.0, 2), (99.0, 3), (1.0, 4), (0.1, 5), (0.0001, 8), (1e-9, 8)]
)
def test_decimals_follow_the_size_of_the_price(price: float, decimals: int) -> None:
    assert decimals_of(price) == decimals
