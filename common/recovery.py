"""From snapshot and journals back to the state before the crash, with proof that it is the same."""

from typing import NamedTuple

from common.codec import decode, encode
from common.core import Core
from common.inputs import Input, InputKind, read_inputs
from common.journal import Journal
from common.messages import AnyMessage
from common.routes import Retention, retention_of, topic_of
from common.snapshots import SnapshotStore


class DivergenceError(Exception):
    """The inputs, redone, gave other order flow than was published: another version or configuration wrote them."""


class RecoveredState(NamedTuple):
    """What recovery did. completed: outputs that a crash had kept from the outbox. now_ns: when the last input came."""

    cursors: dict[str, tuple[int, int]]
    redone: int
    completed: int
    now_ns: int


def recover(core: Core, inbox: Journal, outbox: Journal, snapshots: SnapshotStore) -> RecoveredState:
    """Bring a fresh core to where its journals end; put missing outputs into the outbox.

    Raises:
        DivergenceError: an output differs from the one that was published under its number.
        JournalError: a record that is needed is damaged or gone.
    """
    snapshot = snapshots.latest()
    cursors: dict[str, tuple[int, int]] = {}
    number = outputs = now_ns = 0
    if snapshot is not None:
        core.restore(snapshot.core)
        cursors.update(snapshot.cursors)
        number, outputs, now_ns = snapshot.number, snapshot.outputs, snapshot.now_ns
    redo = _Redo(core, outbox, outputs)
    redone = 0
    for _, recorded in read_inputs(inbox, number + 1):
        redone, now_ns = redone + 1, recorded.now_ns
        redo.step(recorded)
        if recorded.topic:
            cursors[recorded.topic] = (recorded.incarnation, recorded.number)
    redo.finish()
    outbox.flush()
    return RecoveredState(cursors, redone, redo.completed, now_ns)


class _Redo:
    """Redoes inputs and holds the outputs against the outbox."""

    def __init__(self, core: Core, outbox: Journal, outputs: int) -> None:
        self._core = core
        self._outbox = outbox
        self._published = outbox.read(outputs + 1)
        self.completed = 0

    def step(self, recorded: Input) -> None:
        for message in redo_input(self._core, recorded):
            topic = topic_of(message)
            if topic is not None and retention_of(topic) is Retention.JOURNAL:
                self._compare(encode(message))

    def _compare(self, payload: bytes) -> None:
        number, published = next(self._published, (0, b""))
        if number == 0:
            self._outbox.append(payload)
            self.completed += 1
        elif published != payload:
            raise DivergenceError(
                f"{self._outbox.folder}: output {number} was {decode(published)}, redone it is {decode(payload)}; the state "
                "was made by another version, strategy or configuration: go back to it, or start with a new engine.data_dir"
            )

    def finish(self) -> None:
        number, published = next(self._published, (0, b""))
        if number:
            raise DivergenceError(
                f"{self._outbox.folder}: output {number}, {decode(published)}, does not come again when the inputs are redone; "
                "the state was made by another version, strategy or configuration: go back to it, or start with a new "
                "engine.data_dir"
            )


def redo_input(core: Core, recorded: Input) -> list[AnyMessage]:
    """Tell a core one recorded input again; return its answers."""
    if recorded.kind is InputKind.DEADLINE:
        return list(core.on_deadline(recorded.now_ns))
    return list(core.handle(decode(recorded.payload), recorded.now_ns))
