"""What a journaled service hears, from the sockets into the ledger: decoded, told to the core, acknowledged."""

from collections.abc import Callable

from common.bus.frames import Received
from common.bus.subscriber import Subscriber
from common.bus_service import BusService
from common.codec import UndecodableError, decode, encode
from common.inputs import Input, InputKind
from common.ledger import Ledger
from common.messages import InputGap
from common.routes import Retention, publisher_of, retention_of

SEEN_EVERY = 200
"""Messages after which publishers are told how far we are; a recording waits for its readers by it."""


class PoisonError(Exception):
    """Order flow that cannot be decoded: it must not be skipped, so the service stops before it."""


class Intake:
    """Reads from `subscriber` while the ledger takes; a blocked ledger leaves the messages in the sockets.

    may_open: whether market data may be let in, once order flow is complete.
    """

    def __init__(self, bus: BusService, subscriber: Subscriber, ledger: Ledger) -> None:
        self._bus, self._subscriber, self._ledger = bus, subscriber, ledger
        self._unseen = 0
        self._flows = False
        subscriber.peers.on_sent = bus.loop.look_again
        self.may_open: Callable[[], bool] = lambda: True

    def let_flow(self) -> None:
        """Read whatever comes, unless that is done already."""
        if self._flows:
            return
        self._flows = True
        self._bus.loop.add_reader(self._subscriber.socket, self.take_stream)
        for socket in self._subscriber.peers.sockets():
            self._bus.loop.add_reader(socket, self._take_answers)

    def hold(self) -> None:
        """Read no more: what waits in a socket would wake the loop again and again."""
        self._flows = False
        for socket in (self._subscriber.socket, *self._subscriber.peers.sockets()):
            self._bus.loop.remove_reader(socket)

    def take_stream(self) -> None:
        """Take what has arrived."""
        if self._ledger.blocked:
            self.hold()
        else:
            self._take(self._subscriber.drain())

    def upkeep(self) -> None:
        """Ask again for what was not answered, flush what waits, let market data in once order flow is complete."""
        ledger, subscriber = self._ledger, self._subscriber
        writes = ledger.commit() if ledger.blocked else ledger.flush_inputs()
        if not writes:
            self.hold()
            return
        self.let_flow()
        self.take_stream()
        if not subscriber.gate_open and subscriber.is_synced(order_flow_only=True) and self.may_open():
            subscriber.open_gate()

    def tell_seen(self) -> None:
        """Tell each publisher which of its numbers we have reached."""
        self._unseen = 0
        by_publisher: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in self._subscriber.publishers()}
        for topic, cursor in self._subscriber.cursors().items():
            by_publisher[publisher_of(topic)][topic] = cursor
        takes = self._subscriber.gate_open
        for name, cursors in by_publisher.items():
            seen = {"subscriber": self._bus.name, "cursors": cursors, "takes_market_data": takes}
            self._subscriber.peers.tell(name, "stream.seen", seen)

    def _take_answers(self) -> None:
        if self._ledger.blocked:
            self.hold()
        else:
            self._take(self._subscriber.collect())

    def _take(self, arrived: list[Received]) -> None:
        ledger, lost = self._ledger, self._subscriber.take_lost()
        # A hole comes to light with what lies behind it, so the core hears of it first.
        for topic, missing in lost:
            now_ns = ledger.now_ns()
            gap = InputGap(topic=topic, missing=missing, event_ns=now_ns, received_ns=now_ns)
            ledger.take(Input(InputKind.MESSAGE, now_ns, payload=encode(gap)), gap)
        for received in arrived:
            self._take_one(received)
        if not arrived and not lost:
            return
        if not ledger.commit():
            self.hold()
        self._bus.touched()
        ledger.save_snapshot_when_due()
        self._unseen += len(arrived)
        if self._unseen >= SEEN_EVERY:
            self.tell_seen()

    def _take_one(self, received: Received) -> None:
        topic, incarnation, number, sent_ns, payload = received
        try:
            message = decode(payload)
        except UndecodableError as error:
            if retention_of(topic) is Retention.JOURNAL:
                text = f"{topic} #{number} cannot be decoded and must not be skipped: {error}"
                raise PoisonError(text) from error
            self._subscriber.cannot_read(f"{topic} #{number}: {error}")
            return
        if sent_ns:
            self._bus.hops.observe(self._bus.wall.now_ns() - sent_ns)
        self._ledger.take(Input(InputKind.MESSAGE, self._ledger.now_ns(), topic, incarnation, number, payload), message)
