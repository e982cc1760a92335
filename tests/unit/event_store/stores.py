"""Small stores to try things on."""

from pathlib import Path

from common.bus.frames import Received
from services.event_store.adapters.event_log import EventLog, LogSettings

SMALL = LogSettings(segment_bytes=4_096, commit_events=7)
TOPICS = (("signal", "intents"), ("risk_manager", "decisions"), ("market_data", "quote.AAAUSDT"))


def fill(log: EventLog, count: int, *, size: int = 60) -> None:
    """Append `count` events, each different from all others, a millisecond apart, and write them."""
    for _ in range(count):
        number = log.sequencer.sequence + 1
        publisher, topic = TOPICS[number % len(TOPICS)]
        payload = (number.to_bytes(4, "big") * size)[: size + number % 5]
        if log.append(publisher, Received(topic, 77, number, 0, payload), number * 1_000_000):
            log.commit()
    log.commit()


def make_store(path: Path, count: int = 200, settings: LogSettings = SMALL) -> Path:
    """Write a store of `count` events and close it; return its folder."""
    log = EventLog(path, settings)
    fill(log, count)
    log.close()
    return path
