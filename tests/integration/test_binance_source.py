"""Binance as a source, over real sockets: frames, books by REST, changing subscriptions, and the way back after a fault."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from common.clock import WallClock
from common.config.models import MarketDataSection
from common.messages import AnyMessage, BookSnapshot, MarketState, MarketStatus, Quote
from services.market_data.adapters.rest import RestSettings
from services.market_data.adapters.venue_source import VenueSettings, VenueSource
from services.market_data.adapters.websocket import WebSocketSettings
from services.market_data.core.feed import MarketDataCore
from services.market_data.core.inputs import (
    Connected,
    CoreInput,
    DepthFailed,
    DepthReply,
    DepthRequest,
    Disconnected,
    Reconnect,
    VenueFrame,
)
from services.market_data.core.venues import load
from tests.integration.stand_in_harness import FRAMES, RunningStandIn, collect, stand_in

STREAMS = ("trade", "bookTicker", "depth@100ms")
QUICK = WebSocketSettings(first_delay_s=0.01, longest_delay_s=0.05, ping_after_s=0.3, pong_within_s=5.0)
IMPATIENT = replace(QUICK, pong_within_s=0.1)


@contextmanager
def following(
    venue: RunningStandIn, *symbols: str, rest: RestSettings | None = None, websocket: WebSocketSettings = QUICK
) -> Iterator[VenueSource]:
    settings = VenueSettings("binance", venue.ws_url, "", STREAMS, websocket=websocket, rest=rest or RestSettings())
    source = VenueSource(settings, symbols, WallClock())
    source.connect()
    try:
        yield source
    finally:
        source.disconnect()


def taken(source: VenueSource, enough: Callable[[list[CoreInput]], bool]) -> list[CoreInput]:
    return collect(source, list(source.filenos()), lambda: list(source.stream()), enough)


def streams_in(inputs: list[CoreInput]) -> set[str]:
    found = (json.loads(each.payload) for each in inputs if isinstance(each, VenueFrame))
    return {str(frame.get("stream", "reply")) for frame in found}


def count(inputs: list[CoreInput], *kinds: type) -> int:
    return sum(isinstance(each, kinds) for each in inputs)


def test_all_streams_come_over_one_connection() -> None:
    with stand_in() as venue, following(venue, "BTCUSDT") as source:
        inputs = taken(source, lambda inputs: count(inputs, VenueFrame) == FRAMES)
        assert source.counters()["connects"] == 1
    assert streams_in(inputs) == {"btcusdt@trade", "btcusdt@bookTicker", "btcusdt@depth@100ms"}
    assert source.name == "binance"


def test_a_book_is_fetched_from_the_rest_that_belongs_to_the_websocket() -> None:
    with stand_in() as venue, following(venue, "BTCUSDT") as source:
        source.ask(DepthRequest("BTCUSDT", 5))
        source.ask(DepthRequest("NOPE", 5))
        inputs = taken(source, lambda inputs: count(inputs, DepthReply, DepthFailed) == 2)
    (reply,) = [each for each in inputs if isinstance(each, DepthReply)]
    (failed,) = [each for each in inputs if isinstance(each, DepthFailed)]
    assert len(json.loads(reply.payload)["bids"]) == 5
    assert failed.symbol == "NOPE"
    assert 'status 400: {"code":-1121,"msg":"Invalid symbol."}' in failed.error


def test_symbols_are_added_and_taken_away_on_the_open_connection_and_after_it() -> None:
    with stand_in("close@200", speed=2.0) as venue, following(venue) as source:
        taken(source, lambda inputs: Connected(1) in inputs)
        source.subscribe(["BTCUSDT", "BTCUSDT", "ETHUSDT"])
        source.subscribe(["BTCUSDT"])
        source.unsubscribe(["ETHUSDT", "XRPUSDT"])
        inputs = taken(source, lambda inputs: Connected(2) in inputs and count(inputs, VenueFrame) > 250)
    after = inputs[inputs.index(Connected(2)) :]
    assert "btcusdt@trade" in streams_in(inputs)
    assert "btcusdt@bookTicker" in streams_in(after)


def replies_in(inputs: list[CoreInput]) -> list[Any]:
    found = [json.loads(each.payload) for each in inputs if isinstance(each, VenueFrame)]
    return [frame["result"] for frame in found if "result" in frame]


def test_more_streams_than_a_url_takes_are_asked_for_by_request() -> None:
    others = [f"COIN{number}USDT" for number in range(150)]
    with stand_in() as venue, following(venue, "BTCUSDT", *others) as source:
        inputs = taken(source, lambda inputs: len(replies_in(inputs)) >= 3)
    assert replies_in(inputs) == [None] * 3
    assert count(inputs, VenueFrame) == FRAMES + 3


def test_the_core_can_ask_for_a_reconnection() -> None:
    with stand_in(speed=1.0) as venue, following(venue, "BTCUSDT") as source:
        taken(source, lambda inputs: Connected(1) in inputs)
        source.ask(Reconnect("stale"))
        inputs = taken(source, lambda inputs: Connected(2) in inputs)
    assert Disconnected("stale") in inputs


@pytest.mark.parametrize("fault", ["drop@250", "close@250", "stall@250:0.8", "skip@250:depth", "reorder@250:depth",
                                   "garbage@250", "corrupt@250", "duplicate@250:depth", "huge@250:5000000"])  # fmt: skip
def test_books_are_good_again_after_every_fault_and_never_crossed(fault: str) -> None:
    core = MarketDataCore(MarketDataSection(symbols=["BTCUSDT"]), ["BTCUSDT"], load("binance"))
    clock = WallClock()
    published: list[AnyMessage] = []
    websocket = IMPATIENT if fault.startswith("stall") else QUICK
    with stand_in(fault, speed=8.0) as venue, following(venue, "BTCUSDT", websocket=websocket) as source:

        def take() -> list[CoreInput]:
            inputs = list(source.stream())
            outputs = [output for given in inputs for output in core.handle(given, clock.now_ns())]
            outputs += core.on_deadline(clock.now_ns())
            for output in outputs:
                if isinstance(output, DepthRequest | Reconnect):
                    source.ask(output)
                else:
                    published.append(output)
            return inputs

        def recovered(_inputs: list[CoreInput]) -> bool:
            return len(venue.said) == 2 and core.status()["symbols"]["BTCUSDT"]["state"] == MarketState.LIVE

        collect(source, list(source.filenos()), take, recovered)
    quotes = [message for message in published if isinstance(message, Quote)]
    assert quotes
    assert all(quote.bid < quote.ask for quote in quotes)
    assert any(isinstance(message, BookSnapshot) for message in published)
    states = [message.state for message in published if isinstance(message, MarketStatus)]
    assert states[-1] is MarketState.LIVE
    if fault.startswith(("garbage", "duplicate")):
        assert states.count(MarketState.LIVE) == 1, "nothing was lost, so nothing is doubted"


def test_a_venue_that_limits_us_is_left_in_peace() -> None:
    with stand_in("rest_429@1:30") as venue, following(venue, "BTCUSDT", rest=RestSettings(workers=1)) as source:
        source.ask(DepthRequest("BTCUSDT", 5))
        source.ask(DepthRequest("BTCUSDT", 5))
        inputs = taken(source, lambda inputs: count(inputs, DepthFailed) == 2)
    first, second = [each.error for each in inputs if isinstance(each, DepthFailed)]
    assert 'status 429: {"code":-1003,"msg":"Too many requests."}; retry after 30 s' in first
    assert "paused for another " in second
