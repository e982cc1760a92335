"""Strategies and data to try things on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orrery.__main__ import main
from orrery.backtesting.options import Options
from orrery.repl.data_session import DataSession
from orrery.repl.language import do
from orrery.repl.opening import open_data
from orrery.repl.trip import Trip
from tests.unit.backtest.builders import walk

CROSSING = """strategy = { name = "crossing", warmup = 5, params = { fast = { default = 3, min = 2 }, lot = { default = 1 } },
  stop_loss = 0.01 }
local asked = 0
local notes = { last = "none" }
local function averages(indicators, context)
  return indicators.ema(context.params.fast), indicators.ema(9)
end
function detect_opportunity(market_data, context, indicators)
  asked = asked + 1
  context.seen = (context.seen or 0) + 1
  local fast, slow = averages(indicators, context)
  if fast and slow and fast > slow then
    notes.last = "up"
    print("up", asked)
    return { signal = "up", gap = fast - slow }
  end
end
function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = context.params.lot }
end
function manage_position(market_data, context, indicators)
  local fast, slow = averages(indicators, context)
  if fast < slow then return { action = "exit", reason = "crossed" } end
end
"""


def written(folder: Path, count: int = 200, seed: int = 4, symbol: str = "BTCUSDT") -> Path:
    """Write a random walk of minutes as a CSV file."""
    table = walk(count, seed, symbol)
    columns = (table.start_ns // 1_000_000, table.open, table.high, table.low, table.close, table.volume)
    path = folder / f"{symbol}_1m.csv"
    rows = [",".join(map(str, row)) for row in zip(*(column.tolist() for column in columns), strict=True)]
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows, ""]))
    return path


def options(strategy: Path, *data: Path, **changes: Any) -> Options:
    """Return what would be typed."""
    given: dict[str, Any] = {
        "strategies": [strategy], "data": list(data), "symbols": [], "start": "", "end": "", "cash": "100000",
        "fee": "0.001", "slippage": "0", "params": (), "loaded": None, **changes,
    }  # fmt: skip
    return Options(**given)


def session(folder: Path, source: str = CROSSING, *data: Path, **changes: Any) -> DataSession:
    """Return a session before its first bar."""
    strategy = folder / "crossing.lua"
    strategy.write_text(source)
    return DataSession(Trip(open_data(options(strategy, *(data or (written(folder),)), **changes))))


def typed(talk: DataSession, *lines: str) -> Any:
    """Do lines; return the data of the last one's answer."""
    return [do(talk, line).data for line in lines][-1]


def said(talk: DataSession, line: str) -> str:
    """Do a line; return what people read."""
    return "\n".join(do(talk, line).lines)


def state(talk: DataSession) -> tuple[bytes, bytes]:
    """Return the states of the cores."""
    return talk.trip.driver.signal.snapshot(), talk.trip.driver.risk.snapshot()


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run `orrery` with --json; return the exit code, its objects and its errors."""
    code = main([*arguments, "--json"])
    told = capsys.readouterr()
    return code, [json.loads(line) for line in told.out.splitlines()], told.err


def backtested(capsys: pytest.CaptureFixture[str], strategy: Path, data: Sequence[Path]) -> dict[str, Any]:
    """Return what `orrery backtest` finds."""
    files = [part for path in data for part in ("--data", str(path))]
    code, (found,), error = command(capsys, "backtest", "--strategy", str(strategy), *files)
    assert code == 0, error
    return found
