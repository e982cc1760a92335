"""One engine, one workload: in a process of its own, bounded in time; a failure is a result too."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import msgspec

from benchmarks.peers.catalogue import Engine, Workload
from benchmarks.peers.environment import ROOT, Environment, last_line, prepared

BUDGET_SECONDS = 30.0
"""After this no further repeat is begun."""
LIMIT_SECONDS = 180.0
"""A process that takes longer, with its imports and bars, is ended."""
CENT = 0.01


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """An engine's figures. fault: why there are none. equity_difference: to ours, of the same workload and bars."""

    engine: str
    kind: str
    workload: str
    bars: int
    is_ours: bool
    is_event_driven: bool
    fills_at_next_open: bool
    is_same_strategy: bool = True
    version: str = ""
    seconds: tuple[float, ...] = ()
    peak_mib: float = 0.0
    orders: int | None = None
    trades: int | None = None
    final_equity: float | None = None
    equity_difference: float | None = None
    disagrees: bool = False
    note: str = ""
    fault: str = ""

    @property
    def median(self) -> float | None:
        """Return the median speed, bars a second; None without a run."""
        return self.bars / statistics.median(self.seconds) if self.seconds else None

    @property
    def best(self) -> float | None:
        """Return the best speed, bars a second."""
        return self.bars / min(self.seconds) if self.seconds else None

    def beside(self, ours: Self, size: int) -> Self:
        """Return this with how far it is from ours: those that fill at the next open must come to the same equity."""
        measured = msgspec.structs.replace(self, bars=size)
        if self.final_equity is None or ours.final_equity is None:
            return measured
        difference = self.final_equity - ours.final_equity
        return msgspec.structs.replace(
            measured,
            equity_difference=difference,
            disagrees=self.fills_at_next_open and abs(difference) > CENT,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as plain values."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found | {"bars_per_second": self.median, "bars_per_second_best": self.best}


def measure(engine: Engine, workload: Workload, path: Path, *, repeats: int) -> Measured:
    """Run an engine and return what it took, or why it did not run."""
    nothing = Measured(
        engine=engine.name,
        kind=engine.kind,
        workload=workload.name,
        bars=0,
        is_ours=not engine.package,
        is_event_driven=engine.is_event_driven,
        fills_at_next_open=engine.fills_at_next_open,
        is_same_strategy=engine.is_same_strategy,
        note=engine.note,
    )
    environment = prepared(engine.package) if engine.package else Environment(Path(sys.executable))
    if environment.fault:
        return msgspec.structs.replace(nothing, fault=environment.fault)
    command = [str(environment.python), "-W", "ignore", "-m", "benchmarks.peers.engines.run", engine.module]
    command += ["--package", engine.package, "--mode", engine.mode, "--bars", str(path), "--repeats", str(repeats)]
    command += ["--fast", str(workload.fast), "--slow", str(workload.slow), "--budget", str(BUDGET_SECONDS)]
    command += [] if engine.is_event_driven else ["--warm"]
    answer = _answer(command)
    if isinstance(answer, str):
        return msgspec.structs.replace(nothing, fault=answer)
    return msgspec.structs.replace(nothing, **{**answer, "seconds": tuple(answer["seconds"])})


def _answer(command: list[str]) -> dict[str, Any] | str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"took longer than {LIMIT_SECONDS:.0f} s"
    if done.returncode:
        return f"failed: {last_line(done.stderr) or f'exit code {done.returncode}'}"
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
