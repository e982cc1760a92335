"""The whole history of a run, for plug-in indicators that compute over all of it at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from services.backtest.bars_table import BarTable
from services.signal.core.plugins import FIELDS, HISTORY, Columns


class TableHistory:
    """Tables of bars, by symbol; implements `services.signal.core.plugins.History`."""

    def __init__(self, tables: Sequence[BarTable]) -> None:
        self._tables = {table.symbol: table for table in tables}
        self._latest = dict.fromkeys(self._tables, -1)

    def columns(self, symbol: str) -> Columns:
        """Return the columns of a symbol."""
        table = self._tables[symbol]
        return {name: getattr(table, name) for name in FIELDS}

    def row(self, symbol: str, start_ns: int) -> int:
        """Return the row of a bar; bars are mostly asked for one after the other."""
        starts, row = self._tables[symbol].start_ns, self._latest[symbol] + 1
        if row >= len(starts) or starts[row] != start_ns:
            row = int(np.searchsorted(starts, start_ns))
        self._latest[symbol] = row
        return row


@contextmanager
def whole_history(tables: Sequence[BarTable]) -> Iterator[None]:
    """Let plug-in indicators that are made meanwhile see all of these bars."""
    token = HISTORY.set(TableHistory(tables))
    try:
        yield
    finally:
        HISTORY.reset(token)
