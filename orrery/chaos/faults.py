"""Does a step of the plan to the processes, their network, their kernel, the venue and the operator's switches."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from common.routes import EXECUTION, RISK_MANAGER, SIGNAL
from orrery.chaos.children import OCAML, WORKER, children_named
from orrery.chaos.lying import LyingProcess
from orrery.chaos.plan import Fault, Step
from orrery.chaos.processes import Processes
from orrery.chaos.proxy import Proxy
from orrery.chaos.shim import Shim

TORN_WAIT_S = 1.0
"""A service that writes nothing for so long is killed instead."""
LOOK_S = 0.02
LIMITS: Final = {
    "max_position_size": ("20", "1000"),
    "max_open_positions": ("3", "10"),
    "max_order_quantity": ("5", "0"),
    "sizing.risk_percent": ("0.005", "0.02"),
    "trailing_stop_percent": ("0.1", "0.5"),
    "breakeven_percent": ("0.05", "0.3"),
}
"""What is drawn of limits: for a while, and as it was; left as it was, since narrow limits would soon keep all orders out."""

type Wait = Callable[[Callable[[], Any], str], None]


class Faults:
    """`counts`: how often each was done; `children`: how many processes of a service's own were killed or frozen.

    wait: waits for a condition, named, with all services kept alive, and raises if it does not come.
    """

    def __init__(
        self, processes: Processes, proxy: Proxy, shims: Mapping[str, Shim], venue: LyingProcess | None, wait: Wait
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.children = 0
        self._processes, self._proxy, self._shims, self._venue = processes, proxy, shims, venue
        self._wait = wait

    def do(self, step: Step) -> None:  # noqa: C901 - a table in the form of a match, one row a fault
        """Do what a step says; return when it is over."""
        self.counts[step.fault] += 1
        match step.fault:
            case Fault.KILL | Fault.RESTART_ALL:
                self._kill(step.services)
            case Fault.TORN_WRITE:
                self._tear(step.services[0])
            case Fault.STOP:
                self._stop(step)
            case Fault.FULL_DISK:
                self._hold(step, "disk_full")
            case Fault.FAILED_SYNC:
                self._hold(step, "sync_failing")
            case Fault.CLOCK_JUMP:
                self._shims[step.services[0]].set("clock_offset_ns", step.clock_ns)
            case Fault.BAD_NETWORK:
                self._disturb(step)
            case Fault.WORKER_KILL | Fault.WORKER_STOP:
                self._meet_children(WORKER, step, freezes=step.fault is Fault.WORKER_STOP)
            case Fault.OCAML_KILL | Fault.OCAML_STOP:
                self._meet_children(OCAML, step, freezes=step.fault is Fault.OCAML_STOP)
            case Fault.VENUE_STOP:
                self._stop_venue(step)
            case Fault.LIMITS:
                self._change_limit(step)
            case Fault.KILL_SWITCH:
                self.switch_off(flatten=step.draw < 1 / 2)
                time.sleep(step.hold_s)
                self._tell("arm", {})

    def _change_limit(self, step: Step) -> None:
        name = list(LIMITS)[int(step.draw * len(LIMITS))]
        for value in LIMITS[name]:
            arguments = {"settings": [f"{name}={value}"]}
            self._wait(partial(self._obeys, RISK_MANAGER, "risk.set", arguments), f"risk takes {name}={value}")
            time.sleep(step.hold_s)

    def switch_off(self, *, flatten: bool) -> None:
        """Do as `orrery kill`: until both have obeyed."""
        self._tell("kill", {"flatten": "yes" if flatten else "no", "reason": "chaos"})

    def _tell(self, command: str, arguments: dict[str, Any]) -> None:
        for name in (RISK_MANAGER, EXECUTION):
            own = {key: value for key, value in arguments.items() if key != "flatten" or name == RISK_MANAGER}
            self._wait(partial(self._obeys, name, command, own), f"{name} obeys {command}")

    def _obeys(self, name: str, command: str, arguments: dict[str, Any]) -> bool:
        return self._processes.request(name, command, arguments) is not None

    def _stop(self, step: Step) -> None:
        self._processes.stop(step.services[0])
        time.sleep(step.hold_s)
        self._processes.go_on(step.services[0])

    def _disturb(self, step: Step) -> None:
        self._proxy.is_bad = True
        time.sleep(step.hold_s)
        self._proxy.is_bad = False

    def _kill(self, services: Sequence[str]) -> None:
        for name in services:
            self._processes.kill(name)
        for name in services:
            self._processes.start(name)

    def _tear(self, name: str) -> None:
        """Let the next write be the last; a service that has nothing to write is killed."""
        shim, give_up = self._shims[name], time.monotonic() + TORN_WAIT_S
        shim.set("torn", 1)
        while not self._processes.has_ended(name) and time.monotonic() < give_up:
            time.sleep(LOOK_S)
        shim.set("torn", 0)
        self._kill([name])

    def _hold(self, step: Step, switch: str) -> None:
        shim = self._shims[step.services[0]]
        shim.set(switch, 1)
        time.sleep(step.hold_s)
        shim.set(switch, 0)

    def _meet_children(self, name: str, step: Step, *, freezes: bool) -> None:
        """Kill, or freeze for a while, all of the signal service's processes of a name; there may be none just now."""
        found = children_named(self._processes.pid(SIGNAL), name)
        self.children += len(found)
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP if freezes else signal.SIGKILL)
        if not freezes:
            return
        time.sleep(step.hold_s)
        left = children_named(self._processes.pid(SIGNAL), name)
        for pid in found:
            if pid in left:
                os.kill(pid, signal.SIGCONT)

    def _stop_venue(self, step: Step) -> None:
        assert self._venue is not None, "a venue that is within execution cannot be stopped"
        self._venue.stop()
        time.sleep(step.hold_s)
        self._venue.go_on()
