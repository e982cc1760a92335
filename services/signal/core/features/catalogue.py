"""The features there are, by name, and the groups that a configuration may name in their place."""

from collections.abc import Iterable
from math import cos, pi, sin
from typing import Any

from services.signal.core.features.feature import Feature, FeatureBar, UnknownFeatureError
from services.signal.core.features.volatility import Volatility
from services.signal.core.indicator import Indicator, IndicatorKey
from services.signal.core.indicators.atr import Atr
from services.signal.core.indicators.avg_volume import AvgVolume
from services.signal.core.indicators.bollinger import Bollinger
from services.signal.core.indicators.macd import Macd
from services.signal.core.indicators.roc import Roc
from services.signal.core.indicators.rsi import Rsi

KINDS: dict[str, type[Indicator]] = {
    "atr": Atr, "avg_volume": AvgVolume, "bollinger": Bollinger, "macd": Macd, "roc": Roc, "rsi": Rsi,
    "volatility": Volatility,
}  # fmt: skip
"""What features are computed from; fixed, so that a plug-in cannot change what a model was trained on."""

NS_PER_DAY = 86_400_000_000_000
DAYS_TO_MONDAY = 3
"""1970-01-01 was a Thursday."""

_RSI, _MACD, _BANDS = (
    IndicatorKey("rsi", (14,)),
    IndicatorKey("macd", (12, 26, 9)),
    IndicatorKey("bollinger", (20, 2.0)),
)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _band_position(bands: Any, bar: FeatureBar) -> float:
    upper, _, lower = bands
    return (bar.close - lower) / (upper - lower) if upper > lower else 0.5


def _day(bar: FeatureBar) -> float:
    return 2.0 * pi * (bar.end_ns % NS_PER_DAY) / NS_PER_DAY


def _week(bar: FeatureBar) -> float:
    return 2.0 * pi * ((bar.end_ns // NS_PER_DAY + DAYS_TO_MONDAY) % 7) / 7.0


def _rate(bars: int) -> Feature:
    text = f"change of the close over {bars} bar{'s' if bars > 1 else ''}, a fraction"
    return Feature(f"return_{bars}", text, IndicatorKey("roc", (bars,)), lambda roc, _: roc / 100.0)


_ALL = (
    Feature("rsi", "RSI(14), 0 to 1", _RSI, lambda rsi, _: rsi / 100.0),
    Feature("macd", "MACD(12, 26, 9) over the close", _MACD, lambda lines, bar: _ratio(lines[0], bar.close)),
    Feature("macd_signal", "its signal line over the close", _MACD, lambda lines, bar: _ratio(lines[1], bar.close)),
    Feature("macd_histogram", "its histogram over the close", _MACD, lambda lines, bar: _ratio(lines[2], bar.close)),
    Feature("bb_position", "place of the close between the Bollinger bands (20, 2): 0 the lower, 1 the upper", _BANDS,
            _band_position),
    Feature("bb_width", "distance of the bands over their middle", _BANDS,
            lambda bands, _: _ratio(bands[0] - bands[2], bands[1])),
    Feature("atr", "ATR(14) over the close", IndicatorKey("atr", (14,)), lambda atr, bar: _ratio(atr, bar.close)),
    Feature("volume_ratio", "volume over the average of the 20 bars before", IndicatorKey("avg_volume", (20,)),
            lambda average, bar: _ratio(bar.volume, average)),
    _rate(1), _rate(5), _rate(20),
    Feature("volatility", "standard deviation of the last 20 returns", IndicatorKey("volatility", (20,)),
            lambda value, _: value),
    Feature("range", "high minus low over the close", None, lambda _, bar: _ratio(bar.high - bar.low, bar.close)),
    Feature("bar_imbalance", "place of the close in its bar: -1 the low, 1 the high", None,
            lambda _, bar: _ratio(2.0 * bar.close - bar.high - bar.low, bar.high - bar.low)),
    Feature("quote_imbalance", "bid size minus ask size over their sum, of the latest quote; 0 without one", None,
            lambda _, bar: bar.imbalance),
    Feature("day_sin", "sine of the time of day, UTC", None, lambda _, bar: sin(_day(bar))),
    Feature("day_cos", "cosine of the time of day, UTC", None, lambda _, bar: cos(_day(bar))),
    Feature("week_sin", "sine of the day of the week, from Monday", None, lambda _, bar: sin(_week(bar))),
    Feature("week_cos", "cosine of the day of the week", None, lambda _, bar: cos(_week(bar))),
)  # fmt: skip

FEATURES: dict[str, Feature] = {feature.name: feature for feature in _ALL}
"""Feature name to feature."""

GROUPS: dict[str, tuple[str, ...]] = {
    "rsi": ("rsi",),
    "macd": ("macd", "macd_signal", "macd_histogram"),
    "bb": ("bb_position", "bb_width"),
    "volume": ("volume_ratio",),
    "returns": ("return_1", "return_5", "return_20"),
    "imbalance": ("bar_imbalance", "quote_imbalance"),
    "time": ("day_sin", "day_cos", "week_sin", "week_cos"),
}
"""What `signal.features` may name beside single features."""


def expanded(names: Iterable[str]) -> tuple[str, ...]:
    """Return the features that a list of features and groups stands for, each once, in its order.

    Raises:
        UnknownFeatureError: a name is neither.
    """
    found: dict[str, None] = {}
    for name in names:
        members = GROUPS.get(name) or ((name,) if name in FEATURES else ())
        if not members:
            known = ", ".join(sorted({*FEATURES, *GROUPS}))
            raise UnknownFeatureError(f"expected features of {known}; found {name}")
        found.update(dict.fromkeys(members))
    return tuple(found)
