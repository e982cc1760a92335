"""The indicators that strategies used, for the chart: their values come from the code that the strategies were told them by."""

import math
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from services.backtest.bars_table import BarTable, Floats, Integers
from services.backtest.history import whole_history
from services.backtest.plan import Plan
from services.backtest.result import RunResult
from services.signal.core.indicator import IndicatorKey, Value, make
from services.signal.core.indicators import REGISTRY

NAN = math.nan


def indicator_series(plan: Plan, result: RunResult) -> dict[str, dict[str, list[float]]]:
    """Return by symbol and name the values at the equity points; not-a-number before an indicator is warm.

    They are those that strategies were seen to use when they were loaded, each once for a symbol.
    """
    times = np.array([point.time_ns for point in result.equity], dtype=np.int64)
    if not len(times):
        return {}
    keys: dict[str, dict[IndicatorKey, None]] = {}
    for runner in plan.runners:
        keys.setdefault(runner.symbol, {}).update(dict.fromkeys(runner.strategy.indicators))
    tables = plan.fed
    with whole_history(tables):
        found = {table.symbol: _of_table(table, [*keys.get(table.symbol, {})], times) for table in tables}
    return {symbol: series for symbol, series in found.items() if series}


def _of_table(table: BarTable, keys: Sequence[IndicatorKey], times: Integers) -> dict[str, list[float]]:
    rows = np.searchsorted(table.end_ns, times, side="right") - 1
    series: dict[str, list[float]] = {}
    for key in keys:
        for name, column in _columns(table, key):
            series[name] = np.where(rows < 0, NAN, column[np.maximum(rows, 0)]).tolist()
    return series


def _columns(table: BarTable, key: IndicatorKey) -> Iterator[tuple[str, Floats]]:
    """Yield name and values of each output."""
    indicator = make(REGISTRY, key)
    update = indicator.update
    values = [update(*inputs) for inputs in zip(*(_input(table, name) for name in indicator.INPUTS), strict=False)]
    title = f"{key.name}({', '.join(f'{parameter:g}' for parameter in key.parameters)})"
    outputs = indicator.OUTPUTS
    for number, output in enumerate(outputs):
        name = title if len(outputs) == 1 else f"{title} {output}"
        yield name, np.array([_number(value, number) for value in values], dtype=np.float64)


def _input(table: BarTable, name: str) -> Iterator[Any]:
    if name == "symbol":
        return repeat(table.symbol)
    return iter(getattr(table, name).tolist())


def _number(value: Value, output: int) -> float:
    found = value[output] if isinstance(value, tuple) else value
    return NAN if found is None else found
