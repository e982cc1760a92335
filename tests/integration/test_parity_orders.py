"""Every type of order, pairs, amends, trailing stops and ends by time: the real processes and the backtester agree to the byte."""

import json
from pathlib import Path

import pytest

from orrery.__main__ import main
from tests.integration.harness import PROJECT

RECORDING = PROJECT / "tests" / "fixtures" / "binance" / "btcusdt_20240808_ws.jsonl.gz"
STRATEGIES = [PROJECT / "tests" / "integration" / f"{name}.lua" for name in ("orders_of_all_types", "pairs_of_orders")]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["touch", "trades", "depth", "queue"])
@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda path: path.stem)
def test_the_stack_handles_orders_as_the_backtest(
    strategy: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ways = ("execution.latency_ns=3000000", "execution.response_latency_ns=20000000")
    settings = [word for key in (f"execution.fill_model={model}", *ways) for word in ("--set", key)]
    code = main(["parity", "--recording", str(RECORDING), "--strategy", str(strategy), "--json", *settings])
    told = capsys.readouterr()
    assert code == 0, told.err or told.out
    streams = {stream["name"]: stream for stream in json.loads(told.out)["streams"]}
    assert streams["intents"]["stack"] >= 8
    assert streams["reports"]["stack"] >= 10
