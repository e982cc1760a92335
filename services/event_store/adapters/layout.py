"""Where things lie in a store's folder, and the anchors that hold the chain after old events were deleted.

`events/` has the log, in files named by their first event; `snapshots/` the store's own place, so that a start need not
read all; `anchor-<n>` the hash of the event before n, from which the chain is checked once the events before n are gone.
"""

from pathlib import Path

from common.durable import write_whole
from common.records import JournalError
from services.event_store.core.chain import GENESIS, HASH_BYTES

EVENTS = "events"
SNAPSHOTS = "snapshots"
_ANCHOR = "anchor-"
_DIGITS = 20


class StoreError(JournalError):
    """The store cannot be used as asked; the text names the file."""


def anchor_path(path: Path, first: int) -> Path:
    """Return the file that has the hash of the event before `first`."""
    return path / f"{_ANCHOR}{first:0{_DIGITS}d}"


def write_anchor(path: Path, first: int, previous: bytes) -> None:
    """Write down the hash before event `first`, on the disk when this returns. Raises OSError."""
    write_whole(anchor_path(path, first), previous.hex().encode() + b"\n")


def read_anchor(path: Path, first: int) -> bytes:
    """Return the hash before event `first`; StoreError if it is not known."""
    if first == 1:
        return GENESIS
    file = anchor_path(path, first)
    try:
        previous = bytes.fromhex(file.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise StoreError(f"{file}: expected the hash before event {first}: {error}") from error
    if len(previous) != HASH_BYTES:
        raise StoreError(f"{file}: expected {HASH_BYTES} bytes in hexadecimal digits, found {len(previous)}")
    return previous


def drop_anchors_before(path: Path, first: int) -> None:
    """Delete the anchors of cuts before `first`. Raises OSError."""
    for file in path.glob(f"{_ANCHOR}*"):
        if file.name < anchor_path(path, first).name:
            file.unlink(missing_ok=True)
