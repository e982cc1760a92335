"""`python -m benchmarks.peers.engines.run MODULE ...`: time one engine in this process; print one JSON object.

Timed is the engine's run alone. Bars, and the engine around them, are made before; results are read after.
"""

import argparse
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from benchmarks.peers.bars import Bars, read

CASH = 1e8
FEE = 0.001


class Job(NamedTuple):
    """What is to be run: the bars, and EMA(fast) against EMA(slow)."""

    bars: Bars
    fast: int
    slow: int
    mode: str


class Outcome(NamedTuple):
    """What a run led to. None is what the engine does not tell."""

    orders: int | None
    trades: int | None
    final_equity: float | None


class Case(Protocol):
    """An engine with its bars; made once for all repeats."""

    def __init__(self, job: Job) -> None:
        """Turn the bars into what the engine wants."""
        ...

    def fresh(self) -> Callable[[], Any]:
        """Return a run that has not begun."""
        ...

    def outcome(self, result: Any) -> Outcome:
        """Return what came out of the run that was made last."""
        ...


def main() -> int:
    """Time a module's engine until the repeats are done or the time is used up; at least once."""
    options = _options()
    module: Any = importlib.import_module(f"benchmarks.peers.engines.{options.module}")
    case: Case = module.Case(Job(read(options.bars), options.fast, options.slow, options.mode))
    if options.warm:
        case.fresh()()
    seconds: list[float] = []
    outcome = Outcome(None, None, None)
    while len(seconds) < options.repeats and (not seconds or sum(seconds) + max(seconds) < options.budget):
        run = case.fresh()
        began = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - began)
        outcome = case.outcome(result)
        del result, run
    found = {
        "version": version(options.package) if options.package else "",
        "seconds": seconds,
        "peak_mib": _peak_mib(),
    }
    print(json.dumps({**found, **outcome._asdict()}))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.engines.run", description=__doc__)
    parser.add_argument("module")
    parser.add_argument("--package", default="")
    parser.add_argument("--bars", type=Path, required=True)
    parser.add_argument("--fast", type=int, required=True)
    parser.add_argument("--slow", type=int, required=True)
    parser.add_argument("--mode", default="")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--budget", type=float, default=30.0, help="seconds after which no further repeat is begun")
    parser.add_argument("--warm", action="store_true", help="run once untimed, for what compiles itself")
    return parser.parse_args()


def _peak_mib() -> float:
    """Return the most memory that this process held, MiB; not what its parent held before it was started."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    sys.exit(main())
