"""The running stack's account, from its event store, or where there is none from execution's journal."""

from collections.abc import Iterator
from pathlib import Path

from common.codec import UndecodableError, decode
from common.config.instruments import instruments_of
from common.config.models import Config
from common.journal import JournalError, read_folder
from common.messages import Fill, Quote
from common.routes import EVENT_STORE, EXECUTION
from orrery.errors import CommandLineError
from orrery.portfolio.folding import Fold
from services.event_store.adapters.reading import newest, oldest, read

SECOND_NS = 1_000_000_000
POINTS = 20_000
"""Points of the grid, about: its step is so many parts of the time there is, in whole seconds."""


class Folded:
    """What was folded. source: where from; notes: what must be known to read the figures."""

    def __init__(self, fold: Fold, source: str, notes: list[str]) -> None:
        self.fold, self.source, self.notes = fold, source, notes


def fold_account(config: Config, store: Path | None) -> Folded:
    """Fold the account of a stack, whether it runs or not; CommandLineError where nothing can be read."""
    folder = store or Path(config.engine.data_dir) / EVENT_STORE
    outbox = Path(config.engine.data_dir) / EXECUTION / "outbox"
    try:
        if folder.is_dir():
            return _from_store(config, folder)
        if store is None and outbox.is_dir():
            return _from_journal(config, outbox)
    except JournalError as error:
        raise CommandLineError(str(error)) from error
    raise CommandLineError(f"{folder}: expected an event store, or journals beside it, found none")


def _from_store(config: Config, folder: Path) -> Folded:
    first, last = oldest(folder), newest(folder)
    notes = [] if first <= 1 else [f"events before {first:,} are deleted: what was held before them counts as nothing"]
    ends = [event.stored_ns for number in (first, last) for event in read(folder, number, number)] if last else []
    span_ns = ends[-1] - ends[0] if ends else 0
    fold = _fold(config, span_ns)
    wanted = ("quote.", "reports")
    end_ns = 0
    for event in read(folder):
        end_ns = event.stored_ns
        if event.topic.startswith(wanted):
            message = event.message()
            if isinstance(message, Quote | Fill):
                fold.take(message, end_ns)
    fold.end(end_ns)
    return Folded(fold, str(folder), [*notes, *_skipped(fold)])


def _from_journal(config: Config, outbox: Path) -> Folded:
    fills = list(_journaled(outbox))
    fold = _fold(config, fills[-1].received_ns - fills[0].received_ns if fills else 0)
    for fill in fills:
        fold.take(fill, fill.received_ns)
    fold.end(fills[-1].received_ns if fills else 0)
    note = "from the journal, without an event store: positions are valued at the price of their last fill"
    return Folded(fold, str(outbox), [note, *_skipped(fold)])


def _journaled(outbox: Path) -> Iterator[Fill]:
    for _, payload in read_folder(outbox):
        try:
            message = decode(payload)
        except UndecodableError as error:
            raise CommandLineError(f"{outbox}: a message of another version: {error}") from error
        if isinstance(message, Fill):
            yield message


def _fold(config: Config, span_ns: int) -> Fold:
    step_ns = max(1, span_ns // POINTS // SECOND_NS) * SECOND_NS
    return Fold(config.risk.initial_cash, config.risk.account_currency, instruments_of(config), step_ns)


def _skipped(fold: Fold) -> list[str]:
    return [
        f"{count} fills in {name} are left out: no price between it and the account's currency was known before them"
        for name, count in fold.skipped.items()
    ]
