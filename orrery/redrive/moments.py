"""What people name a moment by, and the time of the services' clock that it stands for."""

from datetime import UTC, datetime

import msgspec

from common.journal import JournalError
from common.messages import Bar, Quote
from common.routes import SIGNAL
from orrery.data.times import TimeError, moment_ns
from orrery.errors import CommandLineError
from orrery.redrive.journals import inputs, oldest_record
from orrery.redrive.rebuild import LAST, Until
from orrery.redrive.session import Session
from services.event_store.adapters.reading import read

END_WORDS = ("end", "now")
NS_PER_SECOND = 1_000_000_000


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A moment. at_ns: by the services' clock. market_ns: by the market's, if that was what was asked for, else None.

    sequence: the event of the store that was asked for, else None.
    """

    asked: str
    at_ns: int = LAST
    market_ns: int | None = None
    sequence: int | None = None

    @property
    def until(self) -> Until:
        """Return up to where inputs are redone."""
        return Until(at_ns=self.at_ns)


def end() -> Moment:
    """Return the moment after everything."""
    return Moment(asked="the end")


def moment_of(session: Session, text: str) -> Moment:
    """Return the moment that a text names: a time, `end`, or the number of an event of the store as `#N`.

    A time that lies before the session began, and within the market data it was told, is a time of the market: a
    recording that is replayed has such times.

    Raises:
        CommandLineError: it names no moment, or none of this session.
    """
    if text in END_WORDS:
        return end()
    if text.startswith("#"):
        return moment_of_event(session, text[1:])
    try:
        at_ns = moment_ns(text)
    except TimeError as error:
        raise CommandLineError(f"--at {text}: {error}") from error
    began_ns = _began_ns(session)
    if at_ns >= began_ns:
        return Moment(asked=text, at_ns=at_ns)
    return _market_moment(session, text, at_ns, began_ns)


def moment_of_event(session: Session, text: str) -> Moment:
    """Return the moment when the store took event number `text`; CommandLineError without a store or such an event."""
    store = session.store
    if store is None:
        raise CommandLineError(f"{session.folder}: expected an event store for --to-seq, found none; --at takes a time")
    if not text.isdecimal() or int(text) < 1:
        raise CommandLineError(f"--to-seq {text}: expected the number of an event, from 1")
    try:
        event = next(read(store, int(text), int(text)), None)
    except JournalError as error:
        raise CommandLineError(str(error)) from error
    if event is None:
        raise CommandLineError(f"--to-seq {text}: expected an event of {store}, found that it ends before")
    return Moment(asked=f"event {text}", at_ns=event.stored_ns, sequence=event.sequence)


def shown_time(at_ns: int) -> str:
    """Return a time as people write it, UTC, to the microsecond; the same text is read back."""
    if at_ns >= LAST:
        return "the end"
    seconds, rest = divmod(at_ns, NS_PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000:06d}Z"


def _began_ns(session: Session) -> int:
    """Return when the first input was told that any service's journal still has."""
    firsts = [next(inputs(folder, oldest_record(folder)), None) for folder in map(session.inbox, session.services)]
    return min((told.recorded.now_ns for told in firsts if told is not None), default=0)


def _market_moment(session: Session, text: str, market_ns: int, began_ns: int) -> Moment:
    folder = session.inbox(SIGNAL)
    first_ns, at_ns = 0, 0
    for told in inputs(folder, oldest_record(folder)):
        if not isinstance(told.message, Quote | Bar):
            continue
        first_ns = first_ns or told.message.event_ns
        if told.message.event_ns > market_ns:
            break
        at_ns = told.recorded.now_ns
    else:
        at_ns = LAST
    if not at_ns:
        market = f", its market data at {shown_time(first_ns)}" if first_ns else ""
        began = f"the session's journals begin at {shown_time(began_ns)}{market}"
        raise CommandLineError(f"--at {text}: expected a moment of the session, found one before it: {began}")
    return Moment(asked=text, at_ns=at_ns, market_ns=market_ns)
