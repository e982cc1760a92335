"""The latest events of the store, and those that come."""

from collections.abc import Iterator
from pathlib import Path

from orrery.events.rows import Choice, Row, chosen, latest, row
from orrery.interrupts import noted_until_end

FOLLOW_EVERY_S = 1.0


def tail_rows(path: Path, count: int, topic: str, *, follow: bool) -> Iterator[Row]:
    """Yield the latest `count` events of topics that begin so; with `follow` also what comes, until Ctrl-C."""
    with noted_until_end() as stopped:
        choice = latest(path, count, topic)
        following = choice.first or 1
        while not stopped.is_set():
            for digest, event in chosen(path, Choice(following)):
                following = event.sequence + 1
                if stopped.is_set():
                    return
                if event.topic.startswith(topic):
                    yield row(digest, event)
            if not follow:
                return
            stopped.wait(FOLLOW_EVERY_S)
