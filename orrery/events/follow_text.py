"""What is followed live, as lines for people and as JSON for programs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from orrery.events.follow import Followed
from orrery.why.story_text import sentence

_NS_PER_SECOND = 1_000_000_000
_LEFT_OUT = ("type", "event_ns", "received_ns", "runner", "symbol", "strategy", "cause", "service")


def as_json(event: Followed) -> str:
    """Return an event as one JSON object."""
    return msgspec.json.encode(event).decode()


def as_line(event: Followed) -> str:
    """Return an event as a line for people: when, what kind, of whom, what."""
    message = event.message
    seconds, rest = divmod(int(message.get("received_ns", 0)), _NS_PER_SECOND)
    at = f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}.{rest // 1_000_000:03d}" if seconds else " " * 12
    whose = str(message.get("runner") or message.get("symbol") or message.get("service") or event.publisher)
    return f"{at}  {event.kind:<9}{whose:<24} {_said(message)}".rstrip()


def _said(message: dict[str, Any]) -> str:
    try:
        return sentence(message)
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return " ".join(_fields(message))


def _fields(message: dict[str, Any]) -> Iterator[str]:
    yield str(message.get("type", ""))
    for name, value in message.items():
        if name not in _LEFT_OUT and not isinstance(value, dict | list):
            yield f"{name}={value}"
