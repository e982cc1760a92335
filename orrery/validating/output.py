"""What `orrery validate` prints: lines that fit a terminal, or one JSON object."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

import msgspec

from orrery.validating.spelling import misspelt
from services.signal.core.spec import ParameterSpec, StrategySpec
from services.signal.hosts.trial import TrialResult
from services.signal.loading import Problem, Report, script_name

TRIAL = ("bars", "warm_after", "opportunities", "entries", "cancels", "exits", "other")


def problems_of(report: Report, source: str) -> list[Problem]:
    """Return the problems of a report, each with the better hint where its line has a misspelt name, and other such names."""
    names = misspelt(script_name(report.path), source)
    meant = {name.line: name.hint for name in names if name.hint}
    failed = {problem.line for problem in report.problems if problem.is_fatal}
    known = [
        msgspec.structs.replace(problem, hint=meant.get(problem.line, problem.hint)) if problem.is_fatal else problem
        for problem in report.problems
    ]
    return [*known, *(name for name in names if name.line not in failed)]


def as_object(report: Report, problems: Sequence[Problem]) -> dict[str, object]:
    """Return what `--json` shows of one file."""
    spec, trial = report.spec, report.trial
    return {
        "ok": report.ok,
        "path": report.path,
        "problems": list(problems),
        "strategy": None if spec is None else spec.plain(),
        "parameters": {} if spec is None else {name: msgspec.structs.asdict(p) for name, p in spec.declared.items()},
        "indicators": report.indicators,
        "warmup": {
            "declared": None if spec is None else spec.warmup,
            "needed": None if trial is None else trial.warm_after,
        },
        "trial": None if trial is None else {name: getattr(trial, name) for name in TRIAL},
    }


def as_lines(report: Report, problems: Sequence[Problem], width: int | None) -> Iterator[str]:
    """Yield what people read, in lines of this width; of any where it is None."""
    for problem in problems:
        yield from _folded(f"{'error' if problem.is_fatal else 'warning'}: {problem.text}", width)
        if problem.hint:
            yield from _folded(f"  hint: {problem.hint}", width)
    for line in _facts(report):
        yield from _folded(line, width)
    warnings = sum(not problem.is_fatal for problem in problems)
    yield f"{report.path}: {'ok' if report.ok else 'cannot run'}{_with(warnings) if report.ok else ''}"


def _with(warnings: int) -> str:
    return "" if not warnings else f", {warnings} warning{'s' if warnings > 1 else ''}"


def _facts(report: Report) -> Iterator[str]:
    spec, trial = report.spec, report.trial
    if spec is None:
        return
    yield f"strategy {spec.name}: timeframe {spec.timeframe or 'of the configuration'}, warmup {spec.warmup} bars"
    params = ", ".join(f"{name}={value}{_range(spec.declared.get(name))}" for name, value in spec.params.items())
    yield f"  params: {params or 'none'}"
    yield f"  indicators: {', '.join(report.indicators) or 'none'}"
    if trial is None:
        return
    if report.indicators:
        yield f"  warm-up: {_warmth(spec, trial)}"
    yield (
        f"  on {trial.bars} made-up bars: {trial.opportunities} opportunities, {trial.entries} entries, "
        f"{trial.cancels} cancels, {trial.exits} exits"
    )


def _warmth(spec: StrategySpec, trial: TrialResult) -> str:
    if trial.warm_after is None:
        return f"declared {spec.warmup}, but the indicators never had values all at once"
    return f"declared {spec.warmup}, all indicators have values from bar {trial.warm_after} on{trial.reads}"


def _range(declared: ParameterSpec | None) -> str:
    if declared is None or (declared.min is None and declared.max is None):
        return ""
    low, high = ("" if bound is None else f"{bound:g}" for bound in (declared.min, declared.max))
    return f" ({low}..{high})"


def _folded(line: str, width: int | None) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    if width is None or len(line) <= width:
        return [line]
    return wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
