"""Runners: strategies that fail, and those that are asked no more."""

from collections.abc import Iterator
from typing import Final

from common.messages import OperatorCommand, RunnerFailed, RunnerTransitioned
from common.routes import SIGNAL
from services.alerts.core.alert import Alert, Severity, Sign
from services.alerts.core.memory import Watched

LONGEST_ERROR: Final = 500
ENDS_PAUSE: Final = ("runner.resume", "runner.reload", "runner.remove")


def _failed(_watched: Watched, seen: RunnerFailed, _now_ns: int) -> Iterator[Sign]:
    if not seen.paused:
        yield Sign(seen.runner, f"{seen.runner} failed ({seen.error_count}): {seen.error[:LONGEST_ERROR]}", seen.cause)


def _paused(
    _watched: Watched, seen: RunnerFailed | RunnerTransitioned | OperatorCommand, _now_ns: int
) -> Iterator[Sign]:
    match seen:
        case RunnerFailed():
            if seen.paused:
                text = f"{seen.runner} is paused after {seen.error_count} failures: {seen.error[:LONGEST_ERROR]}"
                yield Sign(seen.runner, text, seen.cause)
        case RunnerTransitioned():
            yield Sign(seen.runner, cause=seen.cause, is_over=True)
        case OperatorCommand():
            if seen.service == SIGNAL and seen.name in ENDS_PAUSE:
                yield Sign(seen.arguments.get("runner", ""), cause=seen.id, is_over=True)


ALERTS: Final = (
    Alert(
        "runner_failed",
        Severity.WARNING,
        "A strategy's function failed.",
        "`orrery runner history` shows the error; mend the file, it is taken over when it is good.",
        (RunnerFailed,),
        _failed,
        lasts=False,
    ),
    Alert(
        "runner_paused",
        Severity.WARNING,
        "A runner failed `signal.max_errors` times in a row, or ran away, and is asked no more.",
        "Mend the file, then `orrery runner resume`. Its position keeps its stops.",
        (RunnerFailed, RunnerTransitioned, OperatorCommand),
        _paused,
    ),
)
