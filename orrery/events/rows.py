"""Stored events as people and other programs read them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from services.event_store.adapters.reading import newest, oldest, read_chained
from services.event_store.core.stored import Stored

LONGEST_VALUE = 40
COMMON = ("type", "event_ns", "received_ns")
"""What every message has and a line shows elsewhere, or not at all."""


class Choice(NamedTuple):
    """Which events are wanted: both ends included; topic: a stream's name, a topic, or its beginning."""

    first: int | None = None
    last: int | None = None
    topic: str = ""


class Row(msgspec.Struct):
    """One event. hash: of the chain up to it, hexadecimal; message: its fields as they travelled, `type` among them."""

    sequence: int
    stored_ns: int
    publisher: str
    topic: str
    incarnation: int
    number: int
    hash: str
    message: dict[str, Any]


def rows(path: Path, choice: Choice) -> Iterator[Row]:
    """Yield the chosen events of a store, the oldest kept first; StoreError as `read` says."""
    for digest, event in chosen(path, choice):
        yield row(digest, event)


def chosen(path: Path, choice: Choice) -> Iterator[tuple[bytes, Stored]]:
    """Yield (hash, event) of the chosen events."""
    first = oldest(path) if choice.first is None else choice.first
    for digest, event in read_chained(path, first, choice.last):
        if event.topic.startswith(choice.topic):
            yield digest, event


def latest(path: Path, count: int, topic: str) -> Choice:
    """Return the choice of the last `count` events (of all topics), counted from the end."""
    return Choice(max(oldest(path), newest(path) - count + 1), None, topic)


def row(digest: bytes, event: Stored) -> Row:
    """Return an event as a row; a message that this version does not know is shown all the same."""
    return Row(
        event.sequence,
        event.stored_ns,
        event.publisher,
        event.topic,
        event.incarnation,
        event.number,
        digest.hex(),
        fields_of(event.payload),
    )


def fields_of(payload: bytes) -> dict[str, Any]:
    """Return a message's fields; bytes that are no message at all are shown in hexadecimal digits."""
    try:
        found = msgspec.msgpack.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    return found if isinstance(found, dict) else {"type": "unreadable", "bytes": payload.hex()}


def line(of: Row) -> str:
    """Return a row as one line: sequence, time (UTC), topic, type and fields."""
    message = of.message
    fields = " ".join(f"{name}={_short(value)}" for name, value in message.items() if name not in COMMON)
    return f"{of.sequence:>9} {clock(of.stored_ns)} {of.topic:<24} {message.get('type', '')} {fields}".rstrip()


def clock(at_ns: int) -> str:
    """Return nanoseconds UTC as a date and a time to the microsecond."""
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S") + (
        f".{at_ns % 1_000_000_000 // 1_000:06d}"
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
