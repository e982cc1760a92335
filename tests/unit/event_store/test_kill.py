"""`kill -9` in the middle of writing: nothing that was committed is lost, nothing is there twice."""

import os
import random
import signal
import time
from pathlib import Path

from common.bus.frames import Received
from services.event_store.adapters.event_log import EventLog, LogSettings
from services.event_store.adapters.reading import read
from services.event_store.adapters.retention import Retention, shorten
from services.event_store.adapters.verifying import verify

KILLS = 40
SETTINGS = LogSettings(segment_bytes=20_000, commit_events=5)
NUMBER_BYTES = 8


def write_until_killed(path: Path, told: int, seed: int, keep: Retention) -> None:
    """Store what follows the log's own cursor, and tell each number once it is committed."""
    chance = random.Random(seed)
    log = EventLog(path, SETTINGS)
    number = log.sequencer.cursors().get("intents", (1, 0))[1]
    while True:
        number += 1
        full = log.append("signal", Received("intents", 1, number, 0, chance.randbytes(chance.randint(0, 400))), number)
        if full or chance.random() < 0.1:
            log.commit()
            os.write(told, number.to_bytes(NUMBER_BYTES, "little"))
        if chance.random() < 0.04:
            log.commit()
            log.save_snapshot()
            shorten(log, keep, number)


def life(path: Path, seed: int, keep: Retention) -> int:
    """Let a process commit some times, kill it a random moment later; return the last number it had committed, 0 if none."""
    heard, told = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            write_until_killed(path, told, seed, keep)
        finally:
            os._exit(1)
    os.close(told)
    chance = random.Random(seed)
    numbers = b"".join(os.read(heard, NUMBER_BYTES) for _ in range(chance.randint(0, 20)))
    time.sleep(chance.uniform(0.0, 0.003))
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    with os.fdopen(heard, "rb") as pipe:
        numbers += pipe.read()
    return int.from_bytes(numbers[-NUMBER_BYTES:], "little")


def lives(path: Path, keep: Retention) -> int:
    committed = 0
    for seed in range(KILLS):
        committed = max(committed, life(path, seed, keep))
        log = EventLog(path, SETTINGS)
        assert log.sequencer.sequence >= committed
        log.journal.abandon()
    result = verify(path)
    assert result.damages == []
    assert result.last >= committed > 0
    return result.first


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    assert lives(tmp_path, Retention()) == 1
    events = list(read(tmp_path))
    assert [event.number for event in events] == list(range(1, len(events) + 1))


def test_kills_while_old_events_are_deleted_leave_a_whole_chain(tmp_path: Path) -> None:
    first = lives(tmp_path, Retention(keep_bytes=25_000))
    assert first > 1
    assert all(event.number == event.sequence for event in read(tmp_path, first))
