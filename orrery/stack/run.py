"""One run of the supervised stack: start, wait until ready, watch, let the order flow settle, stop, sum up."""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, NamedTuple, Protocol

from common.clock import monotonic_ns
from common.config.models import Config
from common.routes import MARKET_DATA, SERVICES
from common.runner import EventLoop
from orrery.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE
from orrery.operator_bus import OperatorBus
from orrery.stack.polling import StatusPoller
from orrery.stack.process import ProcessState
from orrery.stack.supervisor import Supervisor
from orrery.stack.tape import Tape
from orrery.summary import ServiceLine, Summary, Tally

NS_PER_SECOND = 1_000_000_000
STARTUP_TIMEOUT_NS = 60 * NS_PER_SECOND
QUIET_TIMEOUT_NS = 3 * NS_PER_SECOND
GATHER_ERRORS_NS = 500_000_000
"""How long other services may add their reason after one has said that it cannot start."""
STARTUP_POLL_NS = 50_000_000
POLL_NS = 500_000_000
FINAL_STATUS_NS = 1_000_000_000
VIEW_INTERVAL_NS = 250_000_000
UNREACHABLE_AFTER_NS = 3 * NS_PER_SECOND
_TURN_MS = 20


class Picture(NamedTuple):
    """What a view shows: the sums, and the latest events (`events_total` of them so far)."""

    summary: Summary
    events: Sequence[str]
    events_total: int


class View(Protocol):
    """Shows a run while it goes on."""

    def show(self, picture: Picture) -> None:
        """Take the latest picture, several times a second."""
        ...

    def line(self, service: str, text: str) -> None:
        """Take a line that a service wrote."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class Blind:
    """Shows nothing: until a run has a view."""

    def show(self, picture: Picture) -> None:
        """Show nothing."""

    def line(self, service: str, text: str) -> None:
        """Pass nothing on."""

    def close(self) -> None:
        """Have nothing to close."""


class RunOptions(NamedTuple):
    """How a run ends: after `duration_s` of readiness, or when the recording is played, or by a signal only."""

    duration_s: float | None = None
    until_finished: bool = False


class StackRun:
    """The stack of one configuration; `commands` start its services. Use once."""

    def __init__(self, config: Config, commands: Mapping[str, Sequence[str]], options: RunOptions) -> None:
        """Prepare; KeysError if the bus needs keys that are missing."""
        self._loop = EventLoop()
        self._bus = OperatorBus(config)
        self._options = options
        self._view: View = Blind()
        self._supervisor = Supervisor(self._loop, commands, self._on_line)
        self._poller = StatusPoller(self._loop, self._bus, SERVICES)
        self._poller.accept = self._is_ours
        self._tally = Tally()
        self._poller.on_status = self._tally.take
        self._interrupts = 0
        self._began_ns = self._polled_ns = monotonic_ns()
        self._ready_ns: int | None = None
        self._ended_ns: int | None = None
        self._loop.when_due(self._poll_due, self._poll)
        self._loop.every(VIEW_INTERVAL_NS, self._show)

    def tape(self) -> Tape:
        """Return the latest fills and refusals, from now on."""
        return Tape(self._loop, self._bus)

    def run(self, view: View) -> tuple[int, Summary]:
        """Run until the end; return the exit code and the sums. Every process has ended when this returns."""
        self._view = view
        handlers = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._supervisor.start()
            exit_code = self._watch()
            summary = self._settle()
        finally:
            self._supervisor.stop(list(SERVICES))
            self._view.close()
            self._bus.close()
            self._loop.close()
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return exit_code, summary

    def _watch(self) -> int:
        self._pump(lambda: self._is_up() or bool(self._supervisor.cannot_start()), STARTUP_TIMEOUT_NS)
        if self._supervisor.cannot_start():
            return self._report_cannot_start()
        if self._interrupts:
            return EXIT_OK
        if not self._is_up():
            return self._report_not_ready()
        self._ready_ns = monotonic_ns()
        self._supervisor.is_established = True
        duration_s = self._options.duration_s
        self._pump(self._is_finished, None if duration_s is None else round(duration_s * NS_PER_SECOND))
        self._ended_ns = monotonic_ns()
        return EXIT_OK

    def _settle(self) -> Summary:
        """Stop the source first, let what it caused come to its end, then read the last statuses and stop the rest."""
        if self._ready_ns is None:
            return self._summary(self._lines())
        self._refresh(SERVICES)
        lines = self._lines()
        self._supervisor.stop([MARKET_DATA])
        flow = [service for service in SERVICES if service != MARKET_DATA]
        self._pump(lambda: self._is_quiet(flow), QUIET_TIMEOUT_NS, uninterrupted=True)
        self._refresh(flow)
        for service in flow:
            self._supervisor.stop([service])
        return self._summary(lines)

    def _is_quiet(self, flow: Sequence[str]) -> bool:
        """Return whether statuses asked for after one another say that no order is on its way."""
        self._refresh(flow)
        return self._tally.orders_on_their_way() == 0

    def _refresh(self, services: Sequence[str]) -> None:
        """Wait, bounded, for a new status of each of these services that runs."""
        since_ns = monotonic_ns()
        self._poller.ask(afresh=True)
        running = [name for name in services if self._supervisor.processes[name].state is ProcessState.RUNNING]
        self._pump(
            lambda: all(self._poller.has_answer_since(name, since_ns) for name in running),
            FINAL_STATUS_NS,
            uninterrupted=True,
        )

    def _is_up(self) -> bool:
        return all(line.state == "ready" for line in self._lines().values()) or self._is_finished()

    def _is_finished(self) -> bool:
        return self._options.until_finished and self._tally.is_finished()

    def _is_ours(self, service: str, status: dict[str, Any]) -> bool:
        """Refuse the status of a stranger on the same address, and of a process that has ended."""
        return status.get("pid") == self._supervisor.processes[service].pid

    def _pump(self, until: Callable[[], bool], timeout_ns: int | None, *, uninterrupted: bool = False) -> None:
        """Turn the loop until something is true, a signal comes or the time is over."""
        give_up_ns = None if timeout_ns is None else monotonic_ns() + timeout_ns
        while not until() and (uninterrupted or not self._interrupts):
            if give_up_ns is not None and monotonic_ns() >= give_up_ns:
                return
            self._loop.turn(_TURN_MS)

    def _poll_due(self) -> int:
        return self._polled_ns + (STARTUP_POLL_NS if self._ready_ns is None else POLL_NS)

    def _poll(self) -> None:
        self._polled_ns = monotonic_ns()
        self._poller.ask()

    def _show(self) -> None:
        picture = Picture(self._summary(self._lines()), self._supervisor.events, self._supervisor.events_total)
        self._view.show(picture)

    def _summary(self, lines: dict[str, ServiceLine]) -> Summary:
        summary = self._tally.summary(lines)
        if self._ready_ns is not None:
            ended_ns = monotonic_ns() if self._ended_ns is None else self._ended_ns
            summary.startup_s = round((self._ready_ns - self._began_ns) / NS_PER_SECOND, 3)
            summary.duration_s = round((ended_ns - self._ready_ns) / NS_PER_SECOND, 3)
        return summary

    def _lines(self) -> dict[str, ServiceLine]:
        return {service: self._line(service) for service in SERVICES}

    def _line(self, service: str) -> ServiceLine:
        process, status = self._supervisor.processes[service], self._poller.status(service)
        state = process.state.value
        fresh = status.get("pid") == process.pid
        age_ns = self._poller.age_ns(service)
        if process.state is ProcessState.RUNNING:
            stale = fresh and age_ns is not None and age_ns > UNREACHABLE_AFTER_NS
            state = "unreachable" if stale else str(status["state"]) if fresh else "starting"
        return ServiceLine(
            state=state,
            restarts=process.restarts,
            last_message_age_ms=status.get("last_message_age_ms"),
            uptime_ms=status.get("uptime_ms") if fresh else None,
            detail=str(status.get("detail", "")) if fresh else "",
            pid=process.pid,
        )

    def _report_cannot_start(self) -> int:
        self._pump(lambda: len(self._supervisor.cannot_start()) == len(SERVICES), GATHER_ERRORS_NS)
        self._view.close()
        for process in self._supervisor.cannot_start():
            for line in list(process.tail)[-3:] or [f"{process.name}: ended without a word"]:
                print(f"orrery: {line}", file=sys.stderr)
        return EXIT_USAGE

    def _report_not_ready(self) -> int:
        self._view.close()
        for service, line in self._lines().items():
            if line.state != "ready":
                why = line.detail or "no status"
                print(
                    f"orrery: {service} is not ready after {STARTUP_TIMEOUT_NS // NS_PER_SECOND} s: {line.state}: {why}",
                    file=sys.stderr,
                )
        return EXIT_FAILED

    def _on_line(self, service: str, text: str) -> None:
        self._view.line(service, text)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupts += 1
        self._loop.wake()
        if self._interrupts > 1:
            self._supervisor.kill()
            self._view.close()
            os._exit(EXIT_INTERRUPTED)
