"""The indicators there are, by name: one file each, found here by the name of its file."""

from services.signal.core.indicator import Indicator
from services.signal.core.indicators.adx import Adx
from services.signal.core.indicators.atr import Atr
from services.signal.core.indicators.avg_volume import AvgVolume
from services.signal.core.indicators.bollinger import Bollinger
from services.signal.core.indicators.cci import Cci
from services.signal.core.indicators.donchian import Donchian
from services.signal.core.indicators.ema import Ema
from services.signal.core.indicators.highest import Highest
from services.signal.core.indicators.keltner import Keltner
from services.signal.core.indicators.lowest import Lowest
from services.signal.core.indicators.macd import Macd
from services.signal.core.indicators.obv import Obv
from services.signal.core.indicators.roc import Roc
from services.signal.core.indicators.rsi import Rsi
from services.signal.core.indicators.sma import Sma
from services.signal.core.indicators.stddev import Stddev
from services.signal.core.indicators.stochastic import Stochastic
from services.signal.core.indicators.vwap import Vwap
from services.signal.core.indicators.wma import Wma

REGISTRY: dict[str, type[Indicator]] = {
    "adx": Adx,
    "atr": Atr,
    "avg_volume": AvgVolume,
    "bollinger": Bollinger,
    "cci": Cci,
    "donchian": Donchian,
    "ema": Ema,
    "highest": Highest,
    "keltner": Keltner,
    "lowest": Lowest,
    "macd": Macd,
    "obv": Obv,
    "roc": Roc,
    "rsi": Rsi,
    "sma": Sma,
    "stddev": Stddev,
    "stochastic": Stochastic,
    "vwap": Vwap,
    "wma": Wma,
}
"""Indicator name to class; a test compares it with the folder."""

BUILT_IN = frozenset(REGISTRY)


def register(name: str, kind: type[Indicator]) -> None:
    """Add a plug-in indicator, in place of one of its name; ValueError where that one is built in."""
    if name in BUILT_IN:
        raise ValueError(f"{name}: expected a name that no built-in indicator has")
    REGISTRY[name] = kind


def unregister(name: str) -> None:
    """Take a plug-in indicator away."""
    assert name not in BUILT_IN, f"{name} is built in"
    REGISTRY.pop(name, None)
