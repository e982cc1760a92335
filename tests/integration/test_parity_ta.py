"""A strategy of pandas-ta's indicators: the real processes and the backtester do the same, to the byte."""

import json
from pathlib import Path

import pytest

from orrery.__main__ import main
from tests.integration.harness import PROJECT

RECORDING = PROJECT / "tests" / "fixtures" / "binance" / "btcusdt_20240808_ws.jsonl.gz"
HULL = PROJECT / "tests" / "fixtures" / "ta" / "hull.lua"
QUICK = (("1m", "1s"), ("warmup = 30", "warmup = 8"), ("default = 9", "default = 4"), ("length = 8", "length = 3"))


@pytest.mark.slow
def test_the_stack_computes_as_the_backtest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = HULL.read_text()
    for before, after in QUICK:
        source = source.replace(before, after)
    script = tmp_path / "hull.lua"
    script.write_text(source)
    code = main(["parity", "--recording", str(RECORDING), "--strategy", str(script), "--json"])
    told = capsys.readouterr()
    assert code == 0, told.err or told.out
    streams = {stream["name"]: stream for stream in json.loads(told.out)["streams"]}
    assert streams["intents"]["stack"] > 0
    assert streams["fills"]["stack"] > 0
