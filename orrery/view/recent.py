"""The latest fills, refusals and events, each as one line."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import assert_never

from rich.text import Text

from common.messages import Fill, OrderRefused, OrderRejected, Side
from orrery.stack.tape import TapeEntry
from orrery.view import text as t
from orrery.view.styles import BAD, DIM, GAIN, LOSS, WARN

MOST_EVENTS = 3
"""Lines kept for what happened to processes, so that fills do not push it away."""


def recent_lines(tape: Sequence[TapeEntry], events: Sequence[str], troubles: Sequence[str], most: int) -> list[Text]:
    """Return at most so many lines: what is not well, the latest events of processes, the latest of the tape; newest first."""
    unwell = [_plain(trouble, WARN) for trouble in troubles]
    about_processes = [_plain(event, BAD) for event in reversed(list(events)[-MOST_EVENTS:])]
    lines = [*unwell, *about_processes][:most]
    return lines + [_line(entry) for entry in list(reversed(tape))[: most - len(lines)]]


def _plain(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _line(entry: TapeEntry) -> Text:
    at = datetime.fromtimestamp(entry.at_ns / 1e9, tz=UTC).strftime("%H:%M:%S")
    line = Text.assemble((at + "  ", DIM), no_wrap=True, overflow="ellipsis")
    message = entry.message
    match message:
        case Fill():
            style = GAIN if message.side is Side.BUY else LOSS
            line.append(f"{message.side.value:<5}", style=style)
            line.append(f"{t.quantity(float(message.quantity))} {message.symbol} at {t.price(float(message.price))}")
            line.append(f"  {message.order_id}", style=DIM)
        case OrderRefused():
            line.append("refused ", style=WARN)
            line.append(f"{message.reason.value}: {message.detail}")
            line.append(f"  {message.intent_id}", style=DIM)
        case OrderRejected():
            line.append("rejected ", style=BAD)
            line.append(f"{message.reason.value}: {message.detail}")
            line.append(f"  {message.order_id}", style=DIM)
        case _:
            assert_never(message)
    return line
