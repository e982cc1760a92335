"""Streams over real sockets: joining late, restarting, dying, and coming back lead to the same picture as being there."""

from decimal import Decimal

import pytest

from common.bus.publisher import REPLAY_LIMIT
from common.messages import AnyMessage, BookSnapshot, BookUpdate, Side, Trade
from tests.integration.bus.rig import Rig
from tests.integration.bus.tiny_core import intent, quote


def trade(number: int) -> Trade:
    return Trade(
        symbol="BTCUSDT",
        price=100.0,
        size=1.0,
        side=Side.BUY,
        trade_id=number,
        first_trade_id=number,
        event_ns=number,
        received_ns=number,
    )


class Book:
    """A book as its publisher keeps it, and as a reader rebuilds it."""

    def __init__(self) -> None:
        self.levels: dict[float, float] = {}
        self.update_id = 0
        self.known = False

    def change(self) -> BookUpdate:
        """Return the next change, made to this book too."""
        self.update_id += 1
        bids = [(100.0 - self.update_id % 5, float(self.update_id % 3))]
        update = BookUpdate(
            symbol="BTCUSDT",
            first_update_id=self.update_id,
            update_id=self.update_id,
            bids=bids,
            asks=[],
            event_ns=0,
            received_ns=0,
        )
        self.take(update)
        return update

    def whole(self, _topic: str = "") -> BookSnapshot:
        return BookSnapshot(
            symbol="BTCUSDT",
            update_id=self.update_id,
            bids=sorted(self.levels.items()),
            asks=[],
            event_ns=0,
            received_ns=0,
        )

    def take(self, message: AnyMessage) -> None:
        if isinstance(message, BookSnapshot):
            self.levels, self.update_id, self.known = dict(message.bids), message.update_id, True
        elif isinstance(message, BookUpdate):
            assert message.first_update_id == self.update_id + 1 or not self.known, "a hole in the changes"
            self.update_id = message.update_id
            for price, size in message.bids:
                if size:
                    self.levels[price] = size
                else:
                    self.levels.pop(price, None)


def test_a_late_joiner_has_all_order_flow(rig: Rig) -> None:
    station = rig.station("signal", journaled=True)
    early = rig.listener("intents")
    rig.join(early)
    count = REPLAY_LIMIT + 50
    station.say(*(intent(number) for number in range(1, count)))
    late = rig.listener("intents")
    rig.join(early, late)
    station.say(intent(count))
    rig.until(lambda: len(early.got) == len(late.got) == count, "both have everything")
    assert early.numbers("intents") == late.numbers("intents") == list(range(1, count + 1))
    assert early.messages("intents") == late.messages("intents")
    assert late.subscriber.statistics()["gaps"] == 0


def test_a_late_joiner_has_what_the_ring_keeps(rig: Rig) -> None:
    station = rig.station("market_data", ring_size=10)
    station.say(*(trade(number) for number in range(1, 26)))
    late = rig.listener("trade.")
    rig.join(late)
    station.say(trade(26))
    rig.until(lambda: 26 in late.numbers("trade.BTCUSDT"), "the live trade")
    assert late.numbers("trade.BTCUSDT") == list(range(16, 27))
    assert late.subscriber.statistics()["missing"] == 0


def test_a_late_joiner_has_the_latest(rig: Rig) -> None:
    station = rig.station("market_data")
    station.say(*(quote(number, symbol) for number in range(1, 8) for symbol in ("BTCUSDT", "ETHUSDT")))
    late = rig.listener("quote.")
    rig.join(late)
    assert late.messages("quote.BTCUSDT") == [quote(7)]
    assert late.messages("quote.ETHUSDT") == [quote(7, "ETHUSDT")]


def test_a_late_joiner_has_the_whole_book_and_each_change_behind_it(rig: Rig) -> None:
    station, book = rig.station("market_data"), Book()
    station.publisher.snapshot_of = book.whole
    for _ in range(100):
        station.say(book.change())
    late = rig.listener("book.")
    while not late.got or not late.subscriber.is_synced():
        station.say(book.change())
        rig.turn()
    for _ in range(20):
        station.say(book.change())
    rebuilt = Book()
    rig.until(lambda: late.numbers("book.BTCUSDT")[-1] == book.update_id, "the last change")
    for message in late.messages("book.BTCUSDT"):
        rebuilt.take(message)
    assert rebuilt.whole() == book.whole()
    assert isinstance(late.messages("book.BTCUSDT")[0], BookSnapshot)


def test_a_quiet_publisher_is_joined_without_a_message(rig: Rig) -> None:
    rig.station("signal", journaled=True)
    listener = rig.listener("intents")
    rig.join(listener)
    assert listener.got == []


def test_loss_at_the_tail_is_noticed_by_the_heartbeat(rig: Rig) -> None:
    station = rig.station("signal", journaled=True)
    listener = rig.listener("intents")
    rig.join(listener)
    # What the socket lost: the publisher has it, the reader was never sent it.
    station.say(intent(1))
    listener.subscriber.socket.unsubscribe(b"intents")
    rig.until(lambda: len(listener.got) == 1, "the first")
    for _ in range(5):
        rig.turn()
    station.say(intent(2), intent(3))
    rig.until(lambda: len(listener.got) == 3, "what was lost")
    assert listener.messages("intents") == [intent(1), intent(2), intent(3)]
    assert listener.subscriber.statistics()["recovered"] >= 1


def test_a_publisher_with_its_journal_goes_on(rig: Rig) -> None:
    station = rig.station("signal", journaled=True)
    listener = rig.listener("intents")
    rig.join(listener)
    station.say(intent(1), intent(2))
    rig.until(lambda: len(listener.got) == 2, "two intents")
    rig.kill(station)
    again = rig.station("signal", journaled=True)
    again.say(intent(3), intent(4))
    rig.until(lambda: len(listener.got) == 4, "two more")
    assert listener.numbers("intents") == [1, 2, 3, 4]
    statistics = listener.subscriber.statistics()
    assert (statistics["restarts"], statistics["duplicates"]) == (0, 0)


def test_order_flow_flushed_but_not_sent_before_the_crash_arrives(rig: Rig) -> None:
    station = rig.station("signal", journaled=True)
    listener = rig.listener("intents")
    rig.join(listener)
    assert station.outbox is not None
    station.publisher.stage(intent(1))
    station.outbox.flush()
    for _ in range(5):
        rig.turn()
    rig.join(listener)
    assert listener.got == []
    rig.kill(station)
    again = rig.station("signal", journaled=True)
    again.publisher.open_journaled("intents")
    rig.until(lambda: len(listener.got) == 1, "what nobody had been sent")
    assert listener.messages("intents") == [intent(1)]


def test_a_publisher_without_its_journal_is_noticed_and_rejoined(rig: Rig) -> None:
    station = rig.station("market_data")
    listener = rig.listener("trade.", "quote.")
    rig.join(listener)
    station.say(trade(1), trade(2), quote(1))
    rig.until(lambda: len(listener.got) == 3, "trades and a quote")
    rig.kill(station)
    again = rig.station("market_data")
    again.say(*(trade(number) for number in range(3, 8)), quote(2))
    rig.until(lambda: len(listener.got) == 9, "what the new process said")
    assert listener.numbers("trade.BTCUSDT") == [1, 2, 1, 2, 3, 4, 5]
    assert listener.messages("trade.BTCUSDT") == [trade(number) for number in range(1, 8)]
    assert listener.subscriber.statistics()["restarts"] == 2


def test_a_dead_publisher_is_missed_and_welcomed_back(rig: Rig) -> None:
    station = rig.station("signal", journaled=True)
    listener = rig.listener("intents")
    rig.join(listener)
    station.say(intent(1))
    rig.until(lambda: listener.got, "the first intent")
    rig.kill(station)
    rig.until(lambda: listener.peers.silent() == ["signal"], "the silence is noticed")
    assert not listener.subscriber.is_synced()
    again = rig.station("signal", journaled=True)
    again.say(intent(2))
    rig.join(listener)
    assert listener.messages("intents") == [intent(1), intent(2)]


def test_late_heartbeats_make_a_publisher_silent_and_alive_again(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    listener = ipc_rig.listener("intents")
    ipc_rig.join(listener)
    station.heartbeats = False
    ipc_rig.until(lambda: listener.peers.silent() == ["signal"], "the silence is noticed")
    station.heartbeats = True
    ipc_rig.until(lambda: listener.peers.silent() == [], "the sign of life is noticed")


def test_a_reader_goes_on_behind_the_numbers_of_its_own_journal(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    station.say(*(intent(number) for number in range(1, 8)))
    first = ipc_rig.listener("intents")
    ipc_rig.join(first)
    second = ipc_rig.listener("intents")
    second.subscriber.resume({"intents": (first.subscriber.cursors()["intents"][0], 5)})
    ipc_rig.join(second)
    assert second.numbers("intents") == [6, 7]


def test_a_journal_that_lost_its_tail_is_said_and_not_skipped(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    station.say(*(intent(number) for number in range(1, 5)))
    reader = ipc_rig.listener("intents")
    ipc_rig.join(reader)
    ipc_rig.kill(station)
    path = ipc_rig.folder / "signal.outbox" / "00000000000000000001.log"
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 2])
    again = ipc_rig.station("signal", journaled=True)
    again.publisher.open_journaled("intents")
    ipc_rig.until(reader.subscriber.table.broken, "the lost tail")
    assert reader.subscriber.table.broken() == [
        "intents: its publisher is at #2 and we have taken #4: its journal lost its tail"
    ]
    assert again.publisher.lag_behind(reader.subscriber.cursors()) == -2
    again.say(*(intent(number, price=Decimal(7)) for number in (3, 4, 5, 6)))
    for _ in range(20):
        ipc_rig.turn()
    assert reader.numbers("intents") == [1, 2, 3, 4]
    assert not reader.subscriber.is_synced()


def test_commands_registered_for_a_publisher_come_again_after_its_restart(rig: Rig) -> None:
    told: list[str] = []

    def start() -> None:
        station = rig.station("market_data")
        station.commands.on("require_bars", lambda arguments, _id: told.append(arguments["who"]))
        stations.append(station)

    stations: list[object] = []
    rig.addresses["market_data"] = (rig.address("m.p"), rig.address("m.c"))
    listener = rig.listener("quote.")
    listener.peers.on_appeared["market_data"] = [("require_bars", {"who": "me"})]
    for times in (1, 2):
        start()
        rig.until(lambda times=times: len(told) == times, "the command")  # type: ignore[misc]  # bound now
        for _ in range(10):
            rig.turn()
        assert told == ["me"] * times
        rig.kill(stations[-1])  # type: ignore[arg-type]  # a station


def test_a_refused_command_is_not_sent_again(ipc_rig: Rig) -> None:
    station = ipc_rig.station("market_data")
    listener = ipc_rig.listener("quote.")
    listener.peers.on_appeared["market_data"] = [("no_such", {})]
    ipc_rig.until(lambda: listener.peers.last_error, "the refusal")
    assert "market_data refused no_such: unknown command 'no_such'; known: stream.replay" in listener.peers.last_error
    served = station.commands.served
    for _ in range(10):
        ipc_rig.turn()
    assert station.commands.served == served


@pytest.mark.parametrize("limit", [1, 3])
def test_a_turn_takes_no_more_than_its_limit(ipc_rig: Rig, limit: int) -> None:
    station = ipc_rig.station("signal", journaled=True)
    listener = ipc_rig.listener("intents")
    ipc_rig.join(listener)
    ipc_rig.remove(listener)
    station.heartbeats = False
    station.say(*(intent(number) for number in range(1, 8)))
    sizes: list[int] = []
    while sum(sizes) < 7:
        sizes.append(len(listener.subscriber.drain(limit)))
    assert max(sizes) <= limit
