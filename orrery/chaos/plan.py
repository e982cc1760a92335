"""What happens to the stack, drawn from a seed: the same seed, the same steps. Nothing here touches a process."""

import random
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec


class Fault(StrEnum):
    """What is done to one service, or to all."""

    KILL = "kill"
    """SIGKILL, then a new process."""
    TORN_WRITE = "torn_write"
    """The process ends in the middle of its next write to a file."""
    STOP = "stop"
    """SIGSTOP for a while, then SIGCONT."""
    FULL_DISK = "full_disk"
    """Every write to a file is refused for a while."""
    FAILED_SYNC = "failed_sync"
    """Every fsync fails for a while."""
    CLOCK_JUMP = "clock_jump"
    """The wall clock of one process is set forward or back."""
    BAD_NETWORK = "bad_network"
    """Frames between all services are dropped, delayed, doubled and put in another order for a while."""
    RESTART_ALL = "restart_all"
    """Every process is killed; new ones start in some order."""

    WORKER_KILL = "worker_kill"
    """SIGKILL to a process in which runners live; its service goes on."""
    WORKER_STOP = "worker_stop"
    """SIGSTOP to such a process, for a while or until its service has put another in its place."""
    OCAML_KILL = "ocaml_kill"
    """SIGKILL to the OCaml program."""
    OCAML_STOP = "ocaml_stop"
    """SIGSTOP to the OCaml program, for a while or until it is given up."""
    VENUE_STOP = "venue_stop"
    """SIGSTOP to the venue's process for a while."""
    LIMITS = "limits"
    """Other limits of risk, while it runs."""
    KILL_SWITCH = "kill_switch"
    """`orrery kill`, with or without closing positions, and `orrery arm` after a while."""


KILLS = (Fault.KILL, Fault.TORN_WRITE, Fault.RESTART_ALL)
NEEDS_SHIM = (Fault.TORN_WRITE, Fault.FULL_DISK, Fault.FAILED_SYNC, Fault.CLOCK_JUMP)
NEEDS_OCAML = (Fault.OCAML_KILL, Fault.OCAML_STOP)
NEEDS_VENUE = (Fault.VENUE_STOP,)

WEIGHTS = {
    Fault.KILL: 60,
    Fault.TORN_WRITE: 12,
    Fault.STOP: 8,
    Fault.FULL_DISK: 5,
    Fault.FAILED_SYNC: 5,
    Fault.CLOCK_JUMP: 4,
    Fault.BAD_NETWORK: 4,
    Fault.RESTART_ALL: 2,
    Fault.WORKER_KILL: 8,
    Fault.WORKER_STOP: 3,
    Fault.OCAML_KILL: 3,
    Fault.OCAML_STOP: 3,
    Fault.VENUE_STOP: 4,
    Fault.LIMITS: 6,
    Fault.KILL_SWITCH: 3,
}
MAX_PAUSE_S = 0.4
"""Longest time between two steps, seconds: most steps meet a stack that has not come to rest after the one before."""
MAX_HOLD_S = 1.5
"""Longest time that a fault lasts which is taken back, seconds."""
CLOCK_JUMPS_NS = (-3_600_000_000_000, -1_000_000_000, 1_000_000_000, 3_600_000_000_000)


class Step(msgspec.Struct, frozen=True):
    """One step. services: whom it meets, in this order. pause_s: before it. hold_s: how long it lasts.

    kills: how many services end by it. draw: between 0 and 1, of what there is to choose. wait_ready: whether the next step waits until all are ready again.
    """

    fault: Fault
    services: tuple[str, ...]
    pause_s: float
    hold_s: float = 0.0
    clock_ns: int = 0
    kills: int = 0
    draw: float = 0.0
    wait_ready: bool = False


def steps(seed: int, kills: int, services: Sequence[str], faults: Sequence[Fault] = tuple(Fault)) -> Iterator[Step]:
    """Yield steps until `kills` services have been ended; `faults` must hold KILL."""
    assert Fault.KILL in faults
    chance = random.Random(seed)  # noqa: S311 - repeatable chance is the point
    weights = [WEIGHTS[fault] for fault in faults]
    done = 0
    while done < kills:
        fault = chance.choices(faults, weights)[0]
        if fault is Fault.RESTART_ALL and kills - done < len(services):
            fault = Fault.KILL
        step = _step(chance, fault, services)
        done += step.kills
        yield step


def _step(chance: random.Random, fault: Fault, services: Sequence[str]) -> Step:
    pause_s, hold_s = chance.uniform(0.0, MAX_PAUSE_S), chance.uniform(0.1, MAX_HOLD_S)
    wait_ready = chance.random() < 0.25
    draw = chance.random()
    clock_ns = chance.choice(CLOCK_JUMPS_NS)
    chosen = chance.sample(list(services), len(services))
    match fault:
        case Fault.RESTART_ALL:
            return Step(fault, tuple(chosen), pause_s, kills=len(chosen), wait_ready=True)
        case Fault.BAD_NETWORK | Fault.VENUE_STOP | Fault.LIMITS | Fault.KILL_SWITCH:
            return Step(fault, (), pause_s, hold_s, draw=draw)
        case Fault.KILL | Fault.TORN_WRITE:
            return Step(fault, (chosen[0],), pause_s, kills=1, wait_ready=wait_ready)
        case Fault.CLOCK_JUMP:
            return Step(fault, (chosen[0],), pause_s, clock_ns=clock_ns)
        case Fault.STOP | Fault.FULL_DISK | Fault.FAILED_SYNC:
            return Step(fault, (chosen[0],), pause_s, hold_s, wait_ready=wait_ready)
        case Fault.WORKER_KILL | Fault.WORKER_STOP | Fault.OCAML_KILL | Fault.OCAML_STOP:
            return Step(fault, (), pause_s, hold_s, wait_ready=wait_ready)
