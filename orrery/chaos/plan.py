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


KILLS = (Fault.KILL, Fault.TORN_WRITE, Fault.RESTART_ALL)
NEEDS_SHIM = (Fault.TORN_WRITE, Fault.FULL_DISK, Fault.FAILED_SYNC, Fault.CLOCK_JUMP)

WEIGHTS = {
    Fault.KILL: 60,
    Fault.TORN_WRITE: 12,
    Fault.STOP: 8,
    Fault.FULL_DISK: 5,
    Fault.FAILED_SYNC: 5,
    Fault.CLOCK_JUMP: 4,
    Fault.BAD_NETWORK: 4,
    Fault.RESTART_ALL: 2,
}
MAX_PAUSE_S = 0.4
"""Longest time between two steps, seconds: most steps meet a stack that has not come to rest after the one before."""
MAX_HOLD_S = 1.5
"""Longest time that a fault lasts which is taken back, seconds."""
CLOCK_JUMPS_NS = (-3_600_000_000_000, -1_000_000_000, 1_000_000_000, 3_600_000_000_000)


class Step(msgspec.Struct, frozen=True):
    """One step. services: whom it meets, in this order. pause_s: before it. hold_s: how long it lasts.

    kills: how many processes end by it. wait_ready: whether the next step waits until all are ready again.
    """

    fault: Fault
    services: tuple[str, ...]
    pause_s: float
    hold_s: float = 0.0
    clock_ns: int = 0
    kills: int = 0
    wait_ready: bool = False


def steps(seed: int, kills: int, services: Sequence[str], faults: Sequence[Fault] = tuple(Fault)) -> Iterator[Step]:
    """Yield steps until `kills` processes have been ended; `faults` must hold KILL."""
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
    clock_ns = chance.choice(CLOCK_JUMPS_NS)
    chosen = chance.sample(list(services), len(services))
    match fault:
        case Fault.RESTART_ALL:
            return Step(fault, tuple(chosen), pause_s, kills=len(chosen), wait_ready=True)
        case Fault.BAD_NETWORK:
            return Step(fault, (), pause_s, hold_s)
        case Fault.KILL | Fault.TORN_WRITE:
            return Step(fault, (chosen[0],), pause_s, kills=1, wait_ready=wait_ready)
        case Fault.CLOCK_JUMP:
            return Step(fault, (chosen[0],), pause_s, clock_ns=clock_ns)
        case Fault.STOP | Fault.FULL_DISK | Fault.FAILED_SYNC:
            return Step(fault, (chosen[0],), pause_s, hold_s, wait_ready=wait_ready)
