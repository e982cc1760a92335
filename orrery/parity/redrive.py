"""Re-drive: what a service was told in a session, told again to a fresh core, gives byte for byte what it answered.

How it works: each input goes to the core with the time that was journaled with it, and each answer of order flow is held
against the outbox. Where the configuration changed between two starts, a fresh core takes over there, as it did in the
session: from the snapshot that it was rebuilt from. Where old inputs are gone, the oldest snapshot kept is the beginning.
Snapshots on the way must equal the state, and order flow that was heard must equal what its sender published.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from common.codec import encode
from common.core import Core
from common.messages import AnyMessage
from common.money import use_money_context
from common.records import DamagedRecordError, JournalError
from common.recovery import redo_input
from common.routes import Retention, retention_of, topic_of
from common.sessions import Start
from common.snapshots import Snapshot, read_snapshots
from orrery.errors import CommandLineError
from orrery.parity.differences import Difference, differing_fields, message_in, shown
from orrery.parity.journals import ReadJournal
from orrery.parity.session import Session, inputs_of
from orrery.redrive.journals import Told

_BEGINNING = Snapshot(number=0, outputs=0, now_ns=0, cursors={}, core=b"")


class Redriven(msgspec.Struct, kw_only=True):
    """What came of one service. first_input: where the journal or the snapshot begins.

    digest: SHA-256 over the journaled outputs, one after another; redriven_digest: over those that came again.
    unpublished: outputs at the end that a crash kept from the outbox. taken: per topic of order flow, the last number heard.
    """

    service: str
    first_input: int = 1
    inputs: int = 0
    outputs: int = 0
    digest: str = ""
    redriven_digest: str = ""
    equal: bool = False
    configurations: int = 0
    snapshots: int = 0
    unpublished: int = 0
    taken: dict[str, int] = {}
    notes: list[str] = []
    difference: Difference | None = None


class _DifferError(Exception):
    """The first difference; ends the drive of a service."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.what)
        self.difference = difference


class Redrive:
    """One service of a session."""

    def __init__(self, session: Session, service: str) -> None:
        """Open the journals and find the beginning; JournalError and CommandLineError say what is unusable."""
        self._session = session
        self._inbox, self._outbox = session.inbox(service), session.outbox(service)
        self._starts = session.starts(service)
        self._snapshots = {kept.number: kept for kept in read_snapshots(session.folder / service / "snapshots")}
        self._base = self._find_base()
        self._states: dict[int, tuple[bytes, int]] = {}
        self._digest = hashlib.sha256()
        self._answered = _Answers(self._outbox, self._base.outputs)
        self.result = Redriven(service=service, first_input=self._base.number + 1)

    def run(self) -> Redriven:
        """Drive to the end or to the first difference."""
        use_money_context()
        result = self.result
        try:
            for start, following in self._spans():
                self._drive(start, None if following is None else following.inputs)
            self._finish()
            result.equal = True
        except _DifferError as found:
            result.difference = found.difference
        result.redriven_digest = self._digest.hexdigest()
        result.digest, result.outputs = _digest_of(self._outbox, self._base.outputs)
        result.notes += [torn for torn in (self._inbox.torn, self._outbox.torn) if torn]
        return result

    def _find_base(self) -> Snapshot:
        first = self._inbox.first_number
        if first == 1:
            return _BEGINNING
        usable = sorted(number for number in self._snapshots if number >= first - 1)
        if not usable:
            text = f"expected a snapshot behind input {first - 1} or later, found none, and the inputs before are gone"
            raise CommandLineError(f"{self._inbox.folder}: {text}")
        return self._snapshots[usable[0]]

    def _spans(self) -> Iterator[tuple[Start, Start | None]]:
        """Yield each start whose inputs are there, with the one after it."""
        pairs = zip(self._starts, [*self._starts[1:], None], strict=True)
        yield from (
            (start, after)
            for start, after in pairs
            if after is None or after.inputs > max(self._base.number, start.inputs)
        )

    def _drive(self, start: Start, last: int | None) -> None:
        result = self.result
        result.configurations += 1
        core, notes = self._session.fresh_core(result.service, start)
        result.notes += notes
        number, outputs = self._take_up(core, start)
        self._answered.go_to(outputs)
        for told in inputs_of(self._inbox, number + 1):
            if last is not None and told.number > last:
                break
            self._step(core, told, start)

    def _take_up(self, core: Core, start: Start) -> tuple[int, int]:
        """Bring a fresh core to where this start began; return the input and the outputs it stands behind."""
        base = max(start.base, self._base.number)
        state, outputs = self._states.get(base, (self._base.core, self._base.outputs))
        number = base if base in self._states else self._base.number
        if state:
            try:
                core.restore(state)
            except (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
                text = f"expected a state behind input {number} that this version can take over, found {error!r}"
                raise CommandLineError(f"{self._inbox.folder}: {text}") from error
        return number, outputs

    def _step(self, core: Core, told: Told, start: Start) -> None:
        result, number = self.result, told.number
        try:
            outputs = redo_input(core, told.recorded, told.message)
        except Exception as error:
            what = f"input {number} of {result.service}"
            raise _DifferError(
                Difference(what=what, where="redone", expected="no failure", found=repr(error))
            ) from error
        is_new = number > start.inputs
        for output in outputs:
            topic = topic_of(output)
            if topic is not None and retention_of(topic) is Retention.JOURNAL:
                self._answered_with(output, told, is_new=is_new)
        if is_new:
            result.inputs += 1
            if told.recorded.topic and retention_of(told.recorded.topic) is Retention.JOURNAL:
                result.taken[told.recorded.topic] = told.recorded.number
        self._compare_state(core, number, is_new=is_new)

    def _answered_with(self, output: AnyMessage, told: Told, *, is_new: bool) -> None:
        payload = encode(output)
        try:
            number, journaled = self._answered.next()
        except DamagedRecordError as damage:
            difference = self._difference(damage.number, None, payload, told)
            difference.where, difference.expected = str(damage), "a record whose checksum does not fit"
            raise _DifferError(difference) from damage
        if journaled is None:
            self.result.unpublished += is_new
        elif journaled != payload:
            raise _DifferError(self._difference(number, journaled, payload, told))
        if is_new and journaled is not None:
            self._digest.update(payload)

    def _difference(self, number: int, journaled: bytes | None, redone: bytes | None, told: Told | None) -> Difference:
        service = self.result.service
        behind = "" if told is None else f", behind input {told.number}"
        message = message_in(redone) or message_in(journaled)
        causes = [] if message is None else self._session.causes_of(message)
        if told is not None and told.message is not None and not causes:
            causes = [f"{told.message} (input {told.number} of {service})"]
        return Difference(
            what=f"output {number} of {service}{behind}",
            where="journaled (expected) and redone (found)",
            expected=shown(journaled),
            found=shown(redone),
            fields=differing_fields(journaled, redone),
            causes=causes,
        )

    def _compare_state(self, core: Core, number: int, *, is_new: bool) -> None:
        kept = self._snapshots.get(number) if is_new else None
        wanted = any(start.base == number for start in self._starts)
        if kept is None and not wanted:
            return
        state = core.snapshot()
        self._states[number] = (state, self._answered.number)
        if kept is None:
            return
        if kept.core != state or kept.outputs != self._answered.number:
            digests = [hashlib.sha256(each).hexdigest() for each in (kept.core, state)]
            raise _DifferError(
                Difference(
                    what=f"state of {self.result.service} behind input {number}",
                    where="snapshot (expected) and redone (found)",
                    expected=f"SHA-256 {digests[0]} behind {kept.outputs} outputs",
                    found=f"SHA-256 {digests[1]} behind {self._answered.number} outputs",
                )
            )
        self.result.snapshots += 1

    def _finish(self) -> None:
        try:
            number, journaled = self._answered.next()
        except DamagedRecordError as damage:
            raise _DifferError(Difference(what="a damaged output that nothing leads to", where=str(damage))) from damage
        if journaled is not None:
            raise _DifferError(self._difference(number, journaled, None, None))


class _Answers:
    """The journaled outputs, one after another. number: of the latest given."""

    def __init__(self, outbox: ReadJournal, number: int) -> None:
        self._outbox = outbox
        self.number = number
        self._records = outbox.read(number + 1)

    def go_to(self, number: int) -> None:
        """Give what is behind `number` next."""
        if number != self.number:
            self.number, self._records = number, self._outbox.read(number + 1)

    def next(self) -> tuple[int, bytes | None]:
        """Return the next number and output, None behind the last."""
        self.number += 1
        number, payload = next(self._records, (self.number, None))
        if number != self.number:
            raise JournalError(f"{self._outbox.folder}: expected record {self.number}, found {number}")
        return number, payload


def _digest_of(outbox: ReadJournal, behind: int) -> tuple[str, int]:
    digest, count = hashlib.sha256(), 0
    with suppress(DamagedRecordError):
        for _, payload in outbox.read(behind + 1):
            digest.update(payload)
            count += 1
    return digest.hexdigest(), count
