"""Strategy files judged in a child process that is bounded, so that no plug-in holds up or ends the command."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from common.config.signal import SignalSection
from orrery.errors import CommandLineError
from orrery.validating.output import as_lines, as_object, problems_of
from services.signal.hosts.plugin_files import PluginError
from services.signal.loading import Problem, Report, script_name, validate
from services.signal.trying import Outcome, bounds_of, try_all


class Judged(msgspec.Struct, frozen=True):
    """What is to be said of a file: as lines for people, and as what `--json` shows."""

    ok: bool
    lines: list[str]
    shown: dict[str, Any]


def judged(paths: Sequence[Path], plugins: Sequence[Path], width: int | None) -> Iterator[Judged]:
    """Yield what is to be said of each file, in lines of this width.

    Raises:
        CommandLineError: a plug-in cannot be used.
    """
    try:
        tried = try_all([partial(_attempt, path, width) for path in paths], plugins, bounds_of(SignalSection()))
    except PluginError as error:
        raise CommandLineError(str(error)) from error
    for why in tried.unloadable.values():
        raise CommandLineError(why)
    for path, outcome in zip(paths, tried.outcomes, strict=True):
        yield _judged(path, outcome, width)


def _attempt(path: Path, width: int | None) -> bytes:
    return msgspec.json.encode(_of(validate(path), path, width))


def _judged(path: Path, outcome: Outcome, width: int | None) -> Judged:
    if outcome.told:
        return msgspec.json.decode(outcome.told, type=Judged)
    problem = Problem(f"{script_name(path)}: tried on made-up bars: {outcome.lost}")
    return _of(Report(str(path), (problem,)), path, width)


def _of(report: Report, path: Path, width: int | None) -> Judged:
    problems = problems_of(report, path.read_text(encoding="utf-8", errors="replace"))
    shown = as_object(report, problems)
    return Judged(report.ok, list(as_lines(report, problems, width)), msgspec.to_builtins(shown))
