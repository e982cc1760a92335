"""A network that drops, repeats, delays and reorders: order flow is whole and in order, the rest says what it missed."""

import pytest

from tests.integration.bus.proxy import Faults, FaultyProxy
from tests.integration.bus.rig import Listener, Rig, Station
from tests.integration.bus.test_streams import Book, trade
from tests.integration.bus.tiny_core import intent, quote

COUNT = 400
FOUL = Faults(drop=0.1, repeat=0.1, delay=0.1)


def proxied(rig: Rig, station: Station, seed: int, plan: Faults) -> tuple[FaultyProxy, dict[str, tuple[str, str]]]:
    address = rig.address("proxy")
    proxy = FaultyProxy(station.addresses[0], address, seed, plan)
    rig.add(proxy, proxy.close)
    rig.until(lambda: proxy.seen, "the network stands")
    return proxy, {station.name: (address, station.addresses[1])}


def clean(rig: Rig, proxy: FaultyProxy, listener: Listener, topic: str, last: int) -> None:
    """Once the last message of a topic has come by, let the network behave, and the reader catch up."""
    rig.until(lambda: proxy.seen[topic.encode()] >= last, "the network has done its worst")
    proxy.plan = Faults()
    rig.until(lambda: listener.got and listener.got[-1].number == last, "the last message")
    rig.join(listener)


@pytest.mark.parametrize("seed", range(6))
def test_order_flow_is_complete_and_in_order(ipc_rig: Rig, seed: int) -> None:
    station = ipc_rig.station("signal", journaled=True)
    proxy, via = proxied(ipc_rig, station, seed, FOUL)
    listener = ipc_rig.listener("intents", via=via)
    ipc_rig.join(listener)
    for number in range(1, COUNT + 1):
        station.say(intent(number))
        if number % 7 == 0:
            ipc_rig.turn()
    clean(ipc_rig, proxy, listener, "intents", COUNT)
    assert listener.messages("intents") == [intent(number) for number in range(1, COUNT + 1)]
    statistics = listener.subscriber.statistics()
    assert proxy.done.keys() == {"dropped", "repeated", "delayed"}
    assert statistics["gaps"] > 0
    assert statistics["duplicates"] > 0
    assert statistics["recovered"] > 0
    assert statistics["missing"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_what_a_ring_no_longer_keeps_is_counted_to_the_message(ipc_rig: Rig, seed: int) -> None:
    station = ipc_rig.station("market_data", ring_size=8)
    proxy, via = proxied(ipc_rig, station, seed, Faults())
    listener = ipc_rig.listener("trade.", via=via)
    ipc_rig.join(listener)
    station.say(trade(1))
    ipc_rig.until(lambda: listener.got, "the first trade")
    proxy.plan = Faults(drop=0.5, repeat=0.1, delay=0.1)
    for number in range(2, COUNT + 1):
        station.say(trade(number))
        if number % 40 == 0:
            ipc_rig.turn()
    clean(ipc_rig, proxy, listener, "trade.BTCUSDT", COUNT)
    numbers = listener.numbers("trade.BTCUSDT")
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == COUNT
    missing = listener.subscriber.statistics()["missing"]
    assert missing == COUNT - len(numbers) > 0
    assert sum(lost for _, lost in listener.lost) == missing
    assert {topic for topic, _ in listener.lost} == {"trade.BTCUSDT"}


def test_the_last_quote_always_arrives(ipc_rig: Rig) -> None:
    station = ipc_rig.station("market_data")
    proxy, via = proxied(ipc_rig, station, 1, Faults(drop=0.8, repeat=0.1))
    listener = ipc_rig.listener("quote.", via=via)
    for number in range(1, COUNT + 1):
        station.say(quote(number))
        if number % 10 == 0:
            ipc_rig.turn()
    clean(ipc_rig, proxy, listener, "quote.BTCUSDT", COUNT)
    assert listener.messages("quote.BTCUSDT")[-1] == quote(COUNT)
    statistics = listener.subscriber.statistics()
    assert statistics["missing"] == 0
    assert len(listener.got) + statistics["conflated"] + listener.got[0].number - 1 == COUNT


@pytest.mark.parametrize("seed", range(3))
def test_a_book_is_rebuilt_without_a_hole(ipc_rig: Rig, seed: int) -> None:
    station, book = ipc_rig.station("market_data"), Book()
    station.publisher.snapshot_of = book.whole
    proxy, via = proxied(ipc_rig, station, seed, FOUL)
    listener = ipc_rig.listener("book.", via=via)
    for number in range(1, COUNT + 1):
        station.say(book.change())
        if number % 7 == 0:
            ipc_rig.turn()
    clean(ipc_rig, proxy, listener, "book.BTCUSDT", COUNT)
    rebuilt = Book()
    for message in listener.messages("book.BTCUSDT"):
        rebuilt.take(message)
    assert rebuilt.whole() == book.whole()


def test_a_lost_answer_is_asked_for_again(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    proxy, via = proxied(ipc_rig, station, 1, Faults(drop=1.0))
    listener = ipc_rig.listener("intents", via=via)
    lost: list[str] = []
    replay = station.publisher.replay

    def lose_first(arguments: dict[str, object], request_id: str) -> object:
        lost.append(request_id)
        return "lost on the way" if len(lost) < 3 else replay(arguments, request_id)

    station.commands.on("stream.replay", lose_first)
    station.say(intent(1), intent(2))
    clean(ipc_rig, proxy, listener, "intents", 2)
    assert listener.messages("intents") == [intent(1), intent(2)]
    assert listener.subscriber.statistics()["unanswered"] >= 2
    assert "what is no replay" in listener.peers.last_error


def test_a_journal_that_cannot_be_read_is_said_and_waited_for(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    station.say(*(intent(number) for number in range(1, 4)))
    ipc_rig.kill(station)
    again = ipc_rig.station("signal", journaled=True)
    path = ipc_rig.folder / "signal.outbox" / "00000000000000000001.log"
    whole = path.read_bytes()
    path.write_bytes(whole[:50] + b"\0" + whole[51:])
    again.publisher.open_journaled("intents")
    listener = ipc_rig.listener("intents")
    ipc_rig.until(lambda: "is damaged" in listener.peers.last_error, "the damage")
    assert "signal cannot replay intents from #1: " in listener.peers.last_error
    assert not listener.subscriber.is_synced(order_flow_only=True)
    path.write_bytes(whole)
    ipc_rig.join(listener)
    assert listener.numbers("intents") == [1, 2, 3]
