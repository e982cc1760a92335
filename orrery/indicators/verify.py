"""Hold every indicator of ours against every other implementation there is, on the same bars."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import msgspec
import numpy as np

from orrery.indicators.backends import (
    NAMES,
    NATIVE,
    Backend,
    MissingBackendError,
    UnknownHereError,
    backend,
)
from orrery.indicators.conventions import SEEDED
from orrery.indicators.keys import TYPICAL_PERIOD
from orrery.indicators.shapes import Column
from services.backtest.bars_table import BarTable
from services.signal.core.indicator import IndicatorKey, checked
from services.signal.core.indicators import BUILT_IN, REGISTRY

SETTLED_PERIODS = 40
"""Bars after which the way a recurrence was seeded is forgotten, as a multiple of the indicator's longest period."""
AGREES = 1e-9
"""Largest difference, relative to the largest value of the series where that is above 1, that counts as equal."""


class Comparison(msgspec.Struct, frozen=True):
    """One indicator of ours against another implementation; differences are absolute, over all outputs.

    difference: the largest. settled: the largest once the seeding is forgotten; None where there are too few bars.
    first_value, first_value_there: bars before the first value, here and there. scale: the largest value of the series.
    missing: why there is no comparison.
    """

    indicator: str
    parameters: tuple[float, ...]
    backend: str
    bars: int = 0
    difference: float | None = None
    settled: float | None = None
    first_value: int | None = None
    first_value_there: int | None = None
    scale: float = 1.0
    missing: str = ""

    @property
    def title(self) -> str:
        """Return the indicator as a strategy writes it."""
        return IndicatorKey(self.indicator, self.parameters).title

    @property
    def verdict(self) -> str:
        """Return `equal`, `equal once settled`, `too few bars` to be that, `differs`, or why there is nothing to say."""
        if self.missing or self.difference is None:
            return self.missing or "no value in common"
        limit = AGREES * max(1.0, self.scale)
        if self.difference <= limit and self.first_value == self.first_value_there:
            return "equal"
        if self.settled is not None and self.settled <= limit:
            return "equal once settled"
        if self.settled is None and (self.indicator, self.backend) in SEEDED:
            return "too few bars"
        return "differs"


def typical(name: str) -> IndicatorKey:
    """Return an indicator with its defaults, and TYPICAL_PERIOD where it has none."""
    parameters = REGISTRY[name].PARAMETERS
    given = [TYPICAL_PERIOD if parameter.default is None else parameter.default for parameter in parameters]
    return IndicatorKey(name, checked(name, parameters, given))


def compare_all(table: BarTable, said: Callable[[str], None] = lambda _: None) -> list[Comparison]:
    """Compare every indicator with every implementation that is installed; `said` is told of those that are not."""
    with ExitStack() as stack:
        ours, others = stack.enter_context(backend(NATIVE)), {}
        for name in NAMES:
            if name != NATIVE:
                try:
                    others[name] = stack.enter_context(backend(name))
                except MissingBackendError as error:
                    said(str(error))
        return list(_comparisons(ours, others, table))


def _comparisons(ours: Backend, others: dict[str, Backend], table: BarTable) -> Iterator[Comparison]:
    for indicator in sorted(BUILT_IN):
        key = typical(indicator)
        here = ours(key, table)
        for name, other in others.items():
            try:
                yield compare(key, name, here, other(key, table))
            except UnknownHereError:
                yield Comparison(key.name, key.parameters, name, missing="does not have it")


def compare(key: IndicatorKey, name: str, here: dict[str, Column], there: dict[str, Column]) -> Comparison:
    """Compare the outputs of one indicator."""
    ours = np.column_stack(list(here.values()))
    theirs = np.column_stack([there[output] for output in here])
    gaps = np.abs(ours - theirs)
    settled = gaps[SETTLED_PERIODS * max((int(number) for number in key.parameters), default=0) :]
    return Comparison(
        key.name,
        key.parameters,
        name,
        bars=len(ours),
        difference=_largest(gaps),
        settled=_largest(settled),
        first_value=_first(ours),
        first_value_there=_first(theirs),
        scale=_largest(np.abs(ours)) or 0.0,
    )


def _largest(values: Column) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else None


def _first(values: Column) -> int | None:
    known = np.flatnonzero(~np.isnan(values).any(axis=1))
    return int(known[0]) if len(known) else None
