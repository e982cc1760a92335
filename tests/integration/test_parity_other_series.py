"""Lock-step with a strategy that reads other timeframes: the running stack and the backtest say the same, to the byte."""

import json
from pathlib import Path

import pytest

from orrery.__main__ import main
from tests.integration.harness import PROJECT

RECORDING = PROJECT / "tests" / "fixtures" / "binance" / "dotusdt_20210404_ws.jsonl.gz"
SOURCE = """
strategy = { name = "reads", timeframe = "1s" }
function detect_opportunity(md, context, indicators)
  local slow, bar = indicators.sma(2, "3s"), indicators.bar("2s")
  context.n = (context.n or 0) + 1
  if slow and bar and context.n % 2 == 0 then
    return { signal = "up", text = slow .. " " .. bar.timestamp .. " " .. bar.close }
  end
end
function filter_commitment(md, context, indicators)
  return { action = "enter_long", quantity = 1, reason = context.text }
end
function manage_position(md, context, indicators)
  return { action = "exit", reason = indicators.sma(2, "3s") .. " " .. indicators.bar("2s").timestamp }
end
"""


@pytest.mark.slow
def test_other_timeframes_are_seen_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "reads.lua"
    script.write_text(SOURCE)
    code = main(["parity", "--json", "--recording", str(RECORDING), "--strategy", str(script)])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["equal"]) == (0, True)
    counts = {stream["name"]: stream["stack"] for stream in report["streams"]}
    assert min(counts["intents"], counts["fills"]) > 2


def test_a_series_that_is_found_while_running_has_to_be_declared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "late.lua"
    hidden = SOURCE.replace("  local slow", '  if md.close < 90 then indicators.sma(2, "5s") end\n  local slow')
    script.write_text(hidden)
    assert main(["parity", "--recording", str(RECORDING), "--strategy", str(script)]) != 0
    told = capsys.readouterr().err
    assert "late.lua:4: strategy.series: expected { symbol" in told
    assert 'timeframe = "5s" } to be declared, found that it is first read while running' in told
