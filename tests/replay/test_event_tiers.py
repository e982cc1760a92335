"""Backtests on every kind of recording beside the project: each tier runs whole."""

import json
from pathlib import Path

import pytest

from orrery.__main__ import main

EMA = "strategies/ema_crossover.lua"

FILES = [
    ("binance/com/hb_20240808_btcusdt_ws.jsonl.gz", "1s", "depth", ()),
    ("binance/com/cf_20210404_btc_eth_dot_ws.jsonl.gz", "1s", "depth", ()),
    ("binance/com/cf_20210814_ws.jsonl.gz", "1s", "depth", ("XMRBTC", "SXPBTC", "BADGERBTC")),
    ("binance/us/cf_20210405_ws.jsonl.gz", "1s", "depth", ("BTCUSD", "SOLUSD", "DOGEUSD")),
    ("history/xrp_eth_trades_201910.parquet", "5m", "trades", ()),
    ("history/btc_perp_1m_first_half.csv.gz", "15m", "bars", ()),
    ("history/eth_btc_5m_201801.feather", "1h", "bars", ()),
    ("history_lean/crypto/binance/hour/btcusdt_trade.zip", "1h", "bars", ()),
    ("history_lean/crypto/coinbase/daily/btcusd_quote.zip", "1d", "quotes", ()),
    ("stocks_lean/equity/usa/daily/ibm.zip", "1w", "bars", ()),
    ("stocks_lean/equity/usa/minute/aapl/20140606_trade.zip", "5m", "bars", ()),
    ("stocks_lean/equity/usa/minute/spy/20131009_quote.zip", "1m", "quotes", ()),
    ("mbo/esh4_20231225_first_half.mbo.csv.gz", "1m", "orders", ()),
]


@pytest.mark.parametrize("row", FILES, ids=[row[0] for row in FILES])
def test_a_recording_runs_on_its_tier(
    shared_data: Path,
    project_root: Path,
    capsys: pytest.CaptureFixture[str],
    row: tuple[str, str, str, tuple[str, ...]],
) -> None:
    name, timeframe, tier, symbols = row
    path = shared_data / name
    if not path.is_file():
        pytest.skip(f"no {name} beside the project")
    wanted = [argument for symbol in symbols for argument in ("--symbol", symbol)]
    arguments = ["backtest", "-s", str(project_root / EMA), "-d", str(path), "--timeframe", timeframe, *wanted]
    assert main([*arguments, "--json"]) == 0, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    assert (found["tier"], found["error"], found["is_complete"]) == (tier, "", True)
    assert found["bars"] > 5
    assert tier == "bars" or found["events"] > 400


def test_two_recordings_that_follow_each_other_are_one(
    shared_data: Path, project_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [shared_data / "binance" / "com" / f"hb_{day}_btcusdt_ws.jsonl.gz" for day in ("20240808", "20240809")]
    if not all(path.is_file() for path in paths):
        pytest.skip("no two recordings of BTCUSDT beside the project")
    files = [argument for path in paths for argument in ("-d", str(path))]
    assert (
        main(["backtest", "-s", str(project_root / EMA), *files, "--timeframe", "5s", "--latency", "10", "--json"]) == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["tier"], found["is_complete"]) == ("depth", True)
    assert found["bars"] >= 125
    assert [data["rows"] for data in found["provenance"]] == [41_250, 58_325]
