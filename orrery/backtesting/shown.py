"""Runs a backtest with a progress bar on the terminal."""

from typing import TYPE_CHECKING

from services.backtest.plan import Plan
from services.backtest.result import RunResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from orrery.backtesting.event_run import EventRun


def run_shown(what: "Plan | EventRun", *, is_shown: bool) -> RunResult:
    """Return the result; is_shown: draw a progress bar on standard error meanwhile."""
    if not is_shown:
        return _run(what, None)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("bars" if isinstance(what, Plan) else "events", total=None)
        return _run(what, lambda done, total: bars.update(task, completed=done, total=total or None))


def _run(what: "Plan | EventRun", progress: "Callable[[int, int], None] | None") -> RunResult:
    if isinstance(what, Plan):
        from services.backtest.engine import run

        return run(what, progress)
    return what.run(progress)
