"""The processes of the stack and what they say about themselves, in one loop."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from common.clock import monotonic_ns
from common.config.models import Config
from common.messages import Halt, HealthState
from common.routes import ALL_SERVICES, LISTENERS
from common.runner import EventLoop
from orrery.operator_bus import OperatorBus
from orrery.stack.polling import StatusPoller
from orrery.stack.process import OnLine, ProcessState
from orrery.stack.supervisor import Supervisor
from orrery.stack.tape import Tape
from orrery.summary import READY, ServiceLine, Tally

NS_PER_SECOND = 1_000_000_000
STARTUP_POLL_NS = 50_000_000
POLL_NS = 500_000_000
ANSWER_TIMEOUT_NS = NS_PER_SECOND
UNREACHABLE_AFTER_NS = 3 * NS_PER_SECOND
TURN_MS = 20


class Stack:
    """Supervised services, asked again and again how they are. Nothing runs before `supervisor.start()`."""

    def __init__(self, config: Config, commands: Mapping[str, Sequence[str]], on_line: OnLine) -> None:
        """Prepare; KeysError if the bus needs keys that are missing."""
        self.loop = EventLoop()
        self._bus = OperatorBus(config)
        self.supervisor = Supervisor(self.loop, commands, on_line)
        self.tape = Tape(self.loop, self._bus, self._on_halt)
        self.tally = Tally()
        self._poller = StatusPoller(self.loop, self._bus, ALL_SERVICES)
        self._poller.accept, self._poller.on_status = self._is_ours, self.tally.take
        self._taken: dict[str, int | None] = {}
        self._poll_interval_ns, self._polled_ns = STARTUP_POLL_NS, monotonic_ns()
        self.loop.when_due(lambda: self._polled_ns + self._poll_interval_ns, self._poll)

    def established(self) -> None:
        """Note that all were ready once: from now on services are restarted whatever they end with, and asked less often."""
        self.supervisor.is_established = True
        self._poll_interval_ns = POLL_NS

    def lines(self) -> dict[str, ServiceLine]:
        """Return how each service is."""
        return {service: self._line(service) for service in ALL_SERVICES}

    def is_ready(self) -> bool:
        """Return whether every service says that it is ready."""
        lines = self.lines()
        # Nobody waits for a listener that says what is wrong with it: its state is shown, and trading begins.
        unwell = {name for name in LISTENERS if lines[name].state == HealthState.DEGRADED}
        return all(line.state == READY or name in unwell for name, line in lines.items())

    def is_quiet(self, services: Sequence[str]) -> bool:
        """Return whether new statuses of these services say that no order is on its way, and nothing came since the last.

        One that has taken nothing between two answers had nothing to take: what waited for it might have made an order.
        """
        before = self._taken
        is_fresh = self.refresh(services)
        self._taken = {service: self._poller.status(service).get("inputs") for service in services}
        return is_fresh and before == self._taken and self.tally.orders_on_their_way() == 0

    def refresh(self, services: Sequence[str]) -> bool:
        """Wait, at most ANSWER_TIMEOUT_NS, for a new status of each of these services that runs; return whether all came."""
        since_ns = monotonic_ns()
        self._poller.ask(afresh=True)
        processes = self.supervisor.processes
        running = [service for service in services if processes[service].state is ProcessState.RUNNING]

        def all_came() -> bool:
            return all(self._poller.has_answer_since(service, since_ns) for service in running)

        self.turn_until(all_came, ANSWER_TIMEOUT_NS)
        return all_came()

    def turn_until(self, condition: Callable[[], bool], timeout_ns: int | None) -> None:
        """Turn the loop until a condition holds or the time is over; None waits without end."""
        give_up_ns = None if timeout_ns is None else monotonic_ns() + timeout_ns
        while not condition():
            if give_up_ns is not None and monotonic_ns() >= give_up_ns:
                return
            self.loop.turn(TURN_MS)

    def close(self) -> None:
        """Stop every process that still runs, and close all sockets."""
        self.supervisor.stop(ALL_SERVICES)
        self._bus.close()
        self.loop.close()

    def _poll(self) -> None:
        self._polled_ns = monotonic_ns()
        self._poller.ask()

    def _is_ours(self, service: str, status: dict[str, Any]) -> bool:
        """Refuse the status of a stranger on the same address, and of a process that has ended."""
        return status.get("pid") == self.supervisor.processes[service].pid

    def _on_halt(self, halt: Halt) -> None:
        self.supervisor.tell(f"{halt.service} halted: {halt.error}")

    def _line(self, service: str) -> ServiceLine:
        process, status = self.supervisor.processes[service], self._poller.status(service)
        is_fresh = process.pid is not None and status.get("pid") == process.pid
        state = process.state.value
        if process.state is ProcessState.RUNNING:
            age_ns = self._poller.age_ns(service) or 0
            said = "unreachable" if age_ns > UNREACHABLE_AFTER_NS else str(status.get("state"))
            state = said if is_fresh else "starting"
        return ServiceLine(
            state=state,
            restarts=process.restarts,
            last_message_age_ms=status.get("last_message_age_ms"),
            uptime_ms=status.get("uptime_ms") if is_fresh else None,
            detail=str(status.get("detail", "")) if is_fresh else "",
            pid=process.pid,
        )
