"""The order of a run: (time, phase, table), whatever the number of symbols and the lengths of their bars."""

from collections.abc import Iterator, Sequence
from enum import IntEnum

import numpy as np

from services.backtest.bars_table import BarTable

CHUNK = 65_536
"""Steps taken out of the arrays at a time."""


class Phase(IntEnum):
    """What happens to a bar; the numbers are the order at one moment: what ends comes before what begins."""

    CLOSE = 0
    BAR = 1
    OPEN = 2
    FIRST = 3
    SECOND = 4


def schedule(tables: Sequence[BarTable]) -> Iterator[tuple[int, int, int]]:
    """Yield (phase, table, row) for every bar of all tables, in order of time, phase and table."""
    times, phases, numbers, rows = [], [], [], []
    for number, table in enumerate(tables):
        length = table.length_ns
        moments = (
            (Phase.OPEN, 0), (Phase.FIRST, length // 4), (Phase.SECOND, length // 2), (Phase.CLOSE, length),
            (Phase.BAR, length),
        )  # fmt: skip
        for phase, offset in moments:
            times.append(table.start_ns + offset)
            phases.append(np.full(len(table), int(phase), dtype=np.int8))
            numbers.append(np.full(len(table), number, dtype=np.int32))
            rows.append(np.arange(len(table), dtype=np.int64))
    phase_of, table_of, row_of = np.concatenate(phases), np.concatenate(numbers), np.concatenate(rows)
    order = np.lexsort((table_of, phase_of, np.concatenate(times)))
    for first in range(0, len(order), CHUNK):
        part = order[first : first + CHUNK]
        yield from zip(phase_of[part].tolist(), table_of[part].tolist(), row_of[part].tolist(), strict=True)
