"""An ended session: its data directory, what each service ran with, and its messages by their ids."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from common.codec import UndecodableError, decode
from common.config.models import Config
from common.core import Core
from common.inputs import Input, InputKind
from common.messages import AnyMessage
from common.records import DamagedRecordError, JournalError
from common.routes import STREAMS, Retention
from common.sessions import Start
from orrery.errors import CommandLineError
from orrery.parity.causes import chain, id_of
from orrery.parity.differences import message_in
from orrery.parity.journals import ReadJournal
from orrery.redrive.journals import Told
from orrery.redrive.session import Session as SessionFolder

_decoder = msgspec.msgpack.Decoder(Input)


class Session:
    """The journals under one data directory; `config`, if given, stands for what the session recorded."""

    def __init__(self, folder: Path, config: Config | None = None) -> None:
        """Look into the folder; CommandLineError if no service has a journal there."""
        self.folder = folder
        self._recorded = SessionFolder(folder, config)
        self.services = self._recorded.services

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
        return self._recorded.starts(service)

    def fresh_core(self, service: str, start: Start) -> tuple[Core, list[str]]:
        """Return a core as it was at that start, and what has to be said of it: a strategy that is not what it was.

        Raises:
            CommandLineError: the configuration is none of this version, or a strategy file cannot be used.
        """
        try:
            return self._recorded.core(service, start), []
        except CommandLineError as error:
            return self._recorded.core(service, msgspec.structs.replace(start, scripts={})), [str(error)]

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


def stream_of(service: str) -> str:
    """Return the topic of order flow that a service publishes."""
    return next(name for name, (owner, kept) in STREAMS.items() if owner == service and kept is Retention.JOURNAL)
