"""Verifying a store: every record's checksum and hash is held against the chain, and each damaged one is named.

How it works: a record is whole if its checksum fits its number, and right if its hash follows from the one before. Where
one is not whole, the next that is whole is looked for, and the chain goes on from it: the damaged record's hash is taken
as it stands, or as its bytes give it, because one of the two was not hit. So one flipped bit names one event.
"""

import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from common.records import FRAME, path_of
from common.snapshots import Snapshot
from services.event_store.adapters.layout import EVENTS, SNAPSHOTS, StoreError, anchor_path, read_anchor
from services.event_store.adapters.reading import files_of
from services.event_store.adapters.scanning import Piece, scan
from services.event_store.core.chain import HASH_BYTES, chained
from services.event_store.core.sequencer import Sequencer

_TAIL_WAIT_S = 0.05
_TAIL_TRIES = 4
"""How often a last record that is not whole is looked at again: a writer may be at it."""


class Damage(msgspec.Struct, frozen=True):
    """What is wrong, and where. sequence: the event; file, offset: where its record begins, in bytes."""

    sequence: int
    file: str
    offset: int
    what: str


class Verification(msgspec.Struct, kw_only=True):
    """What was checked. first, last: of the events kept; last is first - 1 if there is none. hash: of the last one, hexadecimal."""

    first: int = 1
    last: int = 0
    events: int = 0
    hash: str = ""
    files: int = 0
    bytes: int = 0
    damages: list[Damage] = []


def verify(path: Path, expected: Mapping[int, str] | None = None) -> Verification:
    """Check the store in `path`, which may be in use. `expected`: hashes (hexadecimal) that events must have.

    Raises:
        StoreError: no store is there, or a file cannot be read.
    """
    walk = _Walk(path, {number: bytes.fromhex(text) for number, text in (expected or {}).items()})
    try:
        walk.run()
    except OSError as error:
        raise StoreError(f"{path}: cannot read the store: {error}") from error
    return walk.result


class _Walk:
    """One way through the log. _previous: the hashes that the next record may follow; empty where none is known."""

    def __init__(self, path: Path, expected: dict[int, bytes]) -> None:
        self._path, self._expected = path, expected
        self._previous: tuple[bytes, ...] = ()
        self._file = path
        self.result = Verification()

    def run(self) -> None:
        firsts, result = files_of(self._path), self.result
        result.first, result.last, result.files = firsts[0], firsts[0] - 1, len(firsts)
        self._take_snapshots()
        self._take_anchor(firsts[0])
        for first in firsts:
            self._file = path_of(self._path / EVENTS, first)
            if first != result.last + 1:
                self._damage(result.last + 1, 0, f"missing; this file begins with event {first}")
                self._previous, result.last = (), first - 1
            self._take_file(first, is_last=first == firsts[-1])
        for number in sorted(self._expected.keys() - range(result.last + 1)):
            self._damage(number, self._file.stat().st_size, f"missing; the log ends with event {result.last}")

    def _take_anchor(self, first: int) -> None:
        self._file = anchor_path(self._path, first)
        try:
            self._previous = (read_anchor(self._path, first),)
        except StoreError as error:
            self._damage(first - 1, 0, str(error))

    def _take_snapshots(self) -> None:
        """Learn the hashes that the store wrote down for itself."""
        for file in sorted((self._path / SNAPSHOTS).glob("*.snapshot")):
            self._file = file
            try:
                place = _place_in(file.read_bytes())
            except ValueError as error:
                self._damage(int(file.stem), 0, f"the store's note of its place is damaged: {error}")
                continue
            if place.sequence >= self.result.first:
                self._expected.setdefault(place.sequence, place.hash)

    def _take_file(self, first: int, *, is_last: bool) -> None:
        data, pieces = self._pieces(first, is_last=is_last)
        for piece in pieces:
            if piece.whole:
                self._check(piece.number, piece.offset, data[piece.offset + FRAME.size : piece.end])
            else:
                self._pass_over(piece, data)
            self.result.last = piece.last
        self.result.bytes += len(data)

    def _pieces(self, first: int, *, is_last: bool) -> tuple[bytes, list[Piece]]:
        data = self._file.read_bytes()
        pieces = list(scan(data, first))
        for _ in range(_TAIL_TRIES):
            if not is_last or not pieces or pieces[-1].whole:
                break
            time.sleep(_TAIL_WAIT_S)
            data = self._file.read_bytes()
            pieces = list(scan(data, first))
        return data, pieces

    def _check(self, number: int, offset: int, record: bytes) -> None:
        stored, body = record[:HASH_BYTES], memoryview(record)[HASH_BYTES:]
        computed = tuple(chained(previous, body) for previous in self._previous)
        if computed and stored not in computed:
            self._damage(
                number, offset, "its hash does not follow from the event before: it was changed, or that one was"
            )
            self._previous = (stored, *computed)
        else:
            self._previous = (stored,)
        expected = self._expected.get(number)
        if expected is not None and expected != stored:
            self._damage(number, offset, f"its hash is {stored.hex()}, expected {expected.hex()}")
        self.result.events += 1
        self.result.hash = stored.hex()

    def _pass_over(self, piece: Piece, data: bytes) -> None:
        if piece.last == piece.number:
            what = "it is damaged or cut short"
        else:
            what = f"it and all up to event {piece.last} are damaged"
        self._damage(piece.number, piece.offset, what)
        begin = piece.offset + FRAME.size
        stored, body = data[begin : begin + HASH_BYTES], data[begin + HASH_BYTES : piece.end]
        alone = piece.last == piece.number
        self._previous = (stored, *(chained(previous, body) for previous in self._previous)) if alone else ()

    def _damage(self, sequence: int, offset: int, what: str) -> None:
        self.result.damages.append(Damage(sequence, str(self._file), offset, what))


def _place_in(data: bytes) -> Sequencer:
    """Return where the store stood by a snapshot's bytes; ValueError if they are none."""
    if sha256(data[HASH_BYTES:]).digest() != data[:HASH_BYTES]:
        raise ValueError("its SHA-256 does not fit")
    place = Sequencer()
    place.restore(msgspec.msgpack.decode(data[HASH_BYTES:], type=Snapshot).core)
    return place
