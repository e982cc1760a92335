"""Other futures: tables that are the same up to a row and something else behind it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from services.backtest.bars_table import PRICES, BarTable, Floats, Integers

FUTURE_BARS = 300
"""Bars of the other future, at most."""
SCALE = 1.37
_SEED = 20_260_101

Change = Callable[[BarTable], BarTable]


def reordered(table: BarTable, order: npt.NDArray[np.intp]) -> BarTable:
    """Return bars in another order, at the times of the old ones."""
    columns = [getattr(table, name)[order] for name in (*PRICES, "volume")]
    return BarTable(table.symbol, table.timeframe, table.start_ns[: len(order)], *columns)


def _reversed(table: BarTable) -> BarTable:
    return reordered(table, np.arange(len(table))[::-1])


def _shuffled(table: BarTable) -> BarTable:
    return reordered(table, np.random.default_rng(_SEED).permutation(len(table)))


def _scaled(table: BarTable) -> BarTable:
    return scaled(table, SCALE)


def _still(table: BarTable) -> BarTable:
    return reordered(table, np.zeros(len(table), dtype=np.intp))


CHANGES: dict[str, Change] = {
    "the bars behind it in reverse": _reversed,
    "the bars behind it at other prices": _scaled,
    "the bars behind it shuffled": _shuffled,
    "the same bar again and again behind it": _still,
}
"""What may be behind a bar instead of what is, by its name for people."""


def scaled(table: BarTable, factor: float) -> BarTable:
    """Return bars at `factor` times their prices."""
    return _priced(table, table.start_ns, [getattr(table, name) * factor for name in PRICES])


def shifted(table: BarTable, by_ns: int) -> BarTable:
    """Return the same bars at other times."""
    return _priced(table, table.start_ns + by_ns, [getattr(table, name) for name in PRICES])


def _priced(table: BarTable, start_ns: Integers, prices: list[Floats]) -> BarTable:
    open_, high, low, close = prices
    return BarTable(table.symbol, table.timeframe, start_ns, open_, high, low, close, table.volume)


def ended_by(table: BarTable, at_ns: int) -> int:
    """Return how many bars ended by a time."""
    return int(np.searchsorted(table.end_ns, at_ns, side="right"))


def with_future(table: BarTable, cut: int, change: Change) -> BarTable:
    """Return the bars up to and including row `cut`, and a changed future behind them."""
    return joined(table.rows(0, cut + 1), change(table.rows(cut + 1, cut + 1 + FUTURE_BARS)))


def extended(table: BarTable) -> BarTable:
    """Return a table with more bars behind its last: its own latest ones in reverse, so that no price jumps."""
    more = _reversed(table.rows(max(0, len(table) - FUTURE_BARS), len(table)))
    behind_ns = table.start_ns[-1] + table.length_ns * np.arange(1, len(more) + 1, dtype=np.int64)
    return joined(table, _priced(more, behind_ns, [getattr(more, name) for name in PRICES]))


def joined(table: BarTable, more: BarTable) -> BarTable:
    """Return one table of both."""
    columns = [np.concatenate([getattr(table, name), getattr(more, name)]) for name in ("start_ns", *PRICES, "volume")]
    return BarTable(table.symbol, table.timeframe, *columns)
