"""A strategy that reads other timeframes and symbols: seen, asked and gone back with as any other."""

from pathlib import Path

import pytest

from orrery.repl.errors import ReplError
from orrery.repl.language import do
from tests.unit.repl.support import backtested, command, session, state, typed, written

SOURCE = """strategy = { name = "crossing", timeframe = "1m" }
function detect_opportunity(market_data, context, indicators)
  local slow = indicators.ema(3, "5m")
  if slow and market_data.close > slow then return { signal = "up" } end
end
function filter_commitment() return { action = "enter_long", quantity = 1 } end
function manage_position(market_data, context, indicators)
  if market_data.close < indicators.ema(3, "5m") then return { action = "exit" } end
end
"""


def test_it_is_the_backtest_and_the_copy_sees_what_the_runner_sees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strategy, data = tmp_path / "crossing.lua", written(tmp_path, 200)
    strategy.write_text(SOURCE)
    expected = backtested(capsys, strategy, [data])
    assert expected["fills"] > 4
    script = "step 60; indicators; = indicators.ema(3, '5m'); until indicators.ema(3, '5m') < market_data.close; back 7; why; run; result"
    code, told, error = command(capsys, "repl", str(strategy), "--data", str(data), "-e", script)
    assert (code, error) == (0, "")
    assert told[-1]["digest"] == expected["digest"]
    assert told[2]["values"] == list(told[1]["indicators"].values())


def test_looks_change_nothing_and_back_is_back(tmp_path: Path) -> None:
    talk = session(tmp_path, SOURCE)
    typed(talk, "step 73")
    before = state(talk)
    typed(talk, "= indicators.ema(3, '5m'), indicators.rsi(4, '5m')", "why", "context")
    assert state(talk) == before
    typed(talk, "step 20", "back 20")
    assert state(talk) == before


def test_a_series_that_the_strategy_does_not_read_is_no_surprise(tmp_path: Path) -> None:
    talk = session(tmp_path, SOURCE)
    typed(talk, "step 73")
    before = state(talk)
    assert typed(talk, "= indicators.ema(3, '15m')")["values"] == [None]
    with pytest.raises(ReplError):
        do(talk, "= indicators.ema(3, 'never')")
    assert state(talk) == before
