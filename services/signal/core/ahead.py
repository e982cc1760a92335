"""Indicators computed ahead for the rows of a table, all at once, with the values that bar by bar would give.

How it works: each indicator goes over the columns to the last row, so its own state is that behind the last row. Who
wants the state at an earlier row gets it by going there once more, from the state before the first.
"""

from collections.abc import Sequence
from typing import Any

from services.signal.core.indicator import Indicator, Value, Vectorised
from services.signal.core.rows import BarRows

Column = Sequence[float | None]

_COLUMNS = {
    "open": "opens",
    "high": "highs",
    "low": "lows",
    "close": "closes",
    "volume": "volumes",
    "start_ns": "starts",
}


def update_many(indicator: Indicator, columns: Sequence[Sequence[float]]) -> Sequence[Value]:
    """Feed bars given as columns; return what `update` answers for each."""
    if isinstance(indicator, Vectorised):
        return indicator.update_many(*columns)
    return list(map(indicator.update, *columns))


def _feed(indicator: Indicator, rows: BarRows, first: int, behind: int) -> Sequence[Value]:
    part = slice(first - rows.first, behind - rows.first)
    return update_many(indicator, [getattr(rows, _COLUMNS[name])[part] for name in indicator.INPUTS])


def _slots(values: Sequence[Any], outputs: int) -> list[Column]:
    if outputs == 1:
        return [values]
    return [[None if value is None else value[output] for value in values] for output in range(outputs)]


class Ahead:
    """The outputs of indicators for rows `first` to `rows.behind`.

    reached: the row behind the latest that was shown. is_loaded: whether the host has the columns.
    """

    __slots__ = ("_indicators", "_states", "columns", "first", "is_loaded", "reached", "rows")

    def __init__(self, indicators: Sequence[Indicator], rows: BarRows, first: int) -> None:
        self.rows = rows
        self.first = self.reached = first
        self.is_loaded = False
        self.columns: list[Column] = []
        self._indicators = indicators
        self._states = [indicator.state() for indicator in indicators]
        for indicator in indicators:
            self.columns += _slots(_feed(indicator, rows, first, rows.behind), len(indicator.OUTPUTS))

    def market(self) -> list[Column]:
        """Return the columns of the market for the same rows, in the order in which hosts take them."""
        rows, at = self.rows, self.first - self.rows.first
        columns = (rows.ends, rows.opens, rows.highs, rows.lows, rows.closes, rows.volumes)
        return [column[at:] for column in columns] if at else list(columns)

    def show(self, row: int, slots: list[float | None], at: int) -> None:
        """Write the outputs at a row into slots, from slot `at` on."""
        number = row - self.first
        for slot, column in enumerate(self.columns, at):
            slots[slot] = column[number]
        self.reached = row + 1

    def go_back(self) -> None:
        """Put all indicators into the state behind the latest row that was shown."""
        if self.reached == self.rows.behind:
            return
        for indicator, state in zip(self._indicators, self._states, strict=True):
            indicator.restore(state)
            _feed(indicator, self.rows, self.first, self.reached)
