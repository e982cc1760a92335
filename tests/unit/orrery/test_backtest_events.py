"""`orrery backtest` on trades, quotes, recordings and catalogues, as typed."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from orrery.__main__ import main

START_S = 1_700_000_040
EMA = str(Path("strategies") / "ema_crossover.lua")
RECORDING = Path("tests") / "fixtures" / "binance" / "btcusdt_20240808_ws.jsonl.gz"
ONCE = """
strategy = { name = "once", analyzing_timeout = 0 }
function detect_opportunity(market_data, context, indicators)
  context.bars = (context.bars or 0) + 1
  if context.bars == 3 then return { signal = "now" } end
end
function filter_commitment(market_data, context, indicators) return { action = "enter_long", quantity = 2 } end
function manage_position(market_data, context, indicators)
  context.managed = (context.managed or 0) + 1
  if context.managed == 2 then return { action = "exit" } end
end
"""


@pytest.fixture
def once(tmp_path: Path) -> str:
    path = tmp_path / "once.lua"
    path.write_text(ONCE)
    return str(path)


def trades(tmp_path: Path, seconds: int = 600, name: str = "BTCUSDT_trades.csv") -> Path:
    """Write a trade a second; its price is 100 and a cent more each second."""
    path = tmp_path / name
    rows = [
        f"{(START_S + n) * 1000},{100 + n / 100:.2f},{1 + n % 3},{'sell' if n % 2 else 'buy'}" for n in range(seconds)
    ]
    path.write_text("\n".join(["timestamp,price,size,side", *rows, ""]))
    return path


def bars(path: Path, count: int = 100) -> Path:
    rows = [f"{START_S - START_S % 300 + 60 * n},{100 + n},{102 + n},{99 + n},{101 + n},1" for n in range(count)]
    text = "\n".join(["timestamp,open,high,low,close,volume", *rows, ""])
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = main(["backtest", *arguments, "--json"])
    told = capsys.readouterr()
    assert code == 0, told.err
    found: dict[str, Any] = json.loads(told.out)
    return found


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["backtest", *arguments]) != 0
    return capsys.readouterr().err


def test_a_file_of_trades_is_run_trade_by_trade(tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "-s", once, "-d", str(trades(tmp_path)), "--fee", "0")
    assert (found["tier"], found["fills"]) == ("trades", 2)
    assert found["settings"]["fills"] == "trades"
    assert found["provenance"][0]["rows"] == 600
    assert found["events"] >= 600


def test_half_the_spread_is_paid_on_each_side(tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(trades(tmp_path))
    free = run(capsys, "-s", once, "-d", path, "--fee", "0")
    paid = run(capsys, "-s", once, "-d", path, "--fee", "0", "--spread", "0.02")
    assert free["slippage_paid"] == 0
    assert paid["slippage_paid"] == pytest.approx(0.01 * free["turnover"], rel=1e-6)
    assert paid["final_equity"] == pytest.approx(free["final_equity"] - paid["slippage_paid"], rel=1e-9)


def test_the_same_trades_as_bars_if_that_is_asked_for(
    tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(capsys, "-s", once, "-d", str(trades(tmp_path)), "--tier", "bars", "--timeframe", "30s")
    assert (found["tier"], found["bars"], found["provenance"][0]["timeframe"]) == ("bars", 20, "30s")


def test_a_file_of_quotes_fills_at_the_touch(tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "BTCUSDT_quotes.csv"
    rows = [f"{(START_S + n) * 1000},{99 + n},{2},{101 + n},{2}" for n in range(20)]
    path.write_text("\n".join(["timestamp,bid,bid_size,ask,ask_size", *rows, ""]))
    found = run(capsys, "-s", once, "-d", str(path), "--timeframe", "1s", "--fee", "0")
    assert (found["tier"], found["fills"], found["settings"]["fills"]) == ("quotes", 2, "touch")
    assert found["final_equity"] < 100_000 + 2 * 20


@pytest.mark.parametrize(("tier", "model"), [("quotes", "touch"), ("trades", "trades"), ("depth", "queue")])
def test_a_recording_shows_as_much_as_is_asked_for(
    project_root: Path, tier: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(project_root / RECORDING)
    found = run(
        capsys, "-s", str(project_root / EMA), "-d", path, "--timeframe", "1s", "--tier", tier, "--latency", "5"
    )
    assert (found["tier"], found["settings"]["fills"]) == (tier, model)
    assert found["settings"]["latency"] == "5 ms there, 0 ms back"
    assert found["bars"] > 5
    assert found["is_complete"]


@pytest.mark.parametrize(
    ("asked", "tier", "model"),
    [
        (("--set", "execution.slippage_bps=0"), "quotes", "touch"),
        (("--set", "execution.fill_model=depth"), "depth", "depth"),
        (("--fill-model", "touch"), "quotes", "touch"),
        (("--set", "execution.slippage_bps=0", "--tier", "depth"), "depth", "queue"),
    ],
)
def test_the_tier_that_is_named_is_the_one_that_fills_look_at(
    project_root: Path, asked: tuple[str, ...], tier: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(project_root / RECORDING)
    found = run(capsys, "-s", str(project_root / EMA), "-d", path, "--timeframe", "1s", *asked)
    assert (found["tier"], found["settings"]["fills"]) == (tier, model)


def test_a_tier_that_the_data_do_not_show_is_refused(
    tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(trades(tmp_path))
    assert "--tier depth: expected data that show it, found trades" in refused(
        capsys, "-s", once, "-d", path, "--tier", "depth"
    )
    plain = str(bars(tmp_path / "a.csv"))
    assert "--tier trades" in refused(capsys, "-s", once, "-d", plain, "--tier", "trades")
    assert "--latency: needs recorded" in refused(capsys, "-s", once, "-d", plain, "--latency", "3")
    assert "expected events as in the other files" in refused(capsys, "-s", once, "-d", plain, "-d", path)


def test_longer_bars_are_made_of_whole_ones_only(tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = bars(tmp_path / "btcusdt.csv", 103)
    found = run(capsys, "-s", once, "-d", str(path), "--timeframe", "5m")
    assert (found["bars"], found["provenance"][0]["rows"], found["provenance"][0]["timeframe"]) == (20, 20, "5m")
    assert any("3 bars at the edges left out" in note for note in found["provenance"][0]["notes"])
    assert "multiple of 1m" in refused(capsys, "-s", once, "-d", str(path), "--timeframe", "90s")


def test_a_symbol_is_found_in_the_catalogue(tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "history"
    (folder / "binance").mkdir(parents=True)
    bars(folder / "binance" / "BTCUSDT_1m.csv.gz")
    where = ("--catalogue", str(folder))
    found = run(capsys, "-s", once, "--symbol", "btc-usdt", *where)
    assert (found["bars"], found["provenance"][0]["file"]) == (100, "BTCUSDT_1m.csv.gz")
    longer = run(capsys, "-s", once, "--symbol", "BTCUSDT", "--timeframe", "10m", *where)
    assert longer["bars"] == 10
    assert main(["data", "list", str(folder)]) == 0
    assert "BTCUSDT" in capsys.readouterr().out
    assert main(["data", "list", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["kind"] == "1m"


def test_a_symbol_that_is_nowhere_is_told_with_what_is_there(
    tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, "-s", once, "--symbol", "ETHUSDT", "--catalogue", str(tmp_path / "none"))
    assert "none: expected ETHUSDT, named <symbol>_<timeframe>" in told
    assert "found no such folder" in told
    bars(tmp_path / "BTCUSDT_1m.csv")
    told = refused(capsys, "-s", once, "--symbol", "ETHUSDT", "--catalogue", str(tmp_path))
    assert "found BTCUSDT_1m.csv" in told
    assert main(["data", "list", str(tmp_path / "none")]) == 1


def test_only_so_many_bars_warm_up(tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(bars(tmp_path / "btcusdt.csv"))
    start = ("--start", "2023-11-14T23:00:00")
    cold = run(capsys, "-s", once, "-d", path, *start, "--warmup", "0")
    warm = run(capsys, "-s", once, "-d", path, *start)
    assert cold["bars"] == warm["bars"]


def test_two_symbols_of_trades_share_one_account(tmp_path: Path, once: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = trades(tmp_path), trades(tmp_path, name="ETHUSDT_trades.csv")
    found = run(capsys, "-s", once, "-d", str(first), "-d", str(second))
    assert (found["fills"], [data["symbol"] for data in found["provenance"]]) == (4, ["BTCUSDT", "ETHUSDT"])


@pytest.mark.parametrize(
    ("row", "expected"),
    [("1700000041000,-5,1,buy", "a price above 0"), ("1699996400000,100,1,buy", "no earlier than in the row before")],
)
def test_a_bad_row_is_named_or_dropped(
    tmp_path: Path, once: str, row: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = trades(tmp_path, 300)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], row, *lines[3:], ""]))
    told = refused(capsys, "-s", once, "-d", str(path))
    assert f"{path.name}:4: " in told
    assert expected in told
    found = run(capsys, "-s", once, "-d", str(path), "--on-bad", "drop")
    assert any("dropped" in note or "sorted" in note for note in found["provenance"][0]["notes"])
