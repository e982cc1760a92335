"""`orrery indicators`: the list, one over a file, all against each other, and what cannot be asked."""

import gzip
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from orrery.__main__ import main
from orrery.indicators.backends import ROOT
from orrery.indicators.conventions import NOTES, SEEDED
from orrery.indicators.verify import Comparison, compare, typical
from services.signal.core.indicators import BUILT_IN, REGISTRY
from services.signal.hosts.ocaml import find_program
from services.signal.hosts.pandas_ta import catalogue

BARS = 1_200
"""More than 40 times the longest period: then seeds are forgotten."""


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    random = np.random.default_rng(7)
    closes = 100 * np.exp(np.cumsum(random.normal(0, 0.002, BARS)))
    rows = [
        f"{1_700_000_000 + 60 * i},{x:.4f},{x * 1.002:.4f},{x * 0.997:.4f},{x * 1.001:.4f},{random.random() * 9:.3f}"
        for i, x in enumerate(closes)
    ]
    path = tmp_path / "XYZ_1m.csv"
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["indicators", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_list_has_every_indicator(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--list")
    assert code == 0
    ours, theirs, refused, series = (part.splitlines()[1:] for part in out.split("\n\n"))
    assert [line.partition("(")[0].strip() for line in ours] == sorted(REGISTRY)
    offered = [entry for entry in catalogue().values() if not entry.refused]
    assert [line.split()[0] for line in theirs] == [f"ta:{entry.name}" for entry in offered]
    assert len(theirs) + len(refused) == len(catalogue())
    assert 'indicators.ema(20, "1h", "ETHUSDT")' in series[0]
    listed = json.loads(run(capsys, "--list", "--json")[1])
    assert listed["macd"]["outputs"] == ["macd", "signal", "histogram"]
    assert [parameter["name"] for parameter in listed["macd"]["parameters"]] == ["fast", "slow", "signal"]


def test_one_over_a_file(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("sma", "--param", "period=2", "--data", str(bars), "--symbol", "XYZ", "--json", "--last", str(BARS))
    code, out, err = run(capsys, *arguments)
    assert code == 0, err
    found = json.loads(out)
    closes = [float(line.split(",")[4]) for line in bars.read_text().splitlines()[1:]]
    assert found["outputs"]["sma"][0] is None
    assert found["outputs"]["sma"][1:] == pytest.approx([(a + b) / 2 for a, b in pairwise(closes)], abs=1e-9)


def test_one_of_the_library_over_a_file(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the window as strategies have it, and in one call over all: an average of few bars is the same."""
    arguments = ("ta:hma", "-p", "length=9", "-p", "mamode=sma", "--data", str(bars), "--symbol", "XYZ", "--last", "40")
    found = [
        json.loads(run(capsys, *arguments, "--json", "--backend", name)[1])["outputs"]
        for name in ("native", "pandas-ta")
    ]
    assert found[0]["HMA_10"] == pytest.approx(found[1]["HMA_10"], abs=1e-9)
    shown = run(capsys, *arguments)[1].splitlines()
    assert shown[0] == 'ta("hma", {length = 9, mamode = "sma"}) by native, XYZ 1m, the last 40 of 1200 bars'
    assert len(shown) == 42


def test_it_tells_about_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "ta:macd")
    assert code == 0
    assert "returns  MACD_12_26_9, MACDh_12_26_9, MACDs_12_26_9" in out.splitlines()
    assert 'in Lua   indicators.ta("macd", {fast = 12, slow = 26, signal = 9})' in out
    assert "  period         an integer from 1 to 100000" in run(capsys, "ema")[1]
    assert json.loads(run(capsys, "ta:hma", "--json")[1])["ta:hma"]["inputs"] == ["close"]


def test_all_implementations_agree(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--verify", "--data", str(bars), "--symbol", "XYZ", "--json")
    assert code == 0, err
    found = {(row["indicator"], row["backend"]): row for row in json.loads(out)}
    assert all(row["verdict"] in ("equal", "equal once settled", "does not have it") for row in found.values())
    assert found["ema", "ta-lib"]["verdict"] == "equal"
    seeded = {name for (name, backend), row in found.items() if backend == "pandas-ta" and row["verdict"] != "equal"}
    assert {(name, "pandas-ta") for name in seeded} == SEEDED <= set(NOTES)
    missing = {pair for pair, row in found.items() if row["verdict"] == "does not have it"}
    assert missing == {("vwap", "ta-lib")}
    if find_program(ROOT) is None:
        assert "ocaml-indicators: expected the program, found none" in err
    else:
        assert all(found[name, "ocaml"]["verdict"] == "equal" for name in REGISTRY)


def test_few_bars_are_no_difference(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What begins otherwise cannot be judged on them; all else can."""
    bars.write_text("".join(bars.read_text().splitlines(keepends=True)[:300]))
    code, out, err = run(capsys, "--verify", "--data", str(bars), "--symbol", "XYZ", "--json")
    assert code == 0, err
    verdicts = {(row["indicator"], row["backend"]): row["verdict"] for row in json.loads(out)}
    assert {pair for pair, verdict in verdicts.items() if verdict == "too few bars"} == SEEDED
    assert f"{'rsi(14)':<22}" in run(capsys, "--verify", "--data", str(bars))[1]


PLUG_IN = """INPUTS = ("close",)


def warmup(params):
    return 1


def compute(columns, params):
    return columns["close"] * 2
"""


def test_a_plug_in_is_computed_and_nobody_else_has_it(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "twice_close.py").write_text(PLUG_IN)
    given = ("--indicator", str(tmp_path / "twice_close.py"), "--data", str(bars))
    code, out, err = run(capsys, "twice_close", *given, "--json", "--last", "1")
    assert code == 0, err
    assert json.loads(out)["outputs"]["twice_close"] == [2 * float(bars.read_text().splitlines()[-1].split(",")[4])]
    if find_program(ROOT) is not None:
        assert "ocaml does not have twice_close" in run(capsys, "twice_close", *given, "--backend", "ocaml")[2]
    names = {row["indicator"] for row in json.loads(run(capsys, "--verify", *given, "--json")[1])}
    assert names == set(BUILT_IN)


def test_a_period_that_is_not_told_is_20(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "ema", "--data", str(bars), "--json")
    assert code == 0, err
    assert json.loads(out)["parameters"] == [20]
    assert run(capsys, "ema", "-p", "period=20", "--data", str(bars), "--json")[1] == out


def test_a_difference_is_found() -> None:
    key = typical("sma")
    ours = np.array([np.nan, 1.0, 2.0])
    same = compare(key, "other", {"sma": ours}, {"sma": ours + 1e-12})
    assert (same.verdict, same.first_value) == ("equal", 1)
    assert compare(key, "other", {"sma": ours}, {"sma": ours + 1e-6}).verdict == "differs"
    later = compare(key, "other", {"sma": ours}, {"sma": np.array([np.nan, np.nan, 2.0])})
    assert (later.verdict, later.first_value_there) == ("differs", 2)
    assert Comparison("sma", (20,), "other", missing="does not have it").verdict == "does not have it"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "expected --list, or NAME, or NAME --data FILE"),
        (
            ("emma", "--data", "{bars}"),
            "emma: expected an indicator, one of `orrery indicators --list`; did you mean ema",
        ),
        (("RSI",), "RSI: expected an indicator, one of `orrery indicators --list`; did you mean rsi"),
        (("hma",), "hma: expected an indicator, one of `orrery indicators --list`; did you mean ta:hma"),
        (("ta:zigzag",), "ta:zigzag: refused: it looks ahead"),
        (("ta:hma", "-p", "mamode=x", "--data", "{bars}"), "--param mamode=x: expected one of ema, sma, wma, found x"),
        (
            ("ta:hma", "-p", "length=0", "--data", "{bars}"),
            "ta:hma: length: expected an integer from 1 to 1000, found 0",
        ),
        (("ta:hma", "--backend", "ta-lib", "--data", "{bars}"), "ta-lib does not have ta:hma"),
        (("ema", "-p", "period=0", "--data", "{bars}"), "ema: period: expected an integer from 1 to 100000, found 0"),
        (("ema", "-p", "period=x", "--data", "{bars}"), "--param period=x: expected a number, found x"),
        (("ema", "-p", "length=2", "--data", "{bars}"), "--param length=2: expected NAME=VALUE once for period"),
        (("rsi", "--backend", "magic", "--data", "{bars}"), "--backend magic: expected one of native, ocaml"),
        (("rsi", "--data", "nothing.csv"), "nothing.csv"),
    ],
)
def test_what_cannot_be_asked(
    arguments: tuple[str, ...], expected: str, bars: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [argument.replace("{bars}", str(bars)) for argument in arguments]
    code, _, err = run(capsys, *given, "--symbol", "XYZ")
    assert code == 2
    assert expected in err


RECORDING = ROOT / "tests/fixtures/binance/btcusdt_20240808_ws.jsonl.gz"


def test_over_raw_frames_of_a_venue(capsys: pytest.CaptureFixture[str]) -> None:
    """Bars are of the trades, of the length that is asked for."""
    code, out, err = run(capsys, "avg_volume", "-p", "period=1", "-d", str(RECORDING), "--timeframe", "1s", "--json")
    assert code == 0, err
    lines = gzip.decompress(RECORDING.read_bytes()).splitlines()
    frames = [json.loads(json.loads(line)["frame"])["data"] for line in lines]
    seconds: dict[int, float] = {}
    for trade in frames:
        if trade.get("e") == "trade":
            second = trade["T"] // 1000
            seconds[second] = seconds.get(second, 0.0) + float(trade["q"])
    sums = list(seconds.values())
    found = json.loads(out)
    assert found["bars"] == len(sums)
    assert found["outputs"]["avg_volume"][-5:] == pytest.approx(sums[-6:-1], abs=1e-9)


def test_over_quotes_and_other_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "YES_quotes.csv"
    rows = [f"{1_700_000_000 + 30 * i},{0.40 + i / 100:.2f},{0.42 + i / 100:.2f}" for i in range(9)]
    path.write_text("\n".join(["when,best_bid,best_ask", *rows]))
    code, out, err = run(
        capsys, "sma", "-p", "period=2", "-d", str(path), "--map", "time=when", "--json", "--last", "1"
    )
    assert code == 0, err
    assert json.loads(out)["outputs"]["sma"] == pytest.approx([(0.48 + 0.49) / 2])
