"""The event store: events of 200 bytes appended in groups, chained, read, replayed, verified and taken up again.

Beside it, in the same run, the log beneath it (the journal, without order and chain), and RocksDB where rocksdict is
installed: its write-ahead log, written as often, without order, chain or cursors. Best of some rounds, because other
programs share the machine.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure
from common.bus.frames import Received
from common.codec import encode
from common.journal import Journal
from common.messages import Quote
from services.event_store.adapters.event_log import EventLog, LogSettings
from services.event_store.adapters.reading import read
from services.event_store.adapters.verifying import verify

EVENTS = 100_000
GROUP = 1_000
ROUNDS = 5
SINGLE = 5_000
_QUOTE = Quote(
    symbol="BTCUSDT", bid=60_000.01, bid_size=1.25, ask=60_000.02, ask_size=0.75, update_id=48_000_000_000,
    event_ns=1_700_000_000_000_000_000, received_ns=1_700_000_000_000_000_001,
)  # fmt: skip
PAYLOAD = encode(_QUOTE).ljust(200, b"\0")[:200]
DECODABLE = encode(_QUOTE)


def run() -> list[Figure]:
    """Measure writing beside its floors, then what is done with what was written."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        stored = _best(EVENTS, folder, lambda path: _store(path, LogSettings()))
        synced = _best(EVENTS, folder, lambda path: _store(path, LogSettings(sync=True)))
        journal = _best(EVENTS, folder, _journal)
        each = _best(SINGLE, folder, lambda path: _store(path, LogSettings(commit_events=1), SINGLE))
        rocks = _rocks(folder)
        kept = folder / "kept"
        _store(kept, LogSettings(), payload=DECODABLE)
        reads = _best(EVENTS, folder, lambda _: _count(kept))
        replays = _best(EVENTS, folder, lambda _: _decode(kept))
        verifies = _best(EVENTS, folder, lambda _: _verify(kept))
        opened = EVENTS / _best(EVENTS, folder, lambda _: _open(kept))
        shutil.rmtree(kept / "snapshots")
        unsaved = EVENTS / _best(EVENTS, folder, lambda _: _open(kept), rounds=1)
    return [
        Figure("append, 200 bytes, group commit of 1000", stored, "1/s", "10 000", "200 000"),
        Figure("  the same with fdatasync at each commit", synced, "1/s"),
        Figure("  the journal beneath, neither ordered nor chained", journal, "1/s"),
        Figure("  share of the journal beneath", stored / journal, "", aim="0.5"),
        *([Figure("  RocksDB (rocksdict), write-ahead log", rocks, "1/s")] if rocks else []),
        Figure("append, commit of each", each, "1/s"),
        Figure("read, checksums checked", reads, "1/s"),
        Figure("replay: read and decode the messages", replays, "1/s"),
        Figure("verify the chain", verifies, "1/s"),
        Figure("open a store of 100 000 events", opened * 1e3, "ms"),
        Figure("  the same without its snapshot: all chained anew", unsaved * 1e3, "ms"),
    ]


def _best(count: int, folder: Path, work: Callable[[Path], None], rounds: int = ROUNDS) -> float:
    best = 0.0
    for _ in range(rounds):
        path = folder / "round"
        start = time.perf_counter()
        work(path)
        best = max(best, count / (time.perf_counter() - start))
        shutil.rmtree(path, ignore_errors=True)
    return best


def _store(path: Path, settings: LogSettings, count: int = EVENTS, payload: bytes = PAYLOAD) -> None:
    log, now_ns = EventLog(path, settings), time.time_ns()
    # As the service does: what one look at the sockets brings is taken together.
    group = min(GROUP, settings.commit_events)
    arrived = [Received("quote.BTCUSDT", 7, number, 0, payload) for number in range(1, group + 1)]
    for _ in range(0, count, group):
        log.extend(arrived, now_ns)
        log.commit()
    log.close()


def _journal(path: Path) -> None:
    journal = Journal(path)
    for number in range(1, EVENTS + 1):
        journal.append(PAYLOAD)
        if number % GROUP == 0:
            journal.flush()
    journal.close()


def _rocks(folder: Path) -> float:
    try:
        from rocksdict import Options, Rdict, WriteBatch
    except ModuleNotFoundError:
        return 0.0

    def work(path: Path) -> None:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        database = Rdict(str(path), options)
        batch = WriteBatch(raw_mode=True)
        for number in range(1, EVENTS + 1):
            batch.put(number.to_bytes(8, "big"), PAYLOAD)
            if number % GROUP == 0:
                database.write(batch)
                batch = WriteBatch(raw_mode=True)
        database.close()

    return _best(EVENTS, folder, work)


def _count(path: Path) -> None:
    assert sum(1 for _ in read(path)) == EVENTS


def _decode(path: Path) -> None:
    for event in read(path):
        event.message()


def _verify(path: Path) -> None:
    assert verify(path).damages == []


def _open(path: Path) -> None:
    # Let go as a crash would: closing would write a snapshot.
    EventLog(path).journal.abandon()
