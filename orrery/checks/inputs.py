"""From the options of `orrery check` to a plan of one strategy on one table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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
    data: Path
    symbol: str
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
        strategies=[inputs.strategy], data=[inputs.data], symbols=[inputs.symbol] if inputs.symbol else [], start="",
        end="", cash="100000" if inputs.loaded is None else "", fee="0.001", slippage="0", params=inputs.params,
        loaded=inputs.loaded, mapping=inputs.mapping,
    )  # fmt: skip
    plan = make_plan(options)
    table = plan.tables[0]
    try:
        return replace(plan, tables=(table.rows(max(0, len(table) - inputs.bars), len(table)),))
    except PlanError as error:
        raise CommandLineError(f"check: {error}") from error
