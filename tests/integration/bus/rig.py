"""Publishers and readers on real sockets in one thread: whoever waits for something turns all of them meanwhile."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import zmq

from common.bus.commands import CommandServer
from common.bus.frames import Received
from common.bus.peers import Peer, Peers
from common.bus.publisher import Publisher
from common.bus.subscriber import Subscriber
from common.clock import WallClock
from common.codec import decode
from common.journal import Journal
from common.messages import AnyMessage
from common.routes import publisher_of, topic_of
from orrery.ports import free_ports
from tests.integration.bus.waiting import PATIENCE_S, until

type Socket = zmq.Socket[bytes]
type Addresses = tuple[str, str]


class Turns(Protocol):
    """Something that does what waits to be done, and returns."""

    def turn(self) -> None:
        """Do it."""
        ...


class Station:
    """A publisher with its command socket."""

    def __init__(self, name: str, addresses: Addresses, journal: Path | None, ring_size: int) -> None:
        self.name, self.addresses = name, addresses
        self.context: zmq.Context[Socket] = zmq.Context()
        self.outbox = None if journal is None else Journal(journal)
        self.publisher = Publisher(self.context, addresses[0], WallClock(), ring_size=ring_size, outbox=self.outbox)
        self.commands = CommandServer(self.context, addresses[1], WallClock(), None)
        self.commands.on("stream.replay", self.publisher.replay)
        self.heartbeats = True

    def say(self, *messages: AnyMessage) -> None:
        """Publish as a service does: order flow through the outbox."""
        for message in messages:
            if topic_of(message) in ("intents", "decisions", "reports"):
                assert self.outbox is not None
                send = self.publisher.stage(message)
                self.outbox.flush()
                send()
            else:
                self.publisher.publish(message)

    def turn(self) -> None:
        """Answer what was asked, and give a sign of life."""
        self.commands.serve()
        if self.heartbeats:
            self.publisher.heartbeat(self.name)

    def die(self) -> None:
        """End as by kill -9: nothing is sent or written any more."""
        self.publisher.socket.close(linger=0)
        self.commands.socket.close(linger=0)
        self.context.destroy(linger=0)
        if self.outbox is not None:
            self.outbox.abandon()


class Listener:
    """A reader and everything that was delivered to it."""

    def __init__(self, wanted: Iterable[str], addresses: dict[str, Addresses], *, name: str = "signal") -> None:
        self.context: zmq.Context[Socket] = zmq.Context()
        self.got: list[Received] = []
        self.lost: list[tuple[str, int]] = []
        wanted = tuple(wanted)
        names = list(dict.fromkeys(publisher_of(topic) for topic in wanted))
        peers = [Peer(publisher, self.context.socket(zmq.DEALER)) for publisher in names]
        self.peers = Peers(peers, WallClock(), 500)
        self.subscriber = Subscriber(self.context.socket(zmq.SUB), self.peers, name, wanted)
        for peer in peers:
            self.subscriber.socket.connect(addresses[peer.name][0])
            peer.socket.connect(addresses[peer.name][1])

    def turn(self) -> None:
        """Take what has come."""
        self.got += self.subscriber.drain()
        self.lost += self.subscriber.take_lost()

    def numbers(self, topic: str) -> list[int]:
        """Return the numbers delivered of a topic, in order."""
        return [received.number for received in self.got if received.topic == topic]

    def messages(self, topic: str) -> list[AnyMessage]:
        """Return the messages delivered of a topic, in order."""
        return [decode(received.payload) for received in self.got if received.topic == topic]

    def close(self) -> None:
        """Close all sockets."""
        self.context.destroy(linger=0)


class Rig:
    """What a test made, closed when it ends."""

    def __init__(self, transport: str, folder: Path) -> None:
        self.transport, self.folder = transport, folder
        self._parts: list[Turns] = []
        self._closers: list[Callable[[], None]] = []
        self.addresses: dict[str, Addresses] = {}

    def address(self, name: str) -> str:
        """Return an address of the rig's transport that nobody uses yet."""
        if self.transport == "ipc":
            return f"ipc://{self.folder}/{name}"
        return f"tcp://127.0.0.1:{free_ports(1)[0]}"

    def station(
        self, name: str, *, journaled: bool = False, ring_size: int = 4_096, high_water_mark: int = 0
    ) -> Station:
        """Return a publisher; one of a name that died takes over its addresses and, with `journaled`, its journal."""
        addresses = self.addresses.setdefault(name, (self.address(f"{name}.p"), self.address(f"{name}.c")))
        journal = self.folder / f"{name}.outbox" if journaled else None
        station = Station(name, addresses, journal, ring_size)
        self.add(station, station.die)
        return station

    def listener(self, *wanted: str, via: dict[str, Addresses] | None = None) -> Listener:
        """Return a reader of these topics, connected to the stations, or to what stands between."""
        listener = Listener(wanted, {**self.addresses, **(via or {})})
        listener.subscriber.open_gate()
        self.add(listener, listener.close)
        return listener

    def add[Part: Turns](self, part: Part, close: Callable[[], None]) -> Part:
        """Turn a part from now on, and close it in the end."""
        self._parts.append(part)
        self._closers.append(close)
        return part

    def kill(self, station: Station) -> None:
        """End a station as by kill -9."""
        self.remove(station)
        station.die()

    def remove(self, part: Turns) -> None:
        """Turn a part no more: it hangs."""
        self._parts.remove(part)

    def resume(self, part: Turns) -> None:
        """Turn a part again."""
        self._parts.append(part)

    def turn(self) -> None:
        """Turn every part once."""
        for part in self._parts:
            part.turn()

    def until(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        """Turn every part until `condition` holds."""

        def turned() -> object:
            self.turn()
            return condition()

        until(turned, what, seconds)

    def join(self, *listeners: Listener) -> None:
        """Turn until these have heard all their publishers and wait for nothing."""
        for listener in listeners:
            self.until(listener.subscriber.is_synced, "the reader is synced")

    def close(self) -> None:
        """Close everything."""
        for close in reversed(self._closers):
            close()
