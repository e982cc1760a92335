"""A plug-in computed over a file in a child process, so that one that hangs or dies is named and ends nothing else."""

from collections.abc import Mapping
from math import inf

import msgspec
import numpy as np

from common.config.signal import SignalSection
from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.indicators.backends import Backend
from orrery.indicators.shapes import Column
from services.backtest.bars_table import BarTable
from services.signal.core.indicator import IndicatorKey
from services.signal.core.indicators import REGISTRY, register
from services.signal.core.plugins import PluginFailedError
from services.signal.hosts.trial_notes import NOTES, noted
from services.signal.trying import bounds_of, try_all


class _Computed(msgspec.Struct):
    error: str = ""
    columns: dict[str, bytes] = {}


def computed(compute: Backend, key: IndicatorKey, table: BarTable) -> Mapping[str, Column]:
    """Return the outputs of a plug-in over all bars; one call of it may take as long as the running stack allows.

    Raises:
        CommandLineError: it failed, hung, ended its process or wanted too much memory.
    """

    def attempt() -> bytes:
        register(key.name, noted(key.name, key.name, REGISTRY[key.name], NOTES.get()))
        try:
            columns = {name: np.asarray(column).tobytes() for name, column in compute(key, table).items()}
        except PluginFailedError as error:
            return msgspec.msgpack.encode(_Computed(str(error)))
        return msgspec.msgpack.encode(_Computed(columns=columns))

    bounds = bounds_of(SignalSection())._replace(cpu_s=inf, wall_s=inf)
    (outcome,) = try_all([attempt], (), bounds).outcomes
    if outcome.lost:
        raise CommandLineError(f"{table.symbol} {table.timeframe}: {outcome.lost}", EXIT_FAILED)
    found = msgspec.msgpack.decode(outcome.told, type=_Computed)
    if found.error:
        raise CommandLineError(found.error, EXIT_FAILED)
    return {name: np.frombuffer(data, dtype=np.float64) for name, data in found.columns.items()}
