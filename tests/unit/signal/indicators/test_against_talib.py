"""Every indicator equals TA-Lib, or numpy where TA-Lib has none, within 1e-9: on random walks and on real bars."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from services.signal.core.indicator import IndicatorKey, make
from services.signal.core.indicators import REGISTRY

talib = pytest.importorskip("talib")

Columns = dict[str, npt.NDArray[np.float64]]
TOLERANCE = 1e-9


def random_walk(seed: int, bars: int = 3_000, start: float = 100.0) -> Columns:
    """Return bars of a geometric random walk."""
    generator = np.random.default_rng(seed)
    close = start * np.exp(np.cumsum(generator.normal(0.0, 0.01, bars)))
    high = close * (1 + generator.random(bars) * 0.01)
    low = close * (1 - generator.random(bars) * 0.01)
    return {"close": close, "high": high, "low": low, "volume": generator.random(bars) * 1e4}


def flat_walk() -> Columns:
    """Return bars that move by whole ticks and often stand still."""
    generator = np.random.default_rng(9)
    close = 50.0 + np.cumsum(generator.integers(-1, 2, 2_000) * (generator.random(2_000) < 0.3)).astype(float)
    return {"close": close, "high": close + 1.0, "low": close - 1.0, "volume": np.zeros(2_000)}


def real_minutes(shared_data: Path) -> Columns:
    """Return recorded one-minute bars of a BTC perpetual."""
    with gzip.open(shared_data / "history" / "btc_perp_1m_first_half.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))[:6_000]
    return {name: np.array([float(row[name]) for row in rows]) for name in ("close", "high", "low", "volume")}


def feather_bars(shared_data: Path, name: str) -> Columns:
    """Return recorded bars of a feather file."""
    feather = pytest.importorskip("pyarrow.feather")
    table = feather.read_table(shared_data / "history" / name)
    return {column: np.array(table[column], dtype=float) for column in ("close", "high", "low", "volume")}


def starts(columns: Columns) -> npt.NDArray[np.int64]:
    """Return the beginnings of as many bars of one hour, so that many days go by."""
    return np.arange(len(columns["close"]), dtype=np.int64) * 3_600_000_000_000


def streamed(name: str, parameters: tuple[float, ...], columns: Columns) -> npt.NDArray[np.float64]:
    """Return the outputs of the streaming form, one row an output, NaN before the first value."""
    indicator = make(REGISTRY, IndicatorKey(name, parameters))
    fields = {**columns, "start_ns": starts(columns)}
    inputs = [fields[field].tolist() for field in indicator.INPUTS]
    width = len(indicator.OUTPUTS)
    rows: list[Any] = []
    for row in zip(*inputs, strict=True):
        value = indicator.update(*row)
        rows.append((np.nan,) * width if value is None else value if isinstance(value, tuple) else (value,))
    return np.array(rows, dtype=float).T


def before(values: npt.NDArray[np.float64], period: int, reduce: Callable[..., Any]) -> npt.NDArray[np.float64]:
    """Return a reduction over the `period` values before each."""
    windows = np.lib.stride_tricks.sliding_window_view(values, period)[:-1]
    return np.concatenate([np.full(period, np.nan), reduce(windows, axis=1)])


def donchian(columns: Columns, period: int) -> list[npt.NDArray[np.float64]]:
    """Return the channel of the last `period` bars by TA-Lib's extremes."""
    upper, lower = talib.MAX(columns["high"], period), talib.MIN(columns["low"], period)
    return [upper, (upper + lower) / 2, lower]


def keltner(columns: Columns, period: int, multiplier: float, atr_period: int) -> list[npt.NDArray[np.float64]]:
    """Return the channel by TA-Lib's average and range."""
    middle, width = talib.EMA(columns["close"], period), multiplier * talib.ATR(*hlc(columns), atr_period)
    return [middle + width, np.where(np.isnan(width), np.nan, middle), middle - width]


def adx(columns: Columns, period: int) -> list[npt.NDArray[np.float64]]:
    """Return the index and its two directions, from where the index begins."""
    index = talib.ADX(*hlc(columns), period)
    directions = [talib.PLUS_DI(*hlc(columns), period), talib.MINUS_DI(*hlc(columns), period)]
    return [index, *(np.where(np.isnan(index), np.nan, line) for line in directions)]


def vwap(columns: Columns, period: int) -> npt.NDArray[np.float64]:
    """Return the average by adding up each window, or each day up to the bar, anew."""
    traded = sum(hlc(columns)) / 3 * columns["volume"]
    days = starts(columns) // 86_400_000_000_000
    firsts = np.searchsorted(days, days) if not period else np.arange(len(days)) - period + 1
    values = []
    for number, first in enumerate(firsts):
        weight = columns["volume"][max(first, 0) : number + 1].sum()
        known = first >= 0 and weight > 0
        values.append(traded[first : number + 1].sum() / weight if known else np.nan)
    return np.array(values)


def hlc(columns: Columns) -> tuple[npt.NDArray[np.float64], ...]:
    """Return high, low and close."""
    return columns["high"], columns["low"], columns["close"]


CASES: dict[str, tuple[str, tuple[float, ...], Callable[[Columns], Any]]] = {
    "sma(2)": ("sma", (2,), lambda c: talib.SMA(c["close"], 2)),
    "sma(50)": ("sma", (50,), lambda c: talib.SMA(c["close"], 50)),
    "wma(2)": ("wma", (2,), lambda c: talib.WMA(c["close"], 2)),
    "wma(30)": ("wma", (30,), lambda c: talib.WMA(c["close"], 30)),
    "roc(10)": ("roc", (10,), lambda c: talib.ROC(c["close"], 10)),
    "obv()": ("obv", (), lambda c: talib.OBV(c["close"], c["volume"])),
    "cci(20)": ("cci", (20,), lambda c: talib.CCI(*hlc(c), 20)),
    "stochastic(14, 3, 3)": ("stochastic", (14, 3, 3), lambda c: talib.STOCH(*hlc(c), 14, 3, 0, 3, 0)),
    "stochastic(5, 4, 1)": ("stochastic", (5, 4, 1), lambda c: talib.STOCH(*hlc(c), 5, 1, 0, 4, 0)),
    "vwap()": ("vwap", (0,), lambda c: vwap(c, 0)),
    "vwap(20)": ("vwap", (20,), lambda c: vwap(c, 20)),
    "adx(14)": ("adx", (14,), lambda c: adx(c, 14)),
    "adx(2)": ("adx", (2,), lambda c: adx(c, 2)),
    "donchian(20)": ("donchian", (20,), lambda c: donchian(c, 20)),
    "keltner(20, 2, 10)": ("keltner", (20, 2, 10), lambda c: keltner(c, 20, 2, 10)),
    "keltner(5, 1.5, 30)": ("keltner", (5, 1.5, 30), lambda c: keltner(c, 5, 1.5, 30)),
    "ema(10)": ("ema", (10,), lambda c: talib.EMA(c["close"], 10)),
    "ema(200)": ("ema", (200,), lambda c: talib.EMA(c["close"], 200)),
    "rsi(2)": ("rsi", (2,), lambda c: talib.RSI(c["close"], 2)),
    "rsi(14)": ("rsi", (14,), lambda c: talib.RSI(c["close"], 14)),
    "macd(12, 26, 9)": ("macd", (12, 26, 9), lambda c: talib.MACD(c["close"], 12, 26, 9)),
    "macd(5, 35, 5)": ("macd", (5, 35, 5), lambda c: talib.MACD(c["close"], 5, 35, 5)),
    "macd(26, 12, 9)": ("macd", (26, 12, 9), lambda c: talib.MACD(c["close"], 26, 12, 9)),
    "bollinger(20, 2)": ("bollinger", (20, 2), lambda c: talib.BBANDS(c["close"], 20, 2, 2, 0)),
    "bollinger(5, 1.5)": ("bollinger", (5, 1.5), lambda c: talib.BBANDS(c["close"], 5, 1.5, 1.5, 0)),
    "atr(14)": ("atr", (14,), lambda c: talib.ATR(c["high"], c["low"], c["close"], 14)),
    "stddev(30)": ("stddev", (30,), lambda c: rolling_deviation(c["close"], 30)),
    "highest(20)": ("highest", (20,), lambda c: before(c["high"], 20, np.max)),
    "lowest(20)": ("lowest", (20,), lambda c: before(c["low"], 20, np.min)),
    "avg_volume(20)": ("avg_volume", (20,), lambda c: before(c["volume"], 20, np.mean)),
}


def rolling_deviation(values: npt.NDArray[np.float64], period: int) -> npt.NDArray[np.float64]:
    """Return the population deviation by two passes over each window; TA-Lib's own loses digits."""
    windows = np.lib.stride_tricks.sliding_window_view(values, period)
    return np.concatenate([np.full(period - 1, np.nan), windows.std(axis=1)])


def assert_equal(case: str, columns: Columns) -> None:
    """Compare a case on some bars: the same bars without a value, and the values within the tolerance."""
    name, parameters, oracle = CASES[case]
    found, expected = streamed(name, parameters, columns), np.atleast_2d(np.array(oracle(columns)))
    assert (np.isnan(found) == np.isnan(expected)).all(), "seeding differs"
    # avg_volume's figures are millions: its tolerance is relative.
    np.testing.assert_allclose(found, expected, rtol=1e-12 if name == "avg_volume" else 0.0, atol=TOLERANCE)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_random_walk(case: str, seed: int) -> None:
    assert_equal(case, random_walk(seed))


@pytest.mark.parametrize("case", CASES)
def test_market_that_stands_still_often(case: str) -> None:
    name, _, _ = CASES[case]
    if name == "bollinger":
        pytest.skip("TA-Lib's bands lose digits where the price stands still; see the test against exact fractions")
    assert_equal(case, flat_walk())


@pytest.mark.parametrize("case", CASES)
def test_recorded_minutes(case: str, shared_data: Path) -> None:
    assert_equal(case, real_minutes(shared_data))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["xrp_eth_1m_201910.feather", "eth_btc_5m_201801.feather"])
def test_recorded_small_prices(case: str, name: str, shared_data: Path) -> None:
    assert_equal(case, feather_bars(shared_data, name))


def test_every_indicator_has_a_case() -> None:
    assert {name for name, _, _ in CASES.values()} == set(REGISTRY)
