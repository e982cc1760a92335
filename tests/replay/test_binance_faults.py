"""A recorded connection, damaged: dropped, repeated, reordered and garbled frames never make a wrong book."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import BookSnapshot, BookUpdate, MarketState, MarketStatus, Quote, Trade
from services.market_data.core import venues
from services.market_data.core.book import OrderBook
from services.market_data.core.depth_sync import ResyncReason
from services.market_data.core.events import DepthDiff, DepthSnapshot
from services.market_data.core.feed import MarketDataCore
from services.market_data.core.inputs import Connected, CoreOutput, DepthReply, DepthRequest, Disconnected, VenueFrame
from tests.replay.binance_player import FIXTURES, Frame, books_of, frames_of
from tests.unit.market_data.builders import section

SYMBOL = "BTCUSDT"
BINANCE = venues.load("binance")
FRAMES = frames_of(FIXTURES / "btcusdt_20240808_ws.jsonl.gz")
BODY = books_of(FIXTURES / "btcusdt_20240808_depth_rest.jsonl.gz", SYMBOL)[SYMBOL]
DEPTH = [number for number, frame in enumerate(FRAMES) if b"@depth" in frame.payload[:50]]


class Venue:
    """The undamaged recording, as a venue that goes on whatever arrives: its book at every update number."""

    def __init__(self) -> None:
        first = BINANCE.decode_depth(BODY)
        assert isinstance(first, DepthSnapshot)
        self.book = OrderBook(100_000)
        self.book.load(first.update_id, first.bids, first.asks)
        self.truth = {first.update_id: self._sides()}

    def go_on(self, frame: Frame) -> None:
        """Take the next frame of the recording."""
        (event,) = BINANCE.decode(frame.payload)
        if isinstance(event, DepthDiff) and event.update_id > self.book.update_id:
            self.book.apply(event.update_id, event.bids, event.asks)
            self.truth[event.update_id] = self._sides()

    def body(self) -> bytes:
        """Return the whole book as REST gives it now."""
        bids, asks = (
            [[str(price), str(size)] for price, size in side.levels()] for side in (self.book.bids, self.book.asks)
        )
        return msgspec.json.encode({"lastUpdateId": self.book.update_id, "bids": bids, "asks": asks})

    def _sides(self) -> tuple[dict[float, float], dict[float, float]]:
        return dict(self.book.bids.levels()), dict(self.book.asks.levels())


class Line:
    """The way from the venue to a core, with faults: what arrives in place of each frame."""

    def __init__(self) -> None:
        self.venue = Venue()
        self.core = MarketDataCore(section(symbols=[SYMBOL], stale_after_ms=60_000), [SYMBOL], BINANCE)
        self.outputs: list[CoreOutput] = []
        self.now_ns = FRAMES[0].at_ns
        self._take(self.core.handle(Connected(1), self.now_ns))

    def carry(self, arrivals: dict[int, list[bytes]]) -> "Line":
        """Play the recording; `arrivals` says, by frame number, what comes in a frame's place."""
        for number, frame in enumerate(FRAMES):
            self.venue.go_on(frame)
            self._pass_time(frame.at_ns)
            for payload in arrivals.get(number, [frame.payload]):
                self._take(self.core.handle(VenueFrame(payload, self.now_ns), self.now_ns))
        return self

    def reconnect(self) -> None:
        """Lose the connection and make a new one."""
        self._take(self.core.handle(Disconnected("test"), self.now_ns))
        self._take(self.core.handle(Connected(2), self.now_ns))

    def desk(self) -> dict[str, object]:
        """Return the symbol's status."""
        found: dict[str, object] = self.core.status()["symbols"][SYMBOL]
        return found

    def resyncs(self) -> list[str]:
        """Return why the book was thrown away, in order."""
        return [
            each.reason
            for each in self.outputs
            if isinstance(each, MarketStatus) and each.state is MarketState.RESYNCING and each.reason != "connected"
        ]

    def _pass_time(self, until_ns: int) -> None:
        while (due_ns := self.core.next_deadline_ns()) is not None and due_ns <= until_ns:
            self.now_ns = max(self.now_ns, due_ns)
            self._take(self.core.on_deadline(self.now_ns))
        self.now_ns = max(self.now_ns, until_ns)

    def _take(self, outputs: Iterable[CoreOutput]) -> None:
        for output in outputs:
            self.outputs.append(output)
            if isinstance(output, DepthRequest):
                reply = DepthReply(SYMBOL, self.venue.body(), self.now_ns)
                self._take(self.core.handle(reply, self.now_ns))


def check(line: Line) -> None:
    """Check that every book shown was the venue's at that number, and that nothing is shown while in doubt."""
    sides: tuple[dict[float, float], dict[float, float]] = ({}, {})
    last_update = last_trade = last_quote = 0
    shown = False
    for output in line.outputs:
        match output:
            case BookSnapshot() | BookUpdate():
                if isinstance(output, BookSnapshot):
                    sides, shown = (dict(output.bids), dict(output.asks)), True
                else:
                    assert shown
                    assert output.first_update_id == last_update + 1
                    sides = (changed(sides[0], output.bids), changed(sides[1], output.asks))
                last_update = output.update_id
                assert sides == line.venue.truth[last_update]
            case MarketStatus():
                shown = shown and output.state in (MarketState.LIVE, MarketState.STALE)
            case Quote():
                assert output.bid < output.ask
                assert output.update_id > last_quote
                last_quote = output.update_id
            case Trade():
                assert output.trade_id > last_trade
                last_trade = output.trade_id
            case _:
                pass


def changed(side: dict[float, float], levels: list[tuple[float, float]]) -> dict[float, float]:
    """Return a side with some levels changed."""
    return {price: size for price, size in (side | dict(levels)).items() if size}


def test_undamaged() -> None:
    line = Line().carry({})
    check(line)
    assert line.resyncs() == []
    assert line.desk()["state"] == "live"


def test_a_dropped_change_is_one_gap_and_the_book_comes_back() -> None:
    line = Line().carry({DEPTH[20]: []})
    check(line)
    assert line.resyncs() == [ResyncReason.GAP]
    desk = line.desk()
    assert (desk["gaps"], desk["state"], desk["book_requests"], desk["book_synced"]) == (1, "live", 2, True)


def test_repeated_frames_change_nothing() -> None:
    line = Line().carry({number: [frame.payload] * 2 for number, frame in enumerate(FRAMES)})
    check(line)
    assert line.resyncs() == []
    desk, whole = line.desk(), Line().carry({}).desk()
    assert [desk[key] for key in ("trades", "quotes", "last", "bid")] == [
        whole[key] for key in ("trades", "quotes", "last", "bid")
    ]
    assert desk["duplicate_trades"] == whole["trades"]
    assert desk["old_diffs"] == len(DEPTH) + int(str(whole["old_diffs"]))


def test_two_changes_in_the_wrong_order_are_a_gap() -> None:
    one, other = DEPTH[20:22]
    line = Line().carry({one: [FRAMES[other].payload], other: [FRAMES[one].payload]})
    check(line)
    assert line.resyncs() == [ResyncReason.GAP]
    assert line.desk()["state"] == "live"


def test_trades_in_the_wrong_order_all_count() -> None:
    trades = [number for number, frame in enumerate(FRAMES) if b"@trade" in frame.payload[:50]]
    one, other = trades[10:12]
    line = Line().carry({one: [FRAMES[other].payload], other: [FRAMES[one].payload]})
    assert (line.desk()["trades"], line.desk()["missed_trades"]) == (len(trades), 0)


@pytest.mark.parametrize("garbage", [b"", b"\x00\xff", b"{}", b"[]", b'{"stream":"btcusdt@depth@100ms","data":{}}'])
def test_garbage_between_frames_is_counted_and_harmless(garbage: bytes) -> None:
    line = Line().carry({number: [garbage, FRAMES[number].payload] for number in range(100, 200)})
    check(line)
    assert line.core.status()["undecodable"] == 100
    assert line.resyncs() == []
    assert line.desk()["state"] == "live"


def test_a_garbled_change_is_a_gap() -> None:
    line = Line().carry({DEPTH[20]: [FRAMES[DEPTH[20]].payload[:-30]]})
    check(line)
    assert line.resyncs() == [ResyncReason.GAP]
    assert line.desk()["state"] == "live"


def test_a_reconnect_begins_a_new_book() -> None:
    line = Line().carry({})
    line.reconnect()
    assert line.desk()["state"] == "resyncing"
    assert line.core.topic_snapshot(f"book.{SYMBOL}") is None


FAULTS = st.lists(st.tuples(st.sampled_from(DEPTH), st.sampled_from(["drop", "twice", "garble", "delay"])), max_size=12)


@settings(max_examples=20)
@given(FAULTS)
def test_no_mixture_of_faults_shows_a_wrong_book(faults: list[tuple[int, str]]) -> None:
    arrivals: dict[int, list[bytes]] = {}
    for number, fault in faults:
        payload = FRAMES[number].payload
        if number in arrivals:
            continue
        match fault:
            case "drop":
                arrivals[number] = []
            case "twice":
                arrivals[number] = [payload, payload]
            case "garble":
                arrivals[number] = [payload[:70] + b"9" + payload[71:], b"garbage"]
            case _:
                later = min(number + 30, len(FRAMES) - 1)
                arrivals[number] = []
                arrivals.setdefault(later, [FRAMES[later].payload]).append(payload)
    check(Line().carry(arrivals))
