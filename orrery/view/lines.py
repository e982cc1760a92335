"""Plain lines for where there is no terminal: one every few seconds, one for each event, logs if wanted."""

import sys
from typing import TextIO

from common.clock import monotonic_ns
from orrery.stack.view import Picture
from orrery.summary import Summary
from orrery.view.text import count, duration, money

LINE_INTERVAL_NS = 5_000_000_000


class LineView:
    """Writes to `out`; `show_output` passes on what the services write."""

    def __init__(self, out: TextIO, *, show_output: bool) -> None:
        self._out, self._show_output = out, show_output
        self._began_ns = monotonic_ns()
        self._due_ns = 0
        self._events_seen = 0
        self._closed = False

    def show(self, picture: Picture) -> None:
        """Write new events at once, the figures when their time has come."""
        if self._closed:
            return
        fresh = min(picture.events_total - self._events_seen, len(picture.events))
        for event in list(picture.events)[len(picture.events) - fresh :]:
            self._write(event)
        self._events_seen = picture.events_total
        now_ns = monotonic_ns()
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + LINE_INTERVAL_NS
            self._write(figures(picture.summary))

    def line(self, service: str, text: str) -> None:
        """Pass on what a service wrote."""
        if self._show_output:
            print(f"{service:<12} {text}", file=self._out, flush=True)

    def close(self) -> None:
        """Write nothing from now on but what services still say."""
        self._closed = True

    def _write(self, text: str) -> None:
        seconds = (monotonic_ns() - self._began_ns) / 1_000_000_000
        print(f"{duration(seconds):>7}  {text}", file=self._out, flush=True)


def figures(summary: Summary) -> str:
    """Return the figures of a run in one line."""
    unready = [f"{name} {line.trouble}" for name, line in summary.services.items() if line.trouble]
    parts = [
        ", ".join(unready) or "ready",
        f"ticks {count(summary.ticks)}",
        f"bars {count(summary.bars)}",
        f"intents {count(summary.intents)}",
        f"orders {count(summary.orders)}",
        f"refusals {count(summary.refusals)}",
        f"fills {count(summary.fills)}",
        f"realised {money(summary.realised_pnl, signed=True)}",
        f"unrealised {money(summary.unrealised_pnl, signed=True)}",
    ]
    return " · ".join(parts)


def stderr_lines(*, show_output: bool) -> LineView:
    """Return a view on standard error, for runs whose standard output belongs to a script."""
    return LineView(sys.stderr, show_output=show_output)
