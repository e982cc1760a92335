"""The indicators there are, by name: one file each, found here by the name of its file."""

from services.signal.core.indicator import Indicator
from services.signal.core.indicators.atr import Atr
from services.signal.core.indicators.avg_volume import AvgVolume
from services.signal.core.indicators.bollinger import Bollinger
from services.signal.core.indicators.ema import Ema
from services.signal.core.indicators.highest import Highest
from services.signal.core.indicators.lowest import Lowest
from services.signal.core.indicators.macd import Macd
from services.signal.core.indicators.rsi import Rsi
from services.signal.core.indicators.sma import Sma
from services.signal.core.indicators.stddev import Stddev

REGISTRY: dict[str, type[Indicator]] = {
    "atr": Atr,
    "avg_volume": AvgVolume,
    "bollinger": Bollinger,
    "ema": Ema,
    "highest": Highest,
    "lowest": Lowest,
    "macd": Macd,
    "rsi": Rsi,
    "sma": Sma,
    "stddev": Stddev,
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
