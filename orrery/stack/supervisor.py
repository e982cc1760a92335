"""All processes of the stack: started together, started again when they die, stopped in the order of the flow."""

from collections import deque
from collections.abc import Mapping, Sequence

from common.clock import monotonic_ns
from common.runner import EventLoop
from orrery.stack.process import OnLine, ProcessState, ServiceProcess, describe_exit

CHECK_INTERVAL_NS = 50_000_000
STOP_TIMEOUT_NS = 10_000_000_000
"""How long a process may finish its work after SIGTERM before it is killed."""
EVENTS_KEPT = 100
_TURN_MS = 20


class Supervisor:
    """The processes by service name. `events` are sentences about what happened to them, latest last.

    Until `is_established` is set, a process that says it cannot start is not started again: someone must change something.
    """

    def __init__(self, loop: EventLoop, commands: Mapping[str, Sequence[str]], on_line: OnLine) -> None:
        self._loop = loop
        self.processes = {name: ServiceProcess(loop, name, command, on_line) for name, command in commands.items()}
        self.events: deque[str] = deque(maxlen=EVENTS_KEPT)
        self.events_total = 0
        self.is_established = False
        loop.every(CHECK_INTERVAL_NS, self.check)

    def start(self) -> None:
        """Start every process; they find each other in any order."""
        for process in self.processes.values():
            process.start()

    def check(self) -> None:
        """Notice what ended, start what is due."""
        for process in self.processes.values():
            before = process.restarts
            if process.state is ProcessState.FAILED and not self.is_established:
                continue
            if process.check() and process.state is not ProcessState.STOPPED:
                last = f": {process.tail[-1]}" if process.tail else ""
                self.tell(f"{process.name} ended ({describe_exit(process.last_exit)}){last}")
            elif process.restarts > before:
                self.tell(f"{process.name} started again, restart {process.restarts}")

    def cannot_start(self) -> list[ServiceProcess]:
        """Return the processes that ended saying that another start will not help, and were not started again."""
        return [process for process in self.processes.values() if process.state is ProcessState.FAILED]

    def restarts(self) -> int:
        """Return how often processes were started again, in all."""
        return sum(process.restarts for process in self.processes.values())

    def stop(self, names: Sequence[str]) -> None:
        """Stop these processes at once gracefully; what does not end in time is killed. Waits for all of them."""
        stopping = [self.processes[name] for name in names]
        for process in stopping:
            process.terminate()
        self._wait(stopping, STOP_TIMEOUT_NS)
        for process in stopping:
            if process.pid is not None:
                self.tell(f"{process.name} did not stop within {STOP_TIMEOUT_NS // 1_000_000_000} s and was killed")
                process.kill()
        self._wait(stopping, STOP_TIMEOUT_NS)

    def kill(self) -> None:
        """End everything at once."""
        for process in self.processes.values():
            process.kill()

    def tell(self, text: str) -> None:
        """Add an event."""
        self.events.append(text)
        self.events_total += 1

    def _wait(self, processes: Sequence[ServiceProcess], timeout_ns: int) -> None:
        give_up_ns = monotonic_ns() + timeout_ns
        while any(process.pid is not None for process in processes) and monotonic_ns() < give_up_ns:
            self._loop.turn(_TURN_MS)
            for process in processes:
                process.check()
