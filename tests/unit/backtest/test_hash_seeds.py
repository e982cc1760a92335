"""The digest of several strategies on several symbols does not depend on how a process hashes."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import pathlib, sys
from dataclasses import replace
from services.backtest.engine import run
from services.signal.loading import load_strategy
from tests.unit.backtest.builders import EMA, plan, walk

folder = pathlib.Path(sys.argv[1])
tables = [walk(500, seed, symbol) for seed, symbol in enumerate(("BTCUSDT", "ETHUSDT", "XRPUSDT"))]
made = plan(folder, EMA, *tables, execution={"taker_fee_bps": 5}, risk={"trailing_stop_percent": 2})
shorts = folder / "shorts.lua"
levels = "quantity = 2, stop_loss = 0.004, take_profit = 0.006"
shorts.write_text(EMA.replace('"ema"', '"shorts"').replace("enter_long", "enter_short").replace("quantity = 1", levels))
both = replace(made, strategies=(*made.strategies, load_strategy(shorts)))
for one in (both, plan(folder, EMA, tables[0])):
    result = run(one)
    print(result.digest, result.orders, result.final_equity, len(result.trades))
"""


def test_two_processes_with_other_hash_seeds(tmp_path: Path, project_root: Path) -> None:
    found = []
    for seed in ("1", "31337"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(project_root)}
        run = subprocess.run(
            [sys.executable, "-c", CODE, str(folder)],
            cwd=project_root,
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
        found.append(run.stdout)
    assert found[0] == found[1]
    assert all(int(line.split()[1]) > 10 for line in found[0].splitlines())
