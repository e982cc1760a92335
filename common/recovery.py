"""From snapshot and journals back to the state before the crash, with proof that it is the same."""

from collections import deque
from typing import NamedTuple

import msgspec

from common.codec import UndecodableError, decode, encode
from common.core import Core
from common.inputs import Input, InputKind, read_inputs
from common.journal import Journal, JournalError
from common.messages import AnyMessage, OperatorCommand
from common.routes import Retention, retention_of, topic_of
from common.snapshots import Snapshot, SnapshotStore

REMEMBERED_COMMANDS = 1_000
"""Operator commands whose ids are kept, so that a retry after a restart is recognised."""

_REMEDY = "go back to the version, strategy and configuration that wrote the state, or start with a new engine.data_dir"
_NOTHING = Snapshot(number=0, outputs=0, now_ns=0, cursors={}, core=b"")


class DivergenceError(Exception):
    """The inputs, redone, gave other order flow than was published: another version or configuration wrote them."""


class RecoveredState(NamedTuple):
    """What recovery did.

    redone: inputs told to the core again. completed: outputs that a crash had kept from the outbox. now_ns: when the
    last input came. commands: ids of the latest operator commands, the oldest first.
    """

    cursors: dict[str, tuple[int, int]]
    redone: int
    completed: int
    now_ns: int
    commands: list[str]


def recover(core: Core, inbox: Journal, outbox: Journal, snapshots: SnapshotStore) -> RecoveredState:
    """Bring a fresh core to where its journals end; put missing outputs into the outbox.

    Raises:
        DivergenceError: an output differs from the one that was published under its number, or this version cannot
            read what was written.
        JournalError: a record that is needed is damaged or gone.
    """
    base = snapshots.latest() or _NOTHING
    _check_tail(inbox, base.number, "input")
    _check_tail(outbox, base.outputs, "output")
    if base is not _NOTHING:
        _restore(core, base, snapshots)
    redo = _Redo(core, outbox, base)
    for number, recorded in read_inputs(inbox, base.number + 1):
        redo.step(number, recorded)
    redo.finish()
    outbox.flush()
    return RecoveredState(redo.cursors, redo.redone, redo.completed, redo.now_ns, list(redo.commands))


def _check_tail(journal: Journal, number: int, what: str) -> None:
    if journal.last_number < number:
        raise JournalError(
            f"{journal.folder}: the latest snapshot stands after {what} {number}, but the journal ends with "
            f"{journal.last_number}: its tail was lost; put back a copy of the folder, or start with a new engine.data_dir"
        )


def _restore(core: Core, base: Snapshot, snapshots: SnapshotStore) -> None:
    try:
        core.restore(base.core)
    except (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        text = f"{snapshots.folder}: this version cannot take over the state after input {base.number}: {error!r}; {_REMEDY}"
        raise DivergenceError(text) from error


class _Redo:
    """Redoes inputs and holds the outputs against the outbox."""

    def __init__(self, core: Core, outbox: Journal, base: Snapshot) -> None:
        self._core = core
        self._outbox = outbox
        self._published = outbox.read(base.outputs + 1)
        self.cursors = dict(base.cursors)
        self.commands = deque(base.commands, maxlen=REMEMBERED_COMMANDS)
        self.now_ns = base.now_ns
        self.redone = self.completed = 0

    def step(self, number: int, recorded: Input) -> None:
        try:
            message = None if recorded.kind is InputKind.DEADLINE else decode(recorded.payload)
        except UndecodableError as error:
            raise DivergenceError(f"input {number} cannot be read by this version: {error}; {_REMEDY}") from error
        for output in redo_input(self._core, recorded, message):
            topic = topic_of(output)
            if topic is not None and retention_of(topic) is Retention.JOURNAL:
                self._compare(encode(output))
        self.redone += 1
        self.now_ns = recorded.now_ns
        if recorded.topic:
            self.cursors[recorded.topic] = (recorded.incarnation, recorded.number)
        if isinstance(message, OperatorCommand):
            self.commands.append(message.id)

    def _compare(self, payload: bytes) -> None:
        number, published = next(self._published, (0, b""))
        if number == 0:
            self._outbox.append(payload)
            self.completed += 1
        elif published != payload:
            raise DivergenceError(
                f"{self._outbox.folder}: output {number} was {_shown(published)}, redone it is {_shown(payload)}; {_REMEDY}"
            )

    def finish(self) -> None:
        number, published = next(self._published, (0, b""))
        if number:
            raise DivergenceError(
                f"{self._outbox.folder}: output {number}, {_shown(published)}, does not come again when the inputs are "
                f"redone; {_REMEDY}"
            )


def redo_input(core: Core, recorded: Input, message: AnyMessage | None = None) -> list[AnyMessage]:
    """Tell a core one recorded input again; return its answers. `message` is the input's, if it is decoded already."""
    if recorded.kind is InputKind.DEADLINE:
        return list(core.on_deadline(recorded.now_ns))
    return list(core.handle(decode(recorded.payload) if message is None else message, recorded.now_ns))


def _shown(payload: bytes) -> str:
    try:
        return str(decode(payload))
    except UndecodableError as error:
        return f"bytes that this version cannot read ({error})"
