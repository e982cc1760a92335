"""Runners in worker processes: what the way to them costs an input, and each runner in processor and memory."""

import os
import time
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.runners import SCRIPT, TICKING, bar_of, play, quote_of, resident_mib, symbol_of
from common.config.models import Config
from common.core import Core
from common.messages import OrderIntent
from common.timeframes import NS_PER_SECOND
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.loading import load_source, load_strategy
from services.signal.workers.guard import Guard
from services.signal.workers.sharded import ShardedCore
from services.signal.workers.starting import Spares, core_of, start_core

COUNTS = (10, 100, 1_000)
WORKERS = (0, 1, 2)
SECONDS = 5
HOPS = 2_000
LATENCY_RUNNERS = 100
SPARE_LOADS_S = 3.0


def run() -> list[Figure]:
    """Measure with a symbol for each runner, a bar a second and ten quotes a second on each."""
    bar_driven, ticking = load_strategy(SCRIPT), load_source(TICKING, "benchmarks/ticking.lua")
    figures: list[Figure] = []
    for workers in WORKERS:
        figures += _hop(bar_driven, workers)
        for count in COUNTS:
            figures += _load_of(bar_driven, count, workers)
        figures += _latency(ticking, workers)
    return [*figures, _return(bar_driven, with_spare=False), _return(bar_driven, with_spare=True)]


def _start(strategy: StrategySpec, count: int, workers: int, spares: Spares | None = None) -> Core:
    specs = [
        RunnerSpec(strategy=strategy, symbol=symbol_of(number), timeframe="1s", currency="USDT")
        for number in range(count)
    ]
    config = _config(workers)
    return start_core(config, specs, spares or Spares(config), Guard()) if workers else core_of(config, specs)


def _config(workers: int) -> Config:
    return Config.model_validate({"signal": {"workers": workers, "indicator_verify_every": 0}})


def _close(core: Core) -> None:
    if isinstance(core, ShardedCore):
        core.close()


def _hop(strategy: StrategySpec, workers: int) -> list[Figure]:
    """Return what a bar costs that a runner hears and answers nil to."""
    core = _start(strategy, 1, workers)
    samples: list[float] = []
    for second in range(HOPS):
        bar = bar_of(0, second)
        began = time.perf_counter_ns()
        core.handle(bar, bar.end_ns)
        samples.append((time.perf_counter_ns() - began) / 1e3)
    _close(core)
    name = f"{workers} workers: a bar to a runner and back"
    return [
        Figure(f"{name} p50", percentile(samples, 0.5), "us"),
        Figure(f"{name} p99", percentile(samples, 0.99), "us"),
    ]


def _load_of(strategy: StrategySpec, count: int, workers: int) -> list[Figure]:
    before_mib = resident_mib()
    core = _start(strategy, count, workers)
    pids = _pids(core)
    play(core, count, 0)
    began = time.process_time() + sum(map(_used_s, pids))
    for second in range(1, 1 + SECONDS):
        play(core, count, second)
    used_us = (time.process_time() + sum(map(_used_s, pids)) - began) / SECONDS / count * 1e6
    held_mib = max(0.0, resident_mib() - before_mib) + sum(_private_mib(pid) for pid in pids)
    _close(core)
    name = f"{workers} workers, {count} runners"
    return [
        Figure(f"{name}: CPU each, 1 bar and 10 quotes a second", used_us, "us/s"),
        Figure(f"{name}: memory each, workers with all they hold", held_mib / count, "MiB"),
    ]


def _latency(strategy: StrategySpec, workers: int) -> list[Figure]:
    samples: list[float] = []
    for _ in range(3):
        core = _start(strategy, LATENCY_RUNNERS, workers)
        for second in range(30):
            for number in range(LATENCY_RUNNERS):
                bar = bar_of(number, second)
                core.handle(bar, bar.end_ns)
        for at_ns in (31 * NS_PER_SECOND, 31 * NS_PER_SECOND + 1):
            for number in range(LATENCY_RUNNERS):
                samples += _answer_us(core, number, at_ns)
        _close(core)
    name = f"{workers} workers: tick to intent, {LATENCY_RUNNERS} runners"
    return [
        Figure(f"{name} p50", percentile(samples, 0.5), "us"),
        Figure(f"{name} p99", percentile(samples, 0.99), "us", "< 1 ms"),
    ]


def _answer_us(core: Core, number: int, at_ns: int) -> list[float]:
    quote = quote_of(number, at_ns)
    began = time.perf_counter_ns()
    out = core.handle(quote, at_ns)
    took = time.perf_counter_ns() - began
    return [took / 1e3] if any(isinstance(message, OrderIntent) for message in out) else []


def _return(strategy: StrategySpec, *, with_spare: bool) -> Figure:
    """Return how long an input takes whose worker was killed before it."""
    spares = Spares(_config(1))
    core = _start(strategy, LATENCY_RUNNERS, 1, spares)
    if with_spare:
        spares.refill(at_once=True)
        time.sleep(SPARE_LOADS_S)
    for second in range(30):
        for number in range(LATENCY_RUNNERS):
            bar = bar_of(number, second)
            core.handle(bar, bar.end_ns)
    (pid,) = _pids(core)
    os.kill(pid, 9)
    began = time.perf_counter()
    bar = bar_of(0, 30)
    core.handle(bar, bar.end_ns)
    took_ms = (time.perf_counter() - began) * 1e3
    _close(core)
    spares.close()
    spare = "one in reserve" if with_spare else "none in reserve"
    return Figure(f"an input whose worker was killed, {LATENCY_RUNNERS} runners, {spare}", took_ms, "ms")


def _pids(core: Core) -> list[int]:
    if not isinstance(core, ShardedCore):
        return []
    return sorted({each["worker_pid"] for each in core.status()["runners"]})


def _used_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _private_mib(pid: int) -> float:
    rows = dict(row.split(":", 1) for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return sum(int(rows[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")) / 1_024
