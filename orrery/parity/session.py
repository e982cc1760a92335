"""An ended session: its data directory, what each service ran with, and its messages by their ids."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from common.codec import UndecodableError, decode
from common.config.models import Config
from common.core import Core
from common.inputs import Input, InputKind
from common.messages import AnyMessage
from common.records import DamagedRecordError, JournalError
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL, STREAMS, Retention
from common.sessions import FILE_NAME, Start, read_starts, script_digest
from orrery.errors import CommandLineError
from orrery.parity.causes import chain, id_of
from orrery.parity.differences import message_in
from orrery.parity.journals import ReadJournal
from services.execution.service import make_core as make_execution
from services.risk_manager.service import make_core as make_risk
from services.signal.service import make_core as make_signal

JOURNALED = (SIGNAL, RISK_MANAGER, EXECUTION)
"""The services that keep journals, in the order of the flow."""

_decoder = msgspec.msgpack.Decoder(Input)


class Session:
    """The journals under one data directory; `config`, if given, stands for what the session recorded."""

    def __init__(self, folder: Path, config: Config | None = None) -> None:
        self.folder = folder
        self.config = config
        self.services = [name for name in JOURNALED if (folder / name / "inbox").is_dir()]
        if not self.services:
            raise CommandLineError(f"{folder}: expected the data folder of a session, found no journals in it")

    def inbox(self, service: str) -> ReadJournal:
        """Return what a service was told."""
        return ReadJournal(self.folder / service / "inbox")

    def outbox(self, service: str) -> ReadJournal:
        """Return what a service answered."""
        return ReadJournal(self.folder / service / "outbox")

    def published(self, service: str) -> Iterator[AnyMessage]:
        """Yield the order flow that a service published; JournalError names what is damaged or no message."""
        outbox = self.outbox(service)
        for number, payload in outbox.read():
            message = message_in(payload)
            if message is None:
                raise JournalError(f"{outbox.folder}: record {number}: expected a message, found none")
            yield message

    def starts(self, service: str) -> list[Start]:
        """Return what the service ran with, in the order of time; CommandLineError if nobody knows."""
        if self.config is not None:
            return [Start(inputs=0, base=0, began_ns=0, config=self.config.model_dump(mode="json"), scripts={})]
        starts = read_starts(self.folder / service)
        if not starts:
            path = self.folder / service / FILE_NAME
            raise CommandLineError(f"{path}: expected what the service ran with, found no file; give it with --config")
        return starts

    def changed_scripts(self, start: Start) -> list[str]:
        """Return the strategy files that are not what they were."""
        return [path for path, digest in start.scripts.items() if digest and script_digest(path) != digest]

    def causes_of(self, message: AnyMessage) -> list[str]:
        """Return what led to a message, the nearest first, each with the journal it was found in."""
        places: dict[str, str] = {}

        def find(wanted: str) -> list[AnyMessage]:
            found = []
            for place, each in self._messages():
                if id_of(each) == wanted and each not in found:
                    found.append(each)
                    places.setdefault(str(each), place)
            return found

        return [f"{each} ({places[str(each)]})" for each in chain(message, find)]

    def _messages(self) -> Iterator[tuple[str, AnyMessage]]:
        for service in self.services:
            for told in inputs_of(self.inbox(service)):
                if told.message is not None:
                    yield f"input {told.number} of {service}", told.message
            # A damaged output is what the search is for: what stands before it is enough.
            with suppress(DamagedRecordError):
                for number, payload in self.outbox(service).read():
                    message = message_in(payload)
                    if message is not None:
                        yield f"output {number} of {service}", message


class Told(NamedTuple):
    """An input as it was journaled. message: None for a deadline."""

    number: int
    recorded: Input
    message: AnyMessage | None


def inputs_of(inbox: ReadJournal, start: int = 1) -> Iterator[Told]:
    """Yield the inputs from number `start` on; JournalError names what is damaged or no input."""
    try:
        for number, payload in inbox.read(start):
            yield _told(inbox, number, payload)
    except DamagedRecordError as damage:
        raise JournalError(f"{damage}: expected a whole input, found one whose checksum does not fit") from damage


def _told(inbox: ReadJournal, number: int, payload: bytes) -> Told:
    try:
        recorded = _decoder.decode(payload)
        message = None if recorded.kind is InputKind.DEADLINE else decode(recorded.payload)
    except (msgspec.DecodeError, UndecodableError) as error:
        text = f"{inbox.folder}: record {number}: expected an input of a service, found {error}"
        raise JournalError(text) from error
    return Told(number, recorded, message)


def fresh_core(service: str, start: Start) -> Core:
    """Return a core as it was at that start.

    Raises:
        CommandLineError: the configuration is none of this version, or a strategy file cannot be used.
    """
    from pydantic import ValidationError

    from services.signal.loading import StrategyFileError

    try:
        config = Config.model_validate(start.config)
        if service == SIGNAL:
            return make_signal(config)
        return make_risk(config) if service == RISK_MANAGER else make_execution(config)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CommandLineError(f"{service}: the session's configuration: {where}: {first['msg']}") from error
    except StrategyFileError as error:
        raise CommandLineError(f"{service}: {error}") from error


def stream_of(service: str) -> str:
    """Return the topic of order flow that a service publishes."""
    return next(name for name, (owner, kept) in STREAMS.items() if owner == service and kept is Retention.JOURNAL)
