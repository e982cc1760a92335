"""A backtest that writes down each question: when it was asked, what the indicators said, what was answered."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, override

import msgspec
import numpy as np

from services.backtest.bars_table import BarTable
from services.backtest.checks.model import CheckError
from services.backtest.engine import run
from services.backtest.plan import Plan, Steps
from services.backtest.result import RunResult
from services.signal.core.host import (
    FUNCTION_NAMES,
    Function,
    MarketView,
    Outcome,
    PassingHost,
    StrategyHost,
)
from services.signal.core.indicator import IndicatorKey
from services.signal.core.indicators import REGISTRY, title_of
from services.signal.core.spec import RunnerSpec

_FIELDS = len(MarketView._fields)
_NS_PER_SECOND = 1e9
_NEAR_SECONDS = 1e-5
"""Twice the distance of two floats at the times of this century."""


class Asked(NamedTuple):
    """One question. market: the fields of `MarketView`. values: the outputs of all indicators, slot by slot."""

    market: tuple[float | None, ...]
    function: Function
    values: tuple[float | None, ...]
    answer: Any
    error: str

    @property
    def at(self) -> float:
        """Return the time of the question, seconds UTC."""
        at = self.market[0]
        assert at is not None, "every question has its time"
        return at

    @property
    def gist(self) -> str:
        """Return what was answered without its numbers: `nil`, `error`, an action, or that there was an answer."""
        if self.error:
            return "error"
        if self.answer is None:
            return "nil"
        action = self.answer.get("action") if isinstance(self.answer, dict) else None
        return str(action) if isinstance(action, str) else "answer"


Given = Mapping[float, Mapping[str, float | None]]
"""Values of indicators by their labels, by the time of the question."""


class Observed(NamedTuple):
    """A run. labels: the slots of the indicators as the strategy writes them, such as `macd(12, 26, 9).signal`."""

    table: BarTable
    asked: list[Asked]
    labels: list[str]
    result: RunResult

    def by_time(self) -> Given:
        """Return the values of the indicators at each question."""
        return {asked.at: dict(zip(self.labels, asked.values, strict=False)) for asked in self.asked}

    def rows(self) -> list[int]:
        """Return the row of each question's bar."""
        ends = self.table.end_ns / _NS_PER_SECOND
        times = np.array([asked.at for asked in self.asked])
        found: list[int] = np.searchsorted(ends, times - _NEAR_SECONDS).tolist()
        return found


class _Notebook(PassingHost):
    """A strategy's host with somebody who writes along; it is asked bar by bar.

    given: shown to the strategy instead of the values of this run, which are still what is written down.
    """

    def __init__(self, host: StrategyHost, spec: RunnerSpec, asked: list[Asked], labels: list[str]) -> None:
        self.given: Given = {}
        super().__init__(host)
        self._asked = asked
        self._labels = labels
        self._label(spec.strategy.indicators)

    @override
    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        market, values = tuple(arguments[:_FIELDS]), tuple(arguments[_FIELDS:])
        given = self.given.get(market[0] or 0.0)
        if given is not None:
            seen = [given.get(label, value) for label, value in zip(self._labels, values, strict=True)]
            arguments = [*market, *seen]
        outcome = super().evaluate(function, arguments)
        answer, error = (None, "") if outcome is None else (outcome.answer, outcome.error.text if outcome.error else "")
        self._asked.append(Asked(market, function, values, answer, error))
        if outcome is not None:
            self._label(outcome.wanted)
        return outcome

    def _label(self, keys: Sequence[IndicatorKey]) -> None:
        for key in keys:
            outputs = REGISTRY[key.name].OUTPUTS
            self._labels += (
                [title_of(key)] if len(outputs) == 1 else [f"{title_of(key)}.{output}" for output in outputs]
            )


Change = Callable[[BarTable], BarTable]
"""Makes another table of one."""


def alone(plan: Plan) -> Plan:
    """Return a plan whose strategy runs on its first table only; the others are there to be read."""
    first = plan.tables[0].symbol
    strategies = tuple(msgspec.structs.replace(strategy, symbols=(first,)) for strategy in plan.strategies)
    return replace(plan, strategies=strategies)


def observe(plan: Plan, change: Change, given: Given | None = None) -> Observed:
    """Run a plan of one strategy on tables changed alike; given: what its indicators seem to say."""
    tables = tuple(change(table) for table in plan.tables)
    asked: list[Asked] = []
    labels: list[str] = []

    def make_host(spec: RunnerSpec) -> StrategyHost:
        notebook = _Notebook(plan.make_host(spec), spec, asked, labels)
        notebook.given = given or {}
        return notebook

    one = replace(plan, tables=tuple(table for table in tables if len(table)), make_host=make_host, steps=Steps.BAR)
    return Observed(tables[0], asked, labels, run(one))


def observe_all(plan: Plan) -> Observed:
    """Run a plan on its own tables.

    Raises:
        CheckError: the run does not come to its end, nothing is ever asked, or the strategy is paused for its errors.
    """
    observed = observe(plan, lambda table: table)
    if not observed.result.is_complete:
        raise CheckError(f"expected a run to the end of the data, found: {observed.result.error}")
    if not observed.asked:
        warmup = plan.strategies[0].warmup
        raise CheckError(
            f"expected more than the {warmup} bars of the declared warm-up, found {len(plan.tables[0])} bars"
        )
    if all(asked.error for asked in observed.asked[-plan.limits.max_errors :]):
        raise CheckError(
            f"expected a strategy that goes on to the end of the data, it was paused: {observed.asked[-1].error}"
        )
    return observed


def line_of(plan: Plan, subject: str) -> int:
    """Return the line of a strategy's file that first names an indicator or defines a function; 0 if none does."""
    strategy = plan.strategies[0]
    if subject in FUNCTION_NAMES:
        return strategy.lines.get(subject, 0)
    name = subject.partition("(")[0]
    pattern = name if name.startswith("market_data.") else f"indicators.{name}"
    match = re.search(rf"\b{re.escape(pattern)}\b".encode(), strategy.source)
    return 0 if match is None else strategy.source.count(b"\n", 0, match.start()) + 1


def shown(value: Any) -> str:
    """Return a value or an answer as people read it."""
    if value is None:
        return "nil"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {shown(part)}" for key, part in sorted(value.items()))
        return f"{{ {inside} }}"
    return str(value)
