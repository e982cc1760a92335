"""Kept backtests: each a folder under `<data_dir>/backtests`, to be listed, shown and compared."""

from orrery.runs.compare import Comparison, compare_runs
from orrery.runs.kept import BACKTESTS, KeptRun
from orrery.runs.read import Listing, list_runs, show_run
from orrery.runs.save import save_run

__all__ = ["BACKTESTS", "Comparison", "KeptRun", "Listing", "compare_runs", "list_runs", "save_run", "show_run"]
