"""The indicators that strategies used, for the chart: their values come from the code that the strategies were told them by."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np

from common.messages import AnyMessage, Bar
from services.backtest.bars_table import PRICES, BarTable, Floats, Integers
from services.backtest.event_plan import EventPlan
from services.backtest.history import whole_history
from services.backtest.longer_bars import longer
from services.backtest.plan import Plan
from services.backtest.result import RunResult
from services.signal.core.indicator import IndicatorKey, Value, make
from services.signal.core.indicators import REGISTRY, title_of
from services.signal.core.plugins import without_history
from services.signal.core.spec import RunnerSpec

NAN = math.nan
MAX_BARS: Final = 1_000_000
"""Bars of a run on events that are kept for the chart; later ones are not drawn."""

type Series = dict[str, dict[str, list[float]]]
"""By symbol and name the values at the equity points; not-a-number before an indicator is warm."""


class BarTap:
    """Keeps the bars among events that go by."""

    def __init__(self) -> None:
        self.bars: list[Bar] = []

    def watch(self, events: Iterable[tuple[int, AnyMessage]]) -> Iterator[tuple[int, AnyMessage]]:
        """Yield the events as they are."""
        bars = self.bars
        for event in events:
            message = event[1]
            if isinstance(message, Bar) and not message.partial and len(bars) < MAX_BARS:
                bars.append(message)
            yield event


class _Columns(NamedTuple):
    """Bars of one symbol and timeframe: their ends, and what indicators take of them."""

    end_ns: Integers
    inputs: Mapping[str, Iterable[Any]]


def indicator_series(plan: Plan, result: RunResult) -> Series:
    """Return the indicators that strategies were seen to use when they were loaded, each once for a symbol."""
    ended = {table.symbol: table.between(None, plan.end_ns) for table in plan.tables}
    tables = [*plan.fed, *(longer(ended[symbol], timeframe) for symbol, timeframe in plan.longer)]
    columns = {(table.symbol, table.timeframe): _of_table(table) for table in tables}
    with whole_history(plan.fed):
        return _series(plan.runners, columns, result)


def event_indicator_series(plan: EventPlan, bars: Sequence[Bar], result: RunResult) -> Series:
    """Return the same for a run on events, from the bars that strategies heard."""
    found: dict[tuple[str, str], list[Bar]] = {}
    for bar in bars:
        series = found.setdefault((bar.symbol, bar.timeframe), [])
        if not series or bar.start_ns > series[-1].start_ns:
            series.append(bar)
    columns = {key: _of_bars(series) for key, series in found.items()}
    return _series(plan.runners, columns, result)


def _of_table(table: BarTable) -> _Columns:
    inputs = {name: getattr(table, name).tolist() for name in ("start_ns", "end_ns", *PRICES, "volume")}
    return _Columns(table.end_ns, {**inputs, "symbol": repeat(table.symbol)})


def _of_bars(bars: Sequence[Bar]) -> _Columns:
    inputs = {
        name: [getattr(bar, name) for bar in bars] for name in ("symbol", "start_ns", "end_ns", *PRICES, "volume")
    }
    return _Columns(np.array([bar.end_ns for bar in bars], dtype=np.int64), inputs)


def _series(runners: Sequence[RunnerSpec], columns: Mapping[tuple[str, str], _Columns], result: RunResult) -> Series:
    times = np.array([point.time_ns for point in result.equity], dtype=np.int64)
    lengths = {symbol: {runner.timeframe for runner in runners if runner.symbol == symbol} for symbol in result.closes}
    series: Series = {}
    for runner in runners:
        drawn = series.setdefault(runner.symbol, {})
        suffix = f" {runner.timeframe}" if len(lengths.get(runner.symbol, ())) > 1 else ""
        for key in runner.indicators:
            title, bars = title_of(key) + suffix, columns.get(runner.series_of(key))
            if bars is None or not len(times) or any(name.startswith(title) for name in drawn):
                continue
            rows = np.searchsorted(bars.end_ns, times, side="right") - 1
            for name, column in _outputs(bars, key, title):
                drawn[name] = np.where(rows < 0, NAN, column[np.maximum(rows, 0)]).tolist()
    return {symbol: drawn for symbol, drawn in series.items() if drawn}


def _outputs(bars: _Columns, key: IndicatorKey, title: str) -> Iterator[tuple[str, Floats]]:
    """Yield name and values of each output."""
    with nullcontext() if key.is_own else without_history():
        indicator = make(REGISTRY, key)
    update = indicator.update
    values = [update(*inputs) for inputs in zip(*(bars.inputs[name] for name in indicator.INPUTS), strict=False)]
    outputs = indicator.OUTPUTS
    for number, output in enumerate(outputs):
        name = title if len(outputs) == 1 else f"{title} {output}"
        yield name, np.array([_number(value, number) for value in values], dtype=np.float64)


def _number(value: Value, output: int) -> float:
    found = value[output] if isinstance(value, tuple) else value
    return NAN if found is None else found
