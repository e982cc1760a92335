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
