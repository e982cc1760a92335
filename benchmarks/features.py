"""Features: one vector of all of them per closed bar, of those that a usual model takes, and over columns."""

from math import sin

from benchmarks.figures import Figure, per_call_ns
from services.signal.core.features.catalogue import FEATURES, expanded
from services.signal.core.features.engine import FeatureColumns, FeatureEngine
from services.signal.core.features.feature import FeatureBar

BARS = 2_000


def run() -> list[Figure]:
    """Measure the engine on a wave."""
    bars = [_bar(number) for number in range(BARS)]
    figures = [_streaming(f"vector of all {len(FEATURES)} features, one bar", tuple(FEATURES), bars)]
    figures.append(
        _streaming("vector of rsi, macd, bb, volume, one bar", expanded(["rsi", "macd", "bb", "volume"]), bars)
    )
    opens, highs, lows, closes, volumes, ends, imbalances = zip(*bars, strict=True)
    columns = FeatureColumns(opens, highs, lows, closes, volumes, ends, imbalances)
    many_ns = per_call_ns(lambda: FeatureEngine(tuple(FEATURES)).update_many(columns), repeats=5, calls=2)
    figures.append(Figure("vector of all features over columns, a bar", many_ns / BARS / 1e3, "us", "", ""))
    return figures


def _streaming(name: str, names: tuple[str, ...], bars: list[FeatureBar]) -> Figure:
    engine = FeatureEngine(names)
    for bar in bars[:100]:
        engine.update(bar)
    bar_ns = per_call_ns(lambda: engine.update(bars[100]), repeats=8, calls=2_000)
    return Figure(name, bar_ns / 1e3, "us", "< 10 ms", "<= 100 us")


def _bar(number: int) -> FeatureBar:
    close = 100.0 + 5.0 * sin(number / 17.0)
    return FeatureBar(close, close + 1.0, close - 1.0, close, 10.0, number * 60_000_000_000, 0.1)
