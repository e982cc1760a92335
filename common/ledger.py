"""A pure core with its journals: what it is told is written down, what it answers is kept back until that is safe.

How it works: an input is appended to the inbox before the core is told. What the core answers is staged in the outbox;
inbox, then outbox, are flushed before anything is sent. So whatever others have heard can be redone: after a crash the
core is rebuilt from the latest snapshot and the inputs behind it, the answers it gives again are compared with the
outbox record by record, and what the crash kept from the outbox is put there and sent. A disk that refuses a write
leaves the ledger blocked: nothing is sent until a later `commit` succeeds.

A core may put a command before the input that it was just told (`common.core.Interposing`): the command is written first,
so redone in that order the input meets a core that has obeyed it. That is why inputs are written behind the telling.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

from common.bus.frames import OPERATOR_TOPIC
from common.bus.publisher import Publisher
from common.clock import Clock
from common.codec import encode
from common.config.models import EngineSection
from common.core import Core, Interposing, UnheardError
from common.inputs import Input, InputKind, encode_input
from common.journal import Journal, JournalError, JournalWriteError
from common.logs import get_logger
from common.messages import AnyMessage, OperatorCommand
from common.recovery import REMEMBERED_COMMANDS, recover
from common.routes import Retention, retention_of, topic_of
from common.snapshots import Snapshot, SnapshotStore

UNSENT_LIMIT = 64
"""Answers kept back before a commit comes by itself, so that the first of a burst does not wait for the last."""

_log = get_logger("journal")


class Observer(Protocol):
    """A service's metrics: a projection of the messages that go in and out."""

    def observe(self, message: AnyMessage) -> None:
        """Count a message."""
        ...


def _input_of(command: OperatorCommand) -> Input:
    return Input(InputKind.COMMAND, command.received_ns, payload=encode(command))


class Ledger:
    """A core in `folder`. cursors: topic to (incarnation, number) of what was taken in. blocked: why the disk refused.

    perform: does what the core says and no stream carries, such as a request to a venue; redone inputs do nothing.
    """

    def __init__(self, core: Core, folder: Path, engine: EngineSection, clock: Clock) -> None:
        """Open the journals and rebuild the core.

        Raises:
            JournalError, DivergenceError: with a sentence that says what to change.
        """
        self.core, self._clock, self._engine = core, clock, engine
        sync = engine.durability == "power"
        with ExitStack() as undo:
            self.inbox = Journal(folder / "inbox", segment_bytes=engine.journal_segment_bytes, sync=sync)
            undo.callback(self.inbox.abandon)
            self.outbox = Journal(folder / "outbox", segment_bytes=engine.journal_segment_bytes, sync=sync)
            undo.callback(self.outbox.abandon)
            self.snapshots = SnapshotStore(folder / "snapshots")
            self.recovered = recover(core, self.inbox, self.outbox, self.snapshots)
            undo.pop_all()
        self.cursors = self.recovered.cursors
        self.commands = deque(self.recovered.commands, maxlen=REMEMBERED_COMMANDS)
        self.blocked = ""
        self.observe: Callable[[AnyMessage], None] | None = None
        self.perform: Callable[[AnyMessage], None] | None = None
        self._publisher: Publisher | None = None
        self._durable: dict[type, bool] = {}
        self._unsent: list[Callable[[], None]] = []
        self._staged = False
        self._since_snapshot = self.recovered.redone
        self._told_ns = self.recovered.now_ns
        self._interposing = core if isinstance(core, Interposing) else None
        if self._interposing is not None:
            self._interposing.go_live()
        _report(self)

    def publish_by(self, publisher: Publisher) -> None:
        """Send answers by `publisher`, whose outbox is ours."""
        self._publisher = publisher

    def now_ns(self) -> int:
        """Return the time to tell the core: the clock's, but never less than it was told before, in any process."""
        self._told_ns = max(self._told_ns, self._clock.now_ns())
        return self._told_ns

    def take(self, recorded: Input, message: AnyMessage) -> None:
        """Tell the core an input and write it down; call `commit` when there is no more at the moment.

        Raises:
            UnheardError: the core did not take it; nothing was written.
        """
        due_ns = self.core.next_deadline_ns()
        if due_ns is not None and due_ns <= recorded.now_ns:
            self.meet_deadline(recorded.now_ns)
        outputs = self.core.handle(message, recorded.now_ns)
        if self._interposing is not None:
            self._write_interposed(self._interposing)
        self.inbox.append(encode_input(recorded))
        self._since_snapshot += 1
        if recorded.topic:
            self.cursors[recorded.topic] = (recorded.incarnation, recorded.number)
        if self.observe is not None:
            self.observe(message)
        if outputs:
            self._emit(outputs)

    def obey(self, command: OperatorCommand) -> None:
        """Tell the core an operator's command and write it down; call `commit` before the operator is answered.

        Raises:
            UnheardError: the core did not take it; nothing was written.
        """
        waiting, staged = len(self._unsent), self._staged
        self._announce(command)
        try:
            self.take(_input_of(command), command)
        except UnheardError:
            del self._unsent[waiting:]
            self._staged = staged
            raise
        self.commands.append(command.id)

    def meet_deadline(self, now_ns: int) -> None:
        """Tell the core that its deadline has come; call `commit` afterwards."""
        self.inbox.append(encode_input(Input(InputKind.DEADLINE, now_ns)))
        self._since_snapshot += 1
        outputs = self.core.on_deadline(now_ns)
        if outputs:
            self._emit(outputs)

    def _announce(self, command: OperatorCommand) -> None:
        """Have a command told before what it leads to, and like it only once it is written down."""
        if self._publisher is not None:
            self._unsent.append(partial(self._publisher.send_unkept, OPERATOR_TOPIC + command.service, command))
            self._staged = True

    def _write_interposed(self, core: Interposing) -> None:
        for command in core.take_interposed():
            self.inbox.append(encode_input(_input_of(command)))
            self._since_snapshot += 1
            self._announce(command)
            self.commands.append(command.id)
            if self.observe is not None:
                self.observe(command)

    def commit(self) -> bool:
        """Make safe what was taken and staged, then send it; return whether the disk let us."""
        if (self._staged or self.blocked) and not self._flush():
            return False
        self._staged = False
        unsent, self._unsent = self._unsent, []
        for send in unsent:
            send()
        return True

    def commit_all(self) -> bool:
        """Commit, with the inputs that had no consequence; return whether the disk let us."""
        return self.commit() and self.flush_inputs()

    def flush_inputs(self) -> bool:
        """Write down what was taken in without consequence; return whether the disk let us."""
        return self._flush() if self.inbox.has_unflushed else not self.blocked

    def save_snapshot_when_due(self) -> None:
        """Save a snapshot if the configured number of inputs has been taken since the last."""
        if self._since_snapshot >= self._engine.snapshot_every:
            self.save_snapshot()

    def save_snapshot(self) -> None:
        """Write the state down, so that a restart need not redo all inputs; a failure is logged and tried later."""
        self._since_snapshot = 0
        try:
            state = self.core.snapshot()
            if self._interposing is not None:
                self._write_interposed(self._interposing)
            self.inbox.flush_to_disk()
            self.outbox.flush_to_disk()
            snapshot = Snapshot(
                number=self.inbox.last_number,
                outputs=self.outbox.last_number,
                now_ns=self._told_ns,
                cursors=self.cursors,
                core=state,
                commands=list(self.commands),
            )
            self.snapshots.save(snapshot)
            self.inbox.drop_before(self.snapshots.oldest_number() + 1, self._engine.journal_keep_segments)
        except (OSError, JournalError) as error:
            _log.error("snapshot not written; the journal keeps everything", error=str(error))

    def close(self) -> None:
        """Write the state down and let go of the files. What the disk refuses now is asked for again after the start."""
        if not self.blocked:
            self.save_snapshot()
        try:
            self.inbox.close()
            self.outbox.close()
        except JournalWriteError as error:
            # An answer on the disk without its input would contradict what the input, told again later, leads to.
            self.outbox.abandon()
            _log.error("inputs not written; they are asked for again after the start", error=str(error))

    def _emit(self, outputs: Sequence[AnyMessage]) -> None:
        publisher = self._publisher
        assert publisher is not None, "a core answers only when its answers can be sent"
        for message in outputs:
            durable = self._durable.get(type(message))
            if durable is None:
                topic = topic_of(message)
                if topic is None:
                    # What no stream carries is kept back, for the one who does it, until what led to it is safe.
                    assert self.perform is not None, f"a core may not emit {type(message).__name__}"
                    self._unsent.append(partial(self.perform, message))
                    self._staged = True
                    if self.observe is not None:
                        self.observe(message)
                    continue
                durable = self._durable[type(message)] = retention_of(topic) is Retention.JOURNAL
            self._unsent.append(publisher.stage(message) if durable else partial(publisher.publish, message))
            self._staged = self._staged or durable
            if self.observe is not None:
                self.observe(message)
        if len(self._unsent) >= UNSENT_LIMIT:
            self.commit()

    def _flush(self) -> bool:
        try:
            self.inbox.flush()
            self.outbox.flush()
        except JournalWriteError as error:
            if not self.blocked:
                _log.error("journal refuses writes; nothing is taken in or sent until it succeeds", error=str(error))
            self.blocked = str(error)
            return False
        if self.blocked:
            _log.warning("journal takes writes again")
        self.blocked = ""
        return True


def _report(ledger: Ledger) -> None:
    for repair in (*ledger.inbox.repairs, *ledger.outbox.repairs, *ledger.snapshots.repairs):
        _log.warning("journal repaired", repair=repair)
    recovered = ledger.recovered
    _log.info("state restored", inputs=ledger.inbox.last_number, redone=recovered.redone, resent=recovered.completed)
