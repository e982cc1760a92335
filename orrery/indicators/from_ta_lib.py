"""How TA-Lib is asked for our indicators: its functions, parameters and order of outputs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from orrery.indicators.shapes import Column, Function, around, before
from services.backtest.bars_table import BarTable

SIMPLE: Any = 0
"""TA-Lib's number of the simple average."""


def ta_lib() -> Mapping[str, Function]:
    """Return TA-Lib's functions by our names."""
    import talib as t

    def donchian(b: BarTable, n: int) -> tuple[Column, ...]:
        upper, lower = t.MAX(b.high, n), t.MIN(b.low, n)
        return upper, (upper + lower) / 2, lower

    def adx(b: BarTable, n: int) -> tuple[Column, ...]:
        index = t.ADX(b.high, b.low, b.close, n)
        both = [f(b.high, b.low, b.close, n) for f in (t.PLUS_DI, t.MINUS_DI)]
        return (index, *(np.where(np.isnan(index), np.nan, line) for line in both))

    def keltner(b: BarTable, n: int, k: float, m: int) -> tuple[Column, ...]:
        return around(t.EMA(b.close, n), k * t.ATR(b.high, b.low, b.close, m))

    return {
        "keltner": keltner,
        "sma": lambda b, n: (t.SMA(b.close, n),),
        "ema": lambda b, n: (t.EMA(b.close, n),),
        "wma": lambda b, n: (t.WMA(b.close, n),),
        "rsi": lambda b, n: (t.RSI(b.close, n),),
        "macd": lambda b, fast, slow, signal: t.MACD(b.close, fast, slow, signal),
        "bollinger": lambda b, n, k: t.BBANDS(b.close, n, k, k),
        "stddev": lambda b, n: (t.STDDEV(b.close, n),),
        "atr": lambda b, n: (t.ATR(b.high, b.low, b.close, n),),
        "stochastic": lambda b, k, d, smooth: t.STOCH(b.high, b.low, b.close, k, smooth, SIMPLE, d, SIMPLE),
        "donchian": donchian,
        "highest": lambda b, n: (before(t.MAX(b.high, n)),),
        "lowest": lambda b, n: (before(t.MIN(b.low, n)),),
        "avg_volume": lambda b, n: (before(t.SMA(b.volume, n)),),
        "adx": adx,
        "obv": lambda b: (t.OBV(b.close, b.volume),),
        "cci": lambda b, n: (t.CCI(b.high, b.low, b.close, n),),
        "roc": lambda b, n: (t.ROC(b.close, n),),
    }
