"""Check a strategy file's content, as a process: a job as JSON on standard input, the verdict as JSON on standard output."""

import resource
import sys
from pathlib import Path

import msgspec

from common.config.models import SignalSection
from services.signal.core.spec import ParameterValue, StrategySpec
from services.signal.hosts.plugin_files import PluginError, install
from services.signal.loading import limits_of, validate_source

CPU_SECONDS_MAX = 20
"""Processor time after which the system ends the process, even if nobody is left who waits for it."""
MODULE = "services.signal.checking"
"""What to run: `python -m services.signal.checking`."""


class Job(msgspec.Struct, frozen=True):
    """A file to check: its content, as which file and strategy it would run, with which limits and plug-ins."""

    source: bytes
    path: str
    name: str
    params: dict[str, ParameterValue]
    signal: dict[str, object]


class Verdict(msgspec.Struct, frozen=True):
    """spec: the strategy, ready to run; None if it cannot, and then why, with hints."""

    spec: StrategySpec | None = None
    error: str = ""


def check(job: Job) -> Verdict:
    """Return whether a file can run."""
    section = SignalSection.model_validate(job.signal)
    report = validate_source(job.source, job.path, name=job.name, params=job.params, limits=limits_of(section))
    if report.ok:
        return Verdict(report.spec)
    fatal = [problem for problem in report.problems if problem.is_fatal]
    return Verdict(None, "; ".join(f"{each.text}{f' ({each.hint})' if each.hint else ''}" for each in fatal))


def answer(data: bytes) -> bytes:
    """Return the verdict on a job, both as JSON."""
    job = msgspec.json.decode(data, type=Job)
    try:
        install([Path(name) for name in SignalSection.model_validate(job.signal).indicators])
    except PluginError as error:
        return msgspec.json.encode(Verdict(None, f"signal.indicators: {error}"))
    return msgspec.json.encode(check(job))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
