"""Indicators: one bar through ours beside TA-Lib's stream functions, and pandas-ta's on their windows."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from talib import stream

from benchmarks.figures import Figure, per_call_ns
from services.signal.core.indicator import IndicatorKey, make
from services.signal.core.indicators import REGISTRY
from services.signal.hosts import pandas_ta

BARS = 1_000
OURS = (("ema(20)", "ema", (20,)), ("rsi(14)", "rsi", (14,)), ("macd(12, 26, 9)", "macd", (12, 26, 9)))
NAMED = ("sma", "hma", "kama", "eri", "bbands", "macd", "ichimoku", "psar", "supertrend", "qqe")
"""Of pandas-ta's: from the cheapest to the dearest."""


def run() -> list[Figure]:
    """Measure one bar each, on a window of random prices where there is a window."""
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.001, BARS)))
    theirs: dict[str, Callable[[], Any]] = {
        "ema": lambda: stream.EMA(closes, 20),
        "rsi": lambda: stream.RSI(closes, 14),
        "macd": lambda: stream.MACD(closes, 12, 26, 9),
    }
    figures = []
    for title, name, parameters in OURS:
        update = make(REGISTRY, IndicatorKey(name, parameters)).update
        for close in closes.tolist():
            update(close)
        ours = _us(partial(update, 100.5), 20_000)
        peer = _us(theirs[name], 2_000)
        figures.append(Figure(f"{title}, one bar; TA-Lib's stream on {BARS} bars: {peer:.1f} us", ours, "us"))
    pandas_ta.install()
    figures += [_named(name, closes) for name in NAMED]
    return figures


def _named(name: str, closes: Any) -> Figure:
    entry = pandas_ta.catalogue()[name]
    indicator = make(
        REGISTRY, IndicatorKey(f"ta:{name}", tuple(int(o.default) if o.integer else o.default for o in entry.options))
    )
    row = [100.5] * len(entry.inputs)
    columns = [closes * (1.001 if field == "high" else 0.999 if field == "low" else 1.0) for field in entry.inputs]
    indicator.restore([*(column[-entry.bars :].tobytes() for column in columns), None])
    return Figure(f'ta("{name}"), one bar, a window of {entry.bars}', _us(lambda: indicator.update(*row), 3), "us")


def _us(call: Callable[[], Any], calls: int) -> float:
    return per_call_ns(call, repeats=5, calls=calls) / 1e3
