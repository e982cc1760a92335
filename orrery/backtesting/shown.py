"""Runs a backtest with a progress bar on the terminal."""

from rich.console import Console
from rich.progress import Progress

from orrery.backtesting.event_run import EventRun
from services.backtest.engine import run
from services.backtest.plan import Plan
from services.backtest.result import RunResult


def run_shown(what: Plan | EventRun, *, is_shown: bool) -> RunResult:
    """Return the result; is_shown: draw a progress bar on standard error meanwhile."""
    if not is_shown:
        return what.run() if isinstance(what, EventRun) else run(what)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("events" if isinstance(what, EventRun) else "bars", total=None)

        def show(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total or None)

        return what.run(show) if isinstance(what, EventRun) else run(what, show)
