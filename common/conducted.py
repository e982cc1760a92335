"""A service in lock-step: what it hears waits until a conductor names it, with the time that it then is.

How it works: messages from the bus are held by topic and number. `conduct.take` names one: it is taken like any other
(journaled, told to the core, its consequences journaled and published), and the answer says what was published. Two
processes that hear each other can then never meet their messages in another order than the conductor's.
"""

from typing import Any, override

from common.bus.commands import CommandError
from common.bus.frames import Received
from common.bus.subscriber import Subscriber
from common.bus_service import BusService
from common.clock import monotonic_ns
from common.intake import Intake
from common.ledger import Ledger

HELD_LIMIT = 100_000
"""Messages that may wait for their word."""
ARRIVAL_TIMEOUT_NS = 10_000_000_000
"""How long a message that was named may still be under way."""
ARRIVAL_POLL_MS = 20


class ConductedIntake(Intake):
    """Holds what arrives, and takes what is named."""

    def __init__(self, bus: BusService, subscriber: Subscriber, ledger: Ledger) -> None:
        super().__init__(bus, subscriber, ledger)
        self._held: dict[tuple[str, int], Received] = {}
        self._lost: list[tuple[str, int]] = []
        bus.commands.on("conduct.take", self._conduct_take)
        bus.commands.on("conduct.deadline", self._conduct_deadline)

    @override
    def let_flow(self) -> None:
        """Leave what arrives in the sockets: a word, or the upkeep, takes it out, and nothing wakes the loop before."""

    @override
    def _take(self, arrived: list[Received]) -> None:
        self._lost += self._subscriber.take_lost()
        for received in arrived:
            self._held[received.topic, received.number] = received
        if len(self._held) > HELD_LIMIT:
            raise RuntimeError(f"lock-step: expected at most {HELD_LIMIT} messages held, found {len(self._held)}")

    def _conduct_take(self, arguments: dict[str, Any], _request_id: str) -> list[int | None]:
        """Take message `number` of `topic` at `now_ns`; return the first and last number published, and the deadline."""
        received = self._awaited(str(arguments["topic"]), int(arguments["number"]))
        self._bus.loop.clock.seen(int(arguments["now_ns"]))
        before = self._ledger.outbox.last_number
        self._take_one(received)
        return self._finish(before)

    def _conduct_deadline(self, arguments: dict[str, Any], _request_id: str) -> list[int | None]:
        """Let the core meet its deadline at `now_ns`; return as `conduct.take` does."""
        self._bus.loop.clock.seen(int(arguments["now_ns"]))
        before = self._ledger.outbox.last_number
        self._ledger.meet_deadline(self._ledger.now_ns())
        return self._finish(before)

    def _finish(self, before: int) -> list[int | None]:
        ledger = self._ledger
        if not ledger.commit():
            raise CommandError(f"the journal refuses writes: {ledger.blocked}")
        self._bus.touched()
        ledger.save_snapshot_when_due()
        return [before + 1, ledger.outbox.last_number, ledger.core.next_deadline_ns()]

    def _awaited(self, topic: str, number: int) -> Received:
        give_up_ns = monotonic_ns() + ARRIVAL_TIMEOUT_NS
        while (received := self._held.pop((topic, number), None)) is None:
            if self._lost or monotonic_ns() > give_up_ns:
                raise CommandError(f"expected {topic} #{number} from the bus, found none; lost: {self._lost}")
            self._subscriber.socket.poll(ARRIVAL_POLL_MS)
            self.take_stream()
        return received
