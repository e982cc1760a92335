"""From the options of `orrery check` to a plan of one strategy on one table, with others that it reads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from common.config.models import Config
from orrery.backtesting.inputs import make_plan
from orrery.backtesting.options import Options
from orrery.errors import CommandLineError
from orrery.options import install_indicators
from services.backtest.plan import Plan, PlanError

DEFAULT_BARS = 5_000
"""Bars that are checked, the latest of the file, if nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What was typed after `orrery check lookahead` or `warmup`. loaded: the configuration, if one was asked for."""

    strategy: Path
    data: Sequence[Path]
    symbols: Sequence[str]
    params: Sequence[str]
    indicators: Sequence[Path]
    mapping: Sequence[str]
    bars: int
    loaded: Config | None = None


def plan_of(inputs: Inputs) -> Plan:
    """Return what is to be run.

    Raises:
        CommandLineError: a file or an option cannot be used.
    """
    install_indicators(inputs.indicators)
    options = Options(
        strategies=[inputs.strategy], data=inputs.data, symbols=inputs.symbols, start="",
        end="", cash="100000" if inputs.loaded is None else "", fee="0.001", slippage="0", params=inputs.params,
        loaded=inputs.loaded, mapping=inputs.mapping,
    )  # fmt: skip
    plan = make_plan(options)
    table, *others = plan.tables
    traded = table.rows(max(0, len(table) - inputs.bars), len(table))
    first_ns, end_ns = int(traded.start_ns[0]), int(traded.end_ns[-1])
    read = (other.rows(*np.searchsorted(other.end_ns, (first_ns + 1, end_ns + 1)).tolist()) for other in others)
    try:
        return replace(plan, tables=(traded, *read))
    except PlanError as error:
        raise CommandLineError(f"check: {error}") from error
