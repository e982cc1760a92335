"""The whole stack on real Binance recordings, served by the stand-in venue: no gap, no crossed book, trades done."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from common.routes import MARKET_DATA, SIGNAL
from tests.integration.harness import PROJECT, Stack, is_through, wait_until

HB = "binance/com/hb_20240808_btcusdt_ws.jsonl.gz"
CF = "binance/com/cf_20210404_btc_eth_dot_ws.jsonl.gz"
US = "binance/us/cf_20210405_ws.jsonl.gz"


@contextmanager
def served(recording: Path, speed: float) -> Iterator[tuple[dict[str, Any], IO[bytes]]]:
    """Serve a recording in a process of its own; yield what it printed when it was ready, and where it prints."""
    arguments = [sys.executable, "-m", "orrery", "stand-in", "binance", "--recording", str(recording), "--port", "0"]
    with subprocess.Popen([*arguments, "--speed", str(speed)], cwd=PROJECT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline()), process.stdout
        finally:
            process.terminate()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recording", "speed", "bars"),
    [(HB, 20.0, 300), (CF, 5.0, 60), (US, 6.0, 60)],
    ids=["hb-2024", "cf-2021", "us-2021"],
)
def test_a_recording_trades_through_all_processes(shared_data: Path, recording: str, speed: float, bars: int) -> None:
    with served(shared_data / recording, speed) as (venue, printed):
        symbols = venue["symbols"]
        config = (
            f'[data_source]\ntype = "binance"\n[market_data]\nwebsocket_url = "{venue["ws_url"]}"\n'
            f"symbols = {json.dumps(symbols)}\n[risk]\nmax_open_positions = 50\n"
            "[execution]\nslippage_bps = 0\n"
        )
        stack = Stack(config)
        try:
            stack.start("signal", "risk_manager", "execution")
            wait_until(lambda: all(stack.ask(name) for name in ("signal", "risk_manager", "execution")), "three answer")
            stack.start(MARKET_DATA)
            stack.wait_ready(SIGNAL)
            assert select.select([printed], [], [], 200.0)[0], "the recording's end"
            assert json.loads(printed.readline())["finished"]
            wait_until(lambda: is_through(stack.audit()), "order flow at rest")
            core = stack.core(MARKET_DATA)
            for symbol, market in core["symbols"].items():
                assert (market["gaps"], market["crossed"], market["book_ticker_mismatches"]) == (0, 0, 0), symbol
                assert market["book_synced"], symbol
            assert max(market["bars"] for market in core["symbols"].values()) >= bars
            if recording is HB:
                assert core["symbols"]["BTCUSDT"]["book_ticker_checks"] > 100
            assert stack.audit().fills > 0
        finally:
            stack.close()
