"""How pandas-ta is asked for our indicators, without its detour through TA-Lib."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from pandas import DatetimeIndex, Series

from orrery.indicators.shapes import Column, Function, around, before
from services.backtest.bars_table import BarTable
from services.signal.core.indicator import IndicatorKey
from services.signal.hosts.pandas_ta import Entry, call, library

FLAT = 1e-13
"""Mean deviation, as a part of the price, that is nothing but rounding."""


def plain(found: Any, *order: int) -> tuple[Column, ...]:
    """Return a series, or columns of a frame in this order, as arrays."""
    if not order:
        return (found.to_numpy(dtype=np.float64),)
    return tuple(found.iloc[:, i].to_numpy(dtype=np.float64) for i in order)


def hlc(b: BarTable, index: Any = None) -> tuple[Any, Any, Any]:
    """Return high, low and close as series."""
    return Series(b.high, index), Series(b.low, index), Series(b.close, index)


def of_close(name: str, **named: Any) -> Function:
    """Return a function of the close and a period."""
    return lambda b, n: plain(getattr(library(), name)(Series(b.close), n, **named))


def bollinger(b: BarTable, n: int, k: float) -> tuple[Column, ...]:
    """Return the bands, with the deviation over n."""
    return plain(library().bbands(Series(b.close), n, lower_std=k, upper_std=k, ddof=0), 2, 1, 0)


def macd(b: BarTable, fast: int, slow: int, signal: int) -> tuple[Column, ...]:
    """Return the lines in our order."""
    return plain(library().macd(Series(b.close), fast, slow, signal), 0, 2, 1)


def atr(b: BarTable, n: int) -> tuple[Column, ...]:
    """Return Wilder's average of the ranges."""
    return plain(library().atr(*hlc(b), n, mamode="rma"))


def adx(b: BarTable, n: int) -> tuple[Column, ...]:
    """Return the index and both directions."""
    return plain(library().adx(*hlc(b), n), 0, 2, 3)


def stochastic(b: BarTable, k: int, d: int, smooth: int) -> tuple[Column, ...]:
    """Return both lines."""
    return plain(library().stoch(*hlc(b), k, d, smooth), 0, 1)


def donchian(b: BarTable, n: int) -> tuple[Column, ...]:
    """Return the channel from its upper side down."""
    return plain(library().donchian(Series(b.high), Series(b.low), n, n), 2, 1, 0)


def keltner(b: BarTable, n: int, k: float, m: int) -> tuple[Column, ...]:
    """Return the bands, put together from average and range."""
    (middle,), (reach,) = of_close("ema")(b, n), atr(b, m)
    return around(middle, k * reach)


def cci(b: BarTable, n: int) -> tuple[Column, ...]:
    """Return the index, put together from typical price, mean and mean deviation; 0 where nothing deviates."""
    p = library()
    typical = p.hlc3(*hlc(b))
    deviation = p.mad(typical, n)
    found = (typical - p.sma(typical, n)) / (0.015 * deviation)
    return plain(found.where(deviation > FLAT * typical, deviation * 0.0))


def obv(b: BarTable) -> tuple[Column, ...]:
    """Return the sums, from the first bar's volume on."""
    (found,) = plain(library().obv(Series(b.close), Series(b.volume)))
    return (np.concatenate((b.volume[:1], found[1:] + b.volume[0])),)


def vwap(b: BarTable, n: int) -> tuple[Column, ...]:
    """Return the mean price since midnight, or of the last n bars."""
    p = library()
    if n > 0:
        return plain(p.vwma(p.hlc3(*hlc(b)), Series(b.volume), n))
    index = DatetimeIndex(b.start_ns)
    return plain(p.vwap(*hlc(b, index), Series(b.volume, index), anchor="D"))


def shifted(function: Callable[[BarTable, int], npt.NDArray[np.float64]]) -> Function:
    """Return a function one bar late."""
    return lambda b, n: (before(function(b, n)),)


FUNCTIONS: dict[str, Function] = {
    "sma": of_close("sma"),
    "ema": of_close("ema"),
    "wma": of_close("wma"),
    "rsi": of_close("rsi"),
    "roc": of_close("roc"),
    "stddev": of_close("stdev", ddof=0),
    "macd": macd,
    "bollinger": bollinger,
    "atr": atr,
    "adx": adx,
    "stochastic": stochastic,
    "donchian": donchian,
    "highest": shifted(lambda b, n: donchian(b, n)[0]),
    "lowest": shifted(lambda b, n: donchian(b, n)[2]),
    "avg_volume": shifted(lambda b, n: plain(library().sma(Series(b.volume), n))[0]),
    "keltner": keltner,
    "cci": cci,
    "obv": obv,
    "vwap": vwap,
}
"""By our names."""


def whole(entry: Entry, key: IndicatorKey, table: BarTable) -> dict[str, Column]:
    """Return the outputs of an indicator of the library's own, computed in one call over all bars."""
    series = {name: Series(getattr(table, name)) for name in entry.inputs}
    named = {option.name: option.given(value) for option, value in zip(entry.options, key.parameters, strict=True)}
    found = call(entry, series, named)
    if found is None:
        return {name: np.full(len(table), np.nan) for name in entry.outputs}
    columns = found.to_numpy(dtype=np.float64).reshape(len(table), -1).T
    return dict(zip(entry.outputs, columns, strict=True))
