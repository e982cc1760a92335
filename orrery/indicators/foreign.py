"""How other libraries are asked for our indicators: their functions, parameters and order of outputs.

Conventions that differ are met by parameters where a library has them (population deviation, Wilder's average); what is
left is explained in `docs/indicators.md`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from services.backtest.bars_table import BarTable

SIMPLE: Any = 0
"""TA-Lib's number of the simple average."""

Column = npt.NDArray[np.float64]
Function = Callable[..., tuple[Column, ...]]
"""Called with the table and the parameters, by position; returns our outputs in our order."""


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

    return {
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
        "highest": lambda b, n: (_before(t.MAX(b.high, n)),),
        "lowest": lambda b, n: (_before(t.MIN(b.low, n)),),
        "avg_volume": lambda b, n: (_before(t.SMA(b.volume, n)),),
        "adx": adx,
        "obv": lambda b: (t.OBV(b.close, b.volume),),
        "cci": lambda b, n: (t.CCI(b.high, b.low, b.close, n),),
        "roc": lambda b, n: (t.ROC(b.close, n),),
    }


def pandas_ta() -> Mapping[str, Function]:
    """Return pandas-ta's functions by our names, without its detour through TA-Lib."""
    import pandas as pd
    import pandas_ta as p

    def series(column: Column) -> Any:
        return pd.Series(column)

    def hlc(b: BarTable) -> tuple[Any, Any, Any]:
        return series(b.high), series(b.low), series(b.close)

    def plain(found: Any, *order: int) -> tuple[Column, ...]:
        if not order:
            return (found.to_numpy(dtype=np.float64),)
        return tuple(found.iloc[:, i].to_numpy(dtype=np.float64) for i in order)

    own = {"talib": False}
    return {
        "sma": lambda b, n: plain(p.sma(series(b.close), n, **own)),
        "ema": lambda b, n: plain(p.ema(series(b.close), n, **own)),
        "wma": lambda b, n: plain(p.wma(series(b.close), n, **own)),
        "rsi": lambda b, n: plain(p.rsi(series(b.close), n, **own)),
        "macd": lambda b, fast, slow, signal: plain(p.macd(series(b.close), fast, slow, signal, **own), 0, 2, 1),
        "bollinger": lambda b, n, k: plain(_bands(p, series(b.close), n, k), 2, 1, 0),
        "stddev": lambda b, n: plain(p.stdev(series(b.close), n, ddof=0, **own)),
        "atr": lambda b, n: plain(p.atr(*hlc(b), n, mamode="rma", **own)),
        "stochastic": lambda b, k, d, smooth: plain(p.stoch(*hlc(b), k, d, smooth, **own), 0, 1),
        "donchian": lambda b, n: plain(p.donchian(series(b.high), series(b.low), n, n), 2, 1, 0),
        "adx": lambda b, n: plain(p.adx(*hlc(b), n, **own), 0, 2, 3),
        "obv": lambda b: plain(p.obv(series(b.close), series(b.volume), **own)),
        "cci": lambda b, n: plain(p.cci(*hlc(b), n, **own)),
        "roc": lambda b, n: plain(p.roc(series(b.close), n, **own)),
    }


def _bands(library: Any, closes: Any, period: int, deviations: float) -> Any:
    return library.bbands(closes, period, lower_std=deviations, upper_std=deviations, ddof=0, talib=False)


def _before(column: Column) -> Column:
    return np.concatenate(([np.nan], column[:-1]))
