"""What a strategy's file says of the series that it reads beside its own, and where, for errors about them."""

import re
from collections.abc import Sequence

from services.signal.core.indicator import IndicatorKey
from services.signal.core.spec import RunnerSpec, SeriesKey, StrategySpec


def symbols_read(spec: StrategySpec) -> list[str]:
    """Return the symbols that a strategy names in what it reads, each once."""
    named = [symbol for symbol, _ in spec.series] + [key.symbol for key in spec.indicators]
    return [symbol for symbol in dict.fromkeys(named) if symbol]


def symbols_named(spec: StrategySpec, traded: Sequence[str]) -> list[tuple[str, str]]:
    """Return the symbols that a strategy needs market data of, those it trades first, each behind the place that names it."""
    found = [(f"{spec.script}: strategy.symbols", symbol) for symbol in traded]
    if spec.greeks:
        found.append((f"{spec.script}: strategy.greeks", spec.greeks))
    return found + [(where_read(spec, symbol), symbol) for symbol in symbols_read(spec)]


def where_read(spec: StrategySpec, word: str) -> str:
    """Return file, line and words of the place where a strategy reads a symbol or timeframe."""
    key = next((key for key in spec.indicators if word in (key.symbol, key.timeframe)), None)
    what = "strategy.series" if key is None else f"indicators.{key.title}"
    return f"{spec.script}{_line(spec, word, key)}: {what}"


def where_series(spec: RunnerSpec, key: SeriesKey) -> str:
    """Return file, line and words of the place where a runner's strategy reads a series."""
    strategy = spec.strategy
    indicator = next((each for each in strategy.indicators if spec.series_of(each) == key), None)
    if indicator is not None:
        return where_read(strategy, indicator.symbol or indicator.timeframe)
    wish = next(
        (each for each in strategy.series if spec.series_of(IndicatorKey("", (), each[1], each[0])) == key), None
    )
    if wish is not None:
        return where_read(strategy, wish[0] or wish[1])
    return where_read(strategy, key[1] if key[0] == spec.symbol else key[0])


def _line(spec: StrategySpec, word: str, key: IndicatorKey | None) -> str:
    texts = [rf"[\"']{re.escape(word)}[\"']"]
    if key is not None:
        texts.append(rf"\bindicators\.{re.escape(key.name)}\b")
    for text in texts:
        match = re.search(text.encode(), spec.source)
        if match is not None:
            return f":{spec.source.count(b'\n', 0, match.start()) + 1}"
    return ""
