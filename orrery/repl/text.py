"""What commands show: figures in aligned columns, folded to the width of the terminal."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any

import msgspec

from common.messages import AnyMessage
from orrery.why.story_text import sentence
from orrery.why.words import lua

WIDTH = 80
"""Columns where there is no terminal to ask."""
WIDTH_MAX = 120
NS_PER_SECOND = 1_000_000_000
NAMES = {
    "runner_transitioned": "state",
    "runner_failed": "error",
    "order_intent": "intent",
    "stop_update": "levels",
    "cancel_intent": "cancel",
    "approved_order": "risk",
    "approved_cancel": "risk",
    "order_refused": "risk",
    "position_changed": "position",
    "order_accepted": "venue",
    "order_rejected": "venue",
    "order_cancelled": "venue",
    "fill": "fill",
    "trading_state_changed": "trading",
    "venue_difference": "venue",
}
"""Message type to the word in front of its line; what is not here is not shown."""


def width() -> int:
    """Return how many columns there are."""
    found = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH
    return max(40, min(found, WIDTH_MAX))


def moment(at_ns: int) -> str:
    """Return a time as date and time UTC; milliseconds where there are any."""
    seconds, rest = divmod(at_ns, NS_PER_SECOND)
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
    return f"{text}.{rest // 1_000_000:03d}" if rest else text


def figure(value: Any) -> str:
    """Return a value for people: figures without needless digits, tables as Lua writes them, a text as it is."""
    return value if isinstance(value, str) else lua(value)


def rows(pairs: Mapping[str, Any]) -> list[str]:
    """Return a line for each name and value, folded where it is long."""
    if not pairs:
        return []
    left = min(24, max(len(name) for name in pairs)) + 2
    found: list[str] = []
    for name, value in pairs.items():
        text = figure(value) or "-"
        head = f"{name:<{left}}" if len(name) < left else f"{name}  "
        found += wrap(text, width(), initial_indent=head, subsequent_indent=" " * left, break_on_hyphens=False)
    return found


def table(head: Sequence[str], lines: Iterable[Sequence[Any]], *, is_text: bool = False) -> list[str]:
    """Return a table; figures to the right, text to the left."""
    cells = [list(head), *([figure(cell) for cell in line] for line in lines)]
    sizes = [max(len(row[column]) for row in cells) for column in range(len(head))]
    put = str.ljust if is_text else str.rjust
    return ["  ".join(put(cell, size) for cell, size in zip(row, sizes, strict=True)).rstrip() for row in cells]


def said(message: AnyMessage) -> tuple[str, str] | None:
    """Return the word and the sentence for a message of the order flow; None for what is not shown."""
    fields = msgspec.to_builtins(message, str_keys=True)
    word = NAMES.get(str(fields.get("type")))
    if word is None:
        return None
    try:
        return word, sentence(fields)
    except KeyError:  # a kind that `orrery why` has no sentence for
        return word, ", ".join(f"{name} {value}" for name, value in fields.items() if name not in _COMMON)


_COMMON = ("type", "event_ns", "received_ns", "id", "runner", "strategy", "symbol", "cause")


def folded(text: str) -> list[str]:
    """Return a text in lines as wide as there are columns."""
    return wrap(text, width(), subsequent_indent="  ", break_on_hyphens=False)


def told(word: str, text: str, where: str = "") -> Iterator[str]:
    """Yield a line for a message, folded."""
    head = f"  {where:<10}{word:<9}" if where else f"  {word:<9}"
    yield from wrap(text, width(), initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)
