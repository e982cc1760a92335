"""A chaos run from beginning to end: start the stack, do the steps, let it come to rest, hold the numbers together."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from common.routes import ALL_SERVICES, EXECUTION, MARKET_DATA
from orrery.audit import Audit, audit_folder
from orrery.chaos.checks import problems
from orrery.chaos.market import FAST_MARKET
from orrery.chaos.plan import NEEDS_SHIM, Fault, Step, steps
from orrery.chaos.processes import Processes
from orrery.chaos.proxy import Proxy
from orrery.chaos.shim import NoCompilerError, Shim, build

CONFIG = f"""{FAST_MARKET}
[engine]
durability = "power"
"""
"""Fast bars and small steps, so that orders are on their way at every moment; fsync, so that it can fail."""

READY_S = 60.0
REST_S = 60.0
TORN_WAIT_S = 1.0
"""A service that writes nothing for so long is killed instead."""
LOOK_S = 0.02

Said = Callable[[str], None]


class Outcome(msgspec.Struct, kw_only=True):
    """What a run did and found. steps: how often each fault was done. died: processes that ended by themselves.

    network, shim: what the proxy and the library between the services and the kernel did. problems: what does not add
    up; empty when all is well. left_out: faults that this machine cannot have, and why.
    """

    seed: int
    kills: int = 0
    steps: dict[str, int] = {}
    seconds: float = 0.0
    died: int = 0
    words: list[str] = []
    network: dict[str, int] = {}
    shim: dict[str, int] = {}
    intents: int = 0
    orders: int = 0
    fills: int = 0
    refused: int = 0
    problems: list[str] = []
    left_out: list[str] = []

    @property
    def ok(self) -> bool:
        """Return whether everything adds up."""
        return not self.problems


class NotInTimeError(Exception):
    """The stack did not come to a state in time; the text says which, and what it said."""


def run(kills: int, seed: int, *, keep: Path | None = None, said: Said = lambda _: None) -> Outcome:
    """Run the stack through `kills` ends of processes and what goes with them. keep: a folder for journals and logs.

    Everything is found in a folder of its own on loopback sockets; it is removed afterwards unless `keep` names it.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return _Run(keep.resolve(), kills, seed, said).run()
    with tempfile.TemporaryDirectory(prefix="orr-") as folder:
        return _Run(Path(folder), kills, seed, said).run()


class _Run:
    def __init__(self, folder: Path, kills: int, seed: int, said: Said) -> None:
        self._folder, self._kills, self._seed, self._said = folder, kills, seed, said
        self._outcome = Outcome(seed=seed)
        self._steps: Counter[str] = Counter()
        self._shims = self._make_shims()
        config = folder / "config.toml"
        config.write_text(CONFIG)
        self._processes = Processes(folder, ALL_SERVICES, config, (), self._shims)
        found = self._processes.addresses
        self._proxy = Proxy({name: (found.publish(name), found.offered(name)) for name in ALL_SERVICES}, seed)

    def _make_shims(self) -> dict[str, Shim]:
        try:
            library = build(self._folder)
        except NoCompilerError as error:
            self._outcome.left_out = [f"{fault}: {error}" for fault in NEEDS_SHIM]
            return {}
        return {name: Shim(library, self._folder / f"{name}.control") for name in ALL_SERVICES}

    def run(self) -> Outcome:
        outcome, began = self._outcome, time.monotonic()
        try:
            for name in ALL_SERVICES:
                self._processes.start(name)
            self._wait_ready(ALL_SERVICES)
            faults = [fault for fault in Fault if self._shims or fault not in NEEDS_SHIM]
            for step in steps(self._seed, self._kills, ALL_SERVICES, faults):
                self._do(step)
            self._come_to_rest()
            outcome.problems += self._found_wrong()
        except NotInTimeError as error:
            outcome.problems.append(str(error))
        finally:
            outcome.seconds = round(time.monotonic() - began, 1)
            outcome.steps = dict(sorted(self._steps.items()))
            outcome.died, outcome.words = self._processes.died, self._processes.words
            outcome.network = dict(self._proxy.counters)
            outcome.shim = dict(sum((Counter(shim.counters()) for shim in self._shims.values()), Counter()))
            self._close()
        return outcome

    def _close(self) -> None:
        self._processes.close()
        self._proxy.close()
        for shim in self._shims.values():
            shim.close()

    def _do(self, step: Step) -> None:
        time.sleep(step.pause_s)
        self._processes.revive(ALL_SERVICES)
        self._steps[step.fault] += 1
        self._outcome.kills += step.kills
        self._said(f"{self._outcome.kills}/{self._kills} {step.fault} {' '.join(step.services)}")
        match step.fault:
            case Fault.KILL | Fault.RESTART_ALL:
                self._kill(step.services)
            case Fault.TORN_WRITE:
                self._tear(step.services[0])
            case Fault.STOP:
                self._processes.stop(step.services[0])
                time.sleep(step.hold_s)
                self._processes.go_on(step.services[0])
            case Fault.FULL_DISK:
                self._hold(step, "disk_full")
            case Fault.FAILED_SYNC:
                self._hold(step, "sync_failing")
            case Fault.CLOCK_JUMP:
                self._shims[step.services[0]].set("clock_offset_ns", step.clock_ns)
            case Fault.BAD_NETWORK:
                self._proxy.is_bad = True
                time.sleep(step.hold_s)
                self._proxy.is_bad = False
        if step.wait_ready:
            self._wait_ready(ALL_SERVICES)

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

    def _come_to_rest(self) -> None:
        """End the market data when all is well again, and wait until no order is on its way."""
        for shim in self._shims.values():
            shim.set("clock_offset_ns", 0)
        self._wait_ready(ALL_SERVICES)
        code = self._processes.end(MARKET_DATA)
        if code:
            self._outcome.problems.append(f"market_data ended with {code}, not 0, when it was asked to")
        flow = [name for name in ALL_SERVICES if name != MARKET_DATA]
        self._wait(self._is_at_rest, REST_S, "order flow at rest", flow)

    def _is_at_rest(self) -> bool:
        audit = self._audit()
        return not (audit.undecided_intents or audit.unreported_orders or audit.working_orders or audit.problems)

    def _audit(self) -> Audit:
        return audit_folder(self._folder / "data")

    def _found_wrong(self) -> list[str]:
        """Hold the venue against the fills, end everything, and look into what was left behind."""
        audit, outcome = self._audit(), self._outcome
        outcome.intents, outcome.orders = audit.intents, audit.approved
        outcome.fills, outcome.refused = audit.fills, audit.refused
        found = [] if audit.fills else ["nothing was traded: the run proves nothing"]
        status = self._processes.status(EXECUTION)
        held = {} if status is None else {name: Decimal(x) for name, x in status["core"]["holdings"].items()}
        for symbol, quantity in audit.net_positions.items():
            if held.get(symbol, Decimal(0)) != Decimal(quantity):
                found.append(f"the venue holds {held.get(symbol, 0)} {symbol}, the fills sum to {quantity}")
        for name in ALL_SERVICES:
            code = 0 if name == MARKET_DATA else self._processes.end(name)
            if code:
                found.append(f"{name} ended with {code}, not 0: {self._processes.last_words(name)}")
        self._said("looking into journals and event store")
        return [*found, *problems(self._folder / "data")]

    def _wait_ready(self, services: Sequence[str]) -> None:
        for name in services:
            self._wait(partial(self._processes.is_ready, name), READY_S, f"{name} ready", services)

    def _wait(self, condition: Callable[[], Any], seconds: float, what: str, alive: Sequence[str]) -> None:
        give_up = time.monotonic() + seconds
        while not condition():
            self._processes.revive(alive)
            if time.monotonic() > give_up:
                raise NotInTimeError(f"not within {seconds:g} s: {what}; {self._state(alive)}")
            time.sleep(LOOK_S)

    def _state(self, services: Sequence[str]) -> str:
        words = []
        for name in services:
            status = self._processes.status(name)
            said = "no answer" if status is None else f"{status['state']} {status.get('detail', '')}".strip()
            words.append(f"{name}: {said}: {self._processes.last_words(name)}")
        return "; ".join(words)
