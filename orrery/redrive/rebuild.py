"""One service at one moment: a fresh core, the nearest snapshot before it, and the inputs from there on.

How it works: the journal says at which time the core was told each input, so "at T" means: after the last input told by T.
A service that was restarted with another configuration is driven with the one that held at each input. A snapshot that lies
on the way must be met to the byte; that is the proof that the rebuilt state is the one there was.
"""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from common.core import Core
from common.journal import JournalError
from common.messages import AnyMessage
from common.recovery import redo_input
from common.routes import Retention, retention_of, topic_of
from common.sessions import Start
from common.snapshots import Snapshot
from orrery.errors import CommandLineError
from orrery.redrive.journals import Told, inputs, oldest_record
from orrery.redrive.session import Session

LAST = 2**63 - 1
"""A time, or a number, after everything."""

type Observe = Callable[[Told, list[AnyMessage]], None]
"""Is told of each input that was redone, and of what the core answered."""
type Prepare = Callable[[Core], None]
"""Is shown each fresh core before and after it takes over a state."""


class Until(NamedTuple):
    """The moment up to which inputs are redone: those told at `at_ns` or before, and none numbered above `number`.

    since: the first input that whoever observes must see; no snapshot from behind it is used.
    """

    at_ns: int = LAST
    number: int = LAST
    since: int = LAST


class Rebuilt(NamedTuple):
    """A service as it stood.

    inputs, outputs: how many it had taken and journaled. told_ns: when it was told the latest input. base: the input after
    which the snapshot stood that it was built from, 0 if from the beginning. met: snapshots met to the byte on the way.
    heard: the latest number taken of each topic.
    """

    service: str
    core: Core
    inputs: int
    outputs: int
    told_ns: int
    base: int
    met: int
    heard: dict[str, int]

    def digest(self) -> str:
        """Return the SHA-256 of the core's state, in hex."""
        return hashlib.sha256(self.core.snapshot()).hexdigest()


class Rebuilder:
    """Rebuilds one service. prepare and observe: see above. from_first: use no snapshot where the journal allows it."""

    def __init__(
        self,
        session: Session,
        service: str,
        *,
        prepare: Prepare | None = None,
        observe: Observe | None = None,
        from_first: bool = False,
    ) -> None:
        self._session, self._service = session, service
        self._prepare, self._observe = prepare, observe
        self._inbox = session.inbox(service)
        self._starts = session.starts(service)
        self._snapshots = session.snapshots(service)
        self._oldest = oldest_record(self._inbox)
        self._from_first = from_first and self._oldest == 1

    def rebuild(self, until: Until) -> Rebuilt:
        """Return the service at that moment.

        Raises:
            CommandLineError: the journal does not reach back so far, or the state cannot be taken over.
            JournalError: a record is damaged.
        """
        return self._from(self._base(until), until)

    def _base(self, until: Until) -> Snapshot | None:
        highest = min(until.number, until.since - 1)
        usable = [kept for kept in self._snapshots if kept.number <= highest and kept.now_ns <= until.at_ns]
        if self._oldest == 1 and (self._from_first or not usable):
            return None
        if not usable:
            first = next(iter(self._snapshots), None)
            since = "nothing at all" if first is None else f"input {first.number}, at {first.now_ns} ns"
            raise CommandLineError(
                f"{self._inbox}: expected what led to that moment, but the journal is kept from input {self._oldest} on; "
                f"the oldest snapshot stands after {since}"
            )
        return usable[-1]

    def _from(self, base: Snapshot | None, until: Until) -> Rebuilt:
        number, outputs, told_ns = (0, 0, 0) if base is None else (base.number, base.outputs, base.now_ns)
        start = self._start_of(number + 1)
        core = self._fresh(start, b"" if base is None else base.core)
        kept = {snapshot.number: snapshot for snapshot in self._snapshots if snapshot.number > number}
        heard = {} if base is None else {topic: last for topic, (_, last) in base.cursors.items()}
        met = 0
        for told in inputs(self._inbox, number + 1):
            if told.number > until.number or told.recorded.now_ns > until.at_ns:
                break
            following = self._start_of(told.number)
            if following is not start:
                start, core = following, self._fresh(following, core.snapshot())
            answers = self._redo(core, told)
            number, told_ns = told.number, told.recorded.now_ns
            if told.recorded.topic:
                heard[told.recorded.topic] = told.recorded.number
            outputs += sum(_is_journaled(answer) for answer in answers)
            if self._observe is not None:
                self._observe(told, answers)
            if number in kept:
                self._meet(core, kept[number], outputs)
                met += 1
        return Rebuilt(self._service, core, number, outputs, told_ns, 0 if base is None else base.number, met, heard)

    def _redo(self, core: Core, told: Told) -> list[AnyMessage]:
        try:
            return redo_input(core, told.recorded, told.message)
        except Exception as error:
            text = f"{self._service} fails at input {told.number}, which it took: {error!r}; another version wrote this session"
            raise CommandLineError(f"{self._session.folder}: {text}") from error

    def _start_of(self, number: int) -> Start:
        """Return what the service ran with when it took the input: the last start from before it."""
        return [start for start in self._starts if start.inputs < number][-1]

    def _fresh(self, start: Start, state: bytes) -> Core:
        core = self._session.core(self._service, start)
        if self._prepare is not None:
            self._prepare(core)
        if state:
            try:
                core.restore(state)
            except (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
                text = f"this version cannot take over the state of {self._service}: {error!r}"
                raise CommandLineError(f"{self._session.folder}: {text}") from error
            if self._prepare is not None:
                self._prepare(core)  # a state may bring what the start did not have
        return core

    def _meet(self, core: Core, kept: Snapshot, outputs: int) -> None:
        if core.snapshot() != kept.core or outputs != kept.outputs:
            raise JournalError(
                f"{self._inbox}: redone, the state after input {kept.number} is not the one of the snapshot; another "
                "version, configuration or strategy wrote this session (see `orrery parity --session`)"
            )


def _is_journaled(message: AnyMessage) -> bool:
    topic = topic_of(message)
    return topic is not None and retention_of(topic) is Retention.JOURNAL
