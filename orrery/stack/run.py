"""One run of the supervised stack: start, wait until ready, watch, let the order flow settle, stop, sum up."""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import NamedTuple

from common.clock import monotonic_ns
from common.config.models import Config
from common.routes import ALL_SERVICES, LISTENERS, MARKET_DATA, SERVICES
from orrery.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE
from orrery.interrupts import handled
from orrery.stack.process import describe_exit
from orrery.stack.stack import NS_PER_SECOND, Stack
from orrery.stack.tape import Tape
from orrery.stack.view import Blind, Picture, View
from orrery.summary import ServiceLine, Summary

STARTUP_TIMEOUT_NS = 60 * NS_PER_SECOND
QUIET_TIMEOUT_NS = 3 * NS_PER_SECOND
GATHER_ERRORS_NS = 500_000_000
"""How long other services may add their reason after one has said that it cannot start."""
VIEW_INTERVAL_NS = 250_000_000
REASON_LINES = 3


class RunOptions(NamedTuple):
    """How a run ends: after `duration_s` of readiness, or when the recording is played, or by a signal only."""

    duration_s: float | None = None
    until_finished: bool = False


class StackRun:
    """The stack of one configuration; `commands` start its services. Use once."""

    def __init__(self, config: Config, commands: Mapping[str, Sequence[str]], options: RunOptions) -> None:
        """Prepare; KeysError if the bus needs keys that are missing."""
        self._stack = Stack(config, commands, self._on_line)
        self._options = options
        self._view: View = Blind()
        self._interrupts = 0
        self._began_ns = monotonic_ns()
        self._ready_ns: int | None = None
        self._ended_ns: int | None = None
        self._stack.loop.every(VIEW_INTERVAL_NS, self._show)

    @property
    def tape(self) -> Tape:
        """Return the latest fills and refusals."""
        return self._stack.tape

    def run(self, view: View) -> tuple[int, Summary]:
        """Run until the end; return the exit code and the sums. Every process has ended when this returns."""
        self._view = view
        with handled(self._on_signal, signal.SIGINT, signal.SIGTERM):
            try:
                self._stack.supervisor.start()
                exit_code = self._watch()
                summary = self._settle()
            finally:
                self._stack.close()
                self._view.close()
        return exit_code, summary

    def _watch(self) -> int:
        supervisor = self._stack.supervisor
        self._wait(lambda: self._is_up() or bool(supervisor.cannot_start()), STARTUP_TIMEOUT_NS)
        if supervisor.cannot_start():
            return self._report_cannot_start()
        if self._interrupts:
            return EXIT_OK
        if not self._is_up():
            return self._report_not_ready()
        self._ready_ns = monotonic_ns()
        self._stack.established()
        duration_s = self._options.duration_s
        self._wait(self._is_finished, None if duration_s is None else round(duration_s * NS_PER_SECOND))
        self._ended_ns = monotonic_ns()
        return EXIT_OK

    def _settle(self) -> Summary:
        """Stop the source first, let what it caused come to its end, then read the last statuses and stop the rest."""
        stack = self._stack
        if self._ready_ns is None:
            return self._summary(stack.lines())
        stack.refresh(ALL_SERVICES)
        lines = stack.lines()
        stack.supervisor.stop([MARKET_DATA])
        flow = [service for service in SERVICES if service != MARKET_DATA]
        stack.turn_until(lambda: stack.is_quiet(flow), QUIET_TIMEOUT_NS)
        stack.refresh(flow)
        for service in flow:
            stack.supervisor.stop([service])
        stack.supervisor.stop(LISTENERS)
        return self._summary(lines)

    def _is_up(self) -> bool:
        return self._stack.is_ready() or self._is_finished()

    def _is_finished(self) -> bool:
        return self._options.until_finished and self._stack.tally.is_finished()

    def _wait(self, condition: Callable[[], bool], timeout_ns: int | None) -> None:
        """Wait for a condition, a signal, or the end of the time."""
        self._stack.turn_until(lambda: bool(self._interrupts) or condition(), timeout_ns)

    def _show(self) -> None:
        supervisor = self._stack.supervisor
        self._view.show(Picture(self._summary(self._stack.lines()), supervisor.events, supervisor.events_total))

    def _summary(self, lines: dict[str, ServiceLine]) -> Summary:
        summary = self._stack.tally.summary(lines)
        if self._ready_ns is not None:
            ended_ns = monotonic_ns() if self._ended_ns is None else self._ended_ns
            summary.startup_s = round((self._ready_ns - self._began_ns) / NS_PER_SECOND, 3)
            summary.duration_s = round((ended_ns - self._ready_ns) / NS_PER_SECOND, 3)
        return summary

    def _report_cannot_start(self) -> int:
        supervisor = self._stack.supervisor
        self._wait(lambda: len(supervisor.cannot_start()) == len(ALL_SERVICES), GATHER_ERRORS_NS)
        self._view.close()
        for process in supervisor.cannot_start():
            for line in list(process.tail)[-REASON_LINES:] or [f"{process.name}: ended without a word"]:
                print(f"orrery: {line}", file=sys.stderr)
        return EXIT_USAGE

    def _report_not_ready(self) -> int:
        self._view.close()
        waited_s = STARTUP_TIMEOUT_NS // NS_PER_SECOND
        for service, line in self._stack.lines().items():
            if line.trouble:
                why = line.trouble if line.detail else f"{line.state}: {self._last_words(service)}"
                print(f"orrery: {service} is not ready after {waited_s} s: {why}", file=sys.stderr)
        return EXIT_FAILED

    def _last_words(self, service: str) -> str:
        process = self._stack.supervisor.processes[service]
        if process.last_exit is None:
            return "no status"
        return ": ".join([describe_exit(process.last_exit), *list(process.tail)[-1:]])

    def _on_line(self, service: str, text: str) -> None:
        self._view.line(service, text)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupts += 1
        self._stack.loop.wake()
        if self._interrupts > 1:
            self._stack.supervisor.kill()
            self._view.close()
            os._exit(EXIT_INTERRUPTED)
