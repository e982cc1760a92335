"""Verdicts on strategy files, each tried on made-up bars in a child process that is bounded.

As a process of its own (`python -m services.signal.checking`) it takes a job as JSON on standard input and writes the verdict to
standard output.
"""

import resource
import sys
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from common.config.models import SignalSection
from services.signal.core.spec import ParameterValue, StrategySpec
from services.signal.hosts.plugin_files import PluginError
from services.signal.loading import (
    StrategyFileError,
    TrialFailedError,
    limits_of,
    load_source,
    read_spec,
    script_name,
    validate_source,
)
from services.signal.trying import Outcome, bounds_of, try_all

CPU_SECONDS_MAX = 60
"""Processor time after which the system ends a process that checks, even if nobody is left who waits for it."""
MODULE = "services.signal.checking"
"""What to run: `python -m services.signal.checking`."""


class Job(msgspec.Struct, frozen=True):
    """A file to check: its content, as which file and strategy it would run, with which limits and plug-ins.

    is_strict: whether errors of the strategy itself on made-up bars count, which at a start they do not.
    """

    source: bytes
    path: str
    name: str
    params: dict[str, ParameterValue]
    signal: dict[str, object]
    is_strict: bool = True


class Verdict(msgspec.Struct, frozen=True):
    """spec: the strategy, ready to run; None if it cannot, and then error says why, with hints.

    in_trial: why it cannot came to light when it was tried; spec then is what the file says, with the indicators seen.
    """

    spec: StrategySpec | None = None
    error: str = ""
    in_trial: bool = False


class Checked(NamedTuple):
    """A verdict on each job. unloadable: the plug-ins that could not be loaded in bounds, and why."""

    verdicts: list[Verdict]
    unloadable: dict[str, str]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Verdict).decode


def check(job: Job) -> Verdict:
    """Return whether a file can run, tried in this process."""
    limits = limits_of(SignalSection.model_validate(job.signal))
    if not job.is_strict:
        try:
            return Verdict(load_source(job.source, job.path, name=job.name, params=job.params, limits=limits))
        except StrategyFileError as error:
            return Verdict(None, str(error), isinstance(error, TrialFailedError))
    report = validate_source(job.source, job.path, name=job.name, params=job.params, limits=limits)
    if report.ok:
        return Verdict(report.spec)
    fatal = [problem for problem in report.problems if problem.is_fatal]
    return Verdict(None, "; ".join(f"{each.text}{f' ({each.hint})' if each.hint else ''}" for each in fatal))


def check_all(jobs: Sequence[Job], section: SignalSection) -> Checked:
    """Return whether files can run, tried in a child of this process; PluginError for a plug-in that is none."""
    tried = try_all([partial(_attempt, job) for job in jobs], section.indicators, bounds_of(section))
    return Checked([_verdict(*each) for each in zip(jobs, tried.outcomes, strict=True)], tried.unloadable)


def _attempt(job: Job) -> bytes:
    return _encode(check(job))


def _verdict(job: Job, outcome: Outcome) -> Verdict:
    if outcome.told:
        verdict = _decode(outcome.told)
    else:
        strategy = f"strategy {job.name}: " if job.name else ""
        verdict = Verdict(
            None, f"{script_name(job.path)}: {strategy}tried on made-up bars: {outcome.lost}", in_trial=True
        )
    if not verdict.in_trial:
        return verdict
    limits = limits_of(SignalSection.model_validate(job.signal))
    spec = read_spec(job.source, job.path, name=job.name, params=job.params, limits=limits)
    return msgspec.structs.replace(verdict, spec=msgspec.structs.replace(spec, indicators=tuple(outcome.indicators)))


def check_one(job: Job) -> Verdict:
    """Return whether a file can run, tried in a child of this process; also where a plug-in is none."""
    section = SignalSection.model_validate(job.signal)
    try:
        return check_all([job], section).verdicts[0]
    except PluginError as error:
        return Verdict(None, f"signal.indicators: {error}")


def answer(data: bytes) -> bytes:
    """Return the verdict on a job, both as JSON."""
    return msgspec.json.encode(check_one(msgspec.json.decode(data, type=Job)))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
