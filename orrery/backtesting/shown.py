"""Runs a backtest with a progress bar on the terminal."""

from rich.console import Console
from rich.progress import Progress

from services.backtest.engine import run
from services.backtest.plan import Plan
from services.backtest.result import RunResult


def run_shown(plan: Plan, *, is_shown: bool) -> RunResult:
    """Return the result; is_shown: draw a progress bar on standard error meanwhile."""
    if not is_shown:
        return run(plan)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("bars", total=None)
        return run(plan, lambda done, total: bars.update(task, completed=done, total=total))
