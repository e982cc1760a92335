"""A strategy in the running stack sees what is written into a file of signals, while it grows."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.harness import Stack, wait_until

WATCHER = """
strategy = { name = "watcher" }
function detect_opportunity(market_data, context, indicators)
  local mood = market_data.signals.mood
  if mood and mood.value ~= context.seen then
    context.seen = mood.value
    print(mood.value, mood.text, mood.age_seconds < 60)
  end
end
function filter_commitment(market_data, context, indicators) end
function manage_position(market_data, context, indicators) end
"""


def append(path: Path, **signal: Any) -> None:
    """Write one more line."""
    with path.open("a") as file:
        file.write(json.dumps({"timestamp": time.time(), "name": "mood", **signal}) + "\n")


@pytest.mark.slow
def test_signals_reach_a_strategy_while_their_file_grows(tmp_path: Path) -> None:
    script, signals = tmp_path / "watcher.lua", tmp_path / "signals.jsonl"
    script.write_text(WATCHER)
    config = f"""
[market_data]
symbols = ["BTCUSDT"]
signals_path = "{signals}"
[data_source]
type = "simulated"
[signal]
update_interval_ms = 100
[[strategies]]
name = "watcher"
script = "{script}"
"""
    stack = Stack(config)
    try:
        stack.start()
        stack.wait_ready()

        def lines() -> list[str]:
            (runner,) = stack.core("signal")["runners"]
            return [" ".join(line.split()) for line in runner["lines"]]

        append(signals, value=0.75, text="cheerful")
        wait_until(lambda: lines() == ["0.75 cheerful true"], "the first signal")
        append(signals, value=0.5, symbol="ETHUSDT", text="not ours")
        append(signals, value=-0.25, symbol="BTCUSDT", text="uneasy")
        wait_until(lambda: lines()[1:] == ["-0.25 uneasy true"], "the second signal")
    finally:
        stack.close()
