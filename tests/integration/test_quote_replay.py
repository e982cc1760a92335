"""A recording of quotes alone trades: bars come from the mids, by the recorded times, whatever their unit."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from common.config.models import MarketDataSection
from common.messages import Bar, BarSource, Greeks, MarketStatus, Quote
from services.market_data.adapters.recordings import messages
from services.market_data.core.recorded import RecordedCore
from tests.integration.harness import PROJECT, Stack

T0_MS = 1_700_000_040_000
STEP_MS = 100
LINES = 3_000
LENGTH_MS = LINES * STEP_MS


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Return a random walk of five minutes; whole seconds are written in seconds, other times in milliseconds."""
    source, mid, lines = random.Random(11), 60_000.0, []
    for at_ms in range(T0_MS, T0_MS + LENGTH_MS, STEP_MS):
        mid *= 1.0 + source.gauss(0.0, 0.0003)
        bid = round(mid, 2)
        line: dict[str, Any] = {"timestamp": at_ms // 1_000 if at_ms % 1_000 == 0 else at_ms, "instrument": "BTCUSDT"}
        lines.append(json.dumps({**line, "best_bid": bid, "best_ask": round(bid + 1.0, 2), "delta": 0.6}))
    path = tmp_path / "quotes.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_the_core_builds_a_bar_a_second_from_the_lines(recording: Path) -> None:
    config = MarketDataSection(symbols=["BTCUSDT"], timeframes=["1s", "1m"], bar_source="quotes")
    core = RecordedCore(config, config.symbols)
    outputs = [each for given in messages(recording) for each in core.handle(given, given.received_ns)]
    bars = [each for each in outputs if isinstance(each, Bar)]
    assert len([each for each in outputs if isinstance(each, Quote)]) == LINES
    assert {each.delta for each in outputs if isinstance(each, Greeks)} == {0.6}
    assert [type(each) for each in outputs if not isinstance(each, Quote | Bar | Greeks)] == [MarketStatus]
    for timeframe, length_ms in (("1s", 1_000), ("1m", 60_000)):
        chosen = [bar for bar in bars if bar.timeframe == timeframe]
        assert [bar.start_ns // 1_000_000 for bar in chosen] == list(
            range(T0_MS, T0_MS + LENGTH_MS - length_ms, length_ms)
        )
        assert {(bar.trade_count, bar.volume, bar.source, bar.partial) for bar in chosen} == {
            (length_ms // STEP_MS, 0.0, BarSource.QUOTES, False)
        }


@pytest.mark.slow
def test_the_example_strategies_trade_a_replay_of_quotes(recording: Path) -> None:
    # At a pace, for at full speed the recording may be over before an intent meets its market.
    stack = Stack()
    addresses = [word for override in stack.overrides[1:] for word in ("--set", override)]
    command = [sys.executable, "-m", "orrery", "replay", "--file", str(recording), "--speed", "60", "--json"]
    try:
        done = subprocess.run(
            [*command, *addresses], cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False
        )
    finally:
        stack.close()
    assert done.returncode == 0, done.stderr
    assert "bars are built from quotes (market_data.bar_source=quotes)" in done.stderr.splitlines()[0]
    summary = json.loads(done.stdout)
    assert summary["ticks"] == LINES
    assert summary["bars"] > LENGTH_MS // 250 * 0.9
    assert summary["fills"] > 0
    assert summary["market"]["BTCUSDT"]["trades"] == 0
