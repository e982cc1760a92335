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

from common.money import use_money_context
from common.routes import ALL_SERVICES, EXECUTION, MARKET_DATA
from orrery.audit import Audit, audit_folder
from orrery.chaos.checks import problems
from orrery.chaos.faults import LOOK_S, Faults
from orrery.chaos.flow import flow_of
from orrery.chaos.lying import LyingProcess, NoTruthError, lost_and_doubled
from orrery.chaos.plan import NEEDS_OCAML, NEEDS_SHIM, NEEDS_VENUE, Fault, Step, steps
from orrery.chaos.processes import PROJECT, Processes
from orrery.chaos.proxy import Proxy
from orrery.chaos.shim import NoCompilerError, Shim, build
from orrery.chaos.stage import VenueKind, write_stage
from orrery.lying_venue.truth import Truth
from services.signal.hosts.ocaml import find_program

READY_S = 120.0
REST_S = 120.0

Said = Callable[[str], None]


class Outcome(msgspec.Struct, kw_only=True):
    """What a run did and found. steps: how often each fault was done. died: processes that ended by themselves.

    network, shim: what the proxy and the library between the services and the kernel did. lies: of the venue, by kind.
    children: workers and OCaml programs killed or frozen. flow: what was said of orders, by kind. problems: what does not add
    up; empty when all is well. left_out: faults that this machine cannot have, and why.
    """

    seed: int
    venue: VenueKind = VenueKind.PAPER
    kills: int = 0
    children: int = 0
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
    flow: dict[str, int] = {}
    lies: dict[str, int] = {}
    problems: list[str] = []
    left_out: list[str] = []

    @property
    def ok(self) -> bool:
        """Return whether everything adds up."""
        return not self.problems


class NotInTimeError(Exception):
    """The stack did not come to a state in time; the text says which, and what it said."""


def run(
    kills: int,
    seed: int,
    venue: VenueKind = VenueKind.PAPER,
    *,
    keep: Path | None = None,
    said: Said = lambda _: None,
) -> Outcome:
    """Run the stack through `kills` ends of services and what goes with them. keep: a folder for journals and logs.

    Everything is found in a folder of its own on loopback sockets; it is removed afterwards unless `keep` names it.
    """
    use_money_context()
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return _Run(keep.resolve(), kills, seed, venue, said).run()
    with tempfile.TemporaryDirectory(prefix="orr-") as folder:
        return _Run(Path(folder), kills, seed, venue, said).run()


class _Run:
    def __init__(self, folder: Path, kills: int, seed: int, venue: VenueKind, said: Said) -> None:
        self._folder, self._kills, self._seed, self._said = folder, kills, seed, said
        self._outcome = Outcome(seed=seed, venue=venue)
        self._shims = self._make_shims()
        self._venue = LyingProcess(folder, PROJECT, seed) if venue is VenueKind.LYING else None
        config = write_stage(folder, venue, "" if self._venue is None else self._venue.address)
        self._processes = Processes(folder, ALL_SERVICES, config, (), self._shims)
        found = self._processes.addresses
        self._proxy = Proxy({name: (found.publish(name), found.offered(name)) for name in ALL_SERVICES}, seed)
        self._alive: Sequence[str] = ALL_SERVICES
        self._truth: Truth | None = None
        self._faults = Faults(self._processes, self._proxy, self._shims, self._venue, self._wait_for)

    def _make_shims(self) -> dict[str, Shim]:
        try:
            library = build(self._folder)
        except NoCompilerError as error:
            self._outcome.left_out = [f"{fault}: {error}" for fault in NEEDS_SHIM]
            return {}
        return {name: Shim(library, self._folder / f"{name}.control") for name in ALL_SERVICES}

    def _possible(self) -> list[Fault]:
        """Return what can be done here; say what cannot."""
        without = set() if self._shims else set(NEEDS_SHIM)
        if self._venue is None:
            without |= set(NEEDS_VENUE)
        if find_program(PROJECT) is None:
            without |= set(NEEDS_OCAML)
            self._outcome.left_out += [f"{fault}: the OCaml program is not built" for fault in NEEDS_OCAML]
        return [fault for fault in Fault if fault not in without]

    def run(self) -> Outcome:
        outcome, began = self._outcome, time.monotonic()
        try:
            if self._venue is not None:
                self._venue.start()
            for name in ALL_SERVICES:
                self._processes.start(name)
            self._wait_ready(ALL_SERVICES)
            for step in steps(self._seed, self._kills, ALL_SERVICES, self._possible()):
                self._do(step)
            self._come_to_rest()
            outcome.problems += self._found_wrong()
        except (NotInTimeError, NoTruthError) as error:
            outcome.problems.append(str(error))
        finally:
            outcome.seconds = round(time.monotonic() - began, 1)
            outcome.steps, outcome.children = dict(sorted(self._faults.counts.items())), self._faults.children
            outcome.died, outcome.words = self._processes.died, self._processes.words
            outcome.network = dict(self._proxy.counters)
            outcome.shim = dict(sum((Counter(shim.counters()) for shim in self._shims.values()), Counter()))
            self._close()
        return outcome

    def _close(self) -> None:
        self._processes.close()
        self._proxy.close()
        if self._venue is not None:
            self._venue.close()
        for shim in self._shims.values():
            shim.close()

    def _do(self, step: Step) -> None:
        time.sleep(step.pause_s)
        self._processes.revive(ALL_SERVICES)
        self._outcome.kills += step.kills
        self._said(f"{self._outcome.kills}/{self._kills} {step.fault} {' '.join(step.services)}")
        self._faults.do(step)
        if step.wait_ready:
            self._wait_ready(ALL_SERVICES)

    def _come_to_rest(self) -> None:
        """End the market data when all is well again, and wait until no order is on its way."""
        for shim in self._shims.values():
            shim.set("clock_offset_ns", 0)
        self._wait_ready(ALL_SERVICES)
        code = self._processes.end(MARKET_DATA)
        if code:
            self._outcome.problems.append(f"market_data ended with {code}, not 0, when it was asked to")
        self._alive = tuple(name for name in ALL_SERVICES if name != MARKET_DATA)
        self._truth = None if self._venue is None else self._venue.truth(be_honest=True)
        self._faults.switch_off(flatten=False)
        try:
            self._wait(self._is_at_rest, REST_S, "order flow at rest", self._alive)
        except NotInTimeError as error:  # what is wrong tells more than that something is
            self._outcome.problems.append(str(error))

    def _is_at_rest(self) -> bool:
        audit = self._audit()
        if audit.undecided_intents or audit.unreported_orders or audit.working_orders or audit.problems:
            return False
        if self._venue is None:
            return True
        self._truth = self._venue.truth()
        return not self._truth.open and audit.fills >= len(self._truth.fills)

    def _audit(self) -> Audit:
        return audit_folder(self._folder / "data")

    def _found_wrong(self) -> list[str]:
        """Hold the venue against the fills, end everything, and look into what was left behind."""
        audit, outcome = self._audit(), self._outcome
        outcome.intents, outcome.orders = audit.intents, audit.approved
        outcome.fills, outcome.refused = audit.fills, audit.refused
        found = [] if audit.fills else ["nothing was traded: the run proves nothing"]
        status = self._processes.status(EXECUTION)
        found += [] if status is None else _unequal(status["core"], audit, self._truth)
        for name in ALL_SERVICES:
            code = 0 if name == MARKET_DATA else self._processes.end(name)
            if code:
                found.append(f"{name} ended with {code}, not 0: {self._processes.last_words(name)}")
        self._said("looking into journals and event store")
        data = self._folder / "data"
        if self._truth is not None:
            outcome.lies = self._truth.lies
            found += lost_and_doubled(data, self._truth)
        outcome.flow = flow_of(data)
        return [*found, *problems(data)]

    def _wait_for(self, condition: Callable[[], Any], what: str) -> None:
        self._wait(condition, READY_S, what, self._alive)

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


def _unequal(core: dict[str, Any], audit: Audit, truth: Truth | None) -> list[str]:
    """Return where what the venue within execution holds is not the sum of the fills, or the gateway stands halted."""
    if truth is not None:
        halted = core["venue"]["halted"]
        return [f"execution halted: {halted}"] if halted else []
    held = {name: Decimal(quantity) for name, quantity in core["holdings"].items()}
    return [
        f"the venue holds {held.get(symbol, 0)} {symbol}, the fills sum to {quantity}"
        for symbol, quantity in audit.net_positions.items()
        if held.get(symbol, Decimal(0)) != Decimal(quantity)
    ]
