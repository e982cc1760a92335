"""The hashes after an event: of the chain, and of the state that the events lead to."""

from pathlib import Path

import msgspec

from services.event_store.adapters.projected import ProjectedLog
from services.event_store.adapters.reading import StoreError, oldest, read_chained
from services.event_store.core.projection.fold import Projection


class Hashes(msgspec.Struct, frozen=True, kw_only=True):
    """chain: of event `sequence`, in hex, empty before the first. first: the event from which on the state was folded."""

    sequence: int
    chain: str
    state: str
    first: int = msgspec.field(name="from")


def hashes_of(path: Path, to_sequence: int | None) -> Hashes:
    """Return the hashes after the last event, or after `to_sequence`; StoreError if the log cannot be read.

    The nearest snapshot beside the log is gone on from. Where events are deleted that none stands for, the state is that
    of the events that are kept.
    """
    try:
        log = ProjectedLog(path, up_to=to_sequence, writes=False)
    except StoreError:
        return _of_what_is_kept(path, to_sequence)
    log.catch_up(to_sequence)
    return Hashes(sequence=log.sequence, chain=log.chain.hex(), state=log.projection.digest(), first=1)


def _of_what_is_kept(path: Path, to_sequence: int | None) -> Hashes:
    projection, first, chain = Projection(), oldest(path), ""
    for digest, event in read_chained(path, first, to_sequence):
        projection.take(event)
        chain = digest.hex()
    return Hashes(sequence=projection.sequence, chain=chain, state=projection.digest(), first=first)
