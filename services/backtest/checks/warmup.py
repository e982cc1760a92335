"""Does a strategy remember where its data began? Runs that begin later must come to see and answer the same.

How it works: every entry is refused in these runs, so the strategy is asked flat at each bar, and a position that one run
holds and another does not is no difference. The run on all data is compared with runs that begin some bars
later. Right after the start they may differ: averages are still settling. From SETTLE times the declared warm-up on they
may not: indicators agree to a tolerance, and decisions are equal. So that decisions are not blamed for what indicators
do, a run that begins later shows the strategy the indicators of the run on all data. Decisions are a function and its
action; their numbers are not compared.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest

import msgspec
import numpy as np

from services.backtest.bars_table import Floats
from services.backtest.checks.model import CheckError, Finding, Kind, Report, Warmth
from services.backtest.checks.observing import Observed, alone, line_of, observe, observe_all, shown
from services.backtest.plan import Plan
from services.signal.core.host import FUNCTION_NAMES

SETTLE = 5
"""Times the declared warm-up after which nothing may depend on the start."""
SETTLE_MIN = 100
"""The same for short warm-ups, bars."""
COMPARED_MIN = 100
"""Least bars that are compared, for each start."""
LATER = (1, 2, 3, 7, 59, 113)
"""Bars by which runs begin later; some more are spread over the data."""
AGREED = 1e-6
"""Values that agree to this part of their range are the same."""
DEFAULT_TOLERANCE = 1.0
"""Percent of its range by which a settled indicator may depend on the start."""
_NOTHING = Decimal(1).scaleb(-18)


def check_warmup(plan: Plan, *, tolerance: float = DEFAULT_TOLERANCE) -> Report:
    """Return what depends on the start of the data. The plan has one strategy; it runs on the first table and may read the others.

    tolerance: percent of an indicator's range.

    Raises:
        CheckError: the strategy does not run on this data, or there are too few bars.
    """
    flat = alone(_flat(plan))
    reference = _Flat(observe_all(flat))
    search = _Search(flat, reference, tolerance)
    for later in search.starts():
        search.compare(later)
    return search.report()


def _flat(plan: Plan) -> Plan:
    """Return the plan with an account that refuses every entry."""
    refusing = {"max_position_size": _NOTHING, "max_notional_exposure": _NOTHING}
    return replace(plan, risk=plan.risk.model_copy(update=refusing))


class _Flat:
    """A run by rows. values: row by slot, NaN where there is none. gists: what was answered, by row."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        bars, slots = len(observed.table), len(observed.labels)
        self.values: Floats = np.full((bars, slots), np.nan)
        self.gists: list[tuple[str, ...]] = [()] * bars
        for row, asked in zip(observed.rows(), observed.asked, strict=True):
            known = [np.nan if value is None else value for value in asked.values]
            self.values[row, : len(known)] = known
            self.gists[row] = (*self.gists[row], f"{FUNCTION_NAMES[asked.function]}: {asked.gist}")
        self.first = observed.rows()[0]


class _Search:
    def __init__(self, plan: Plan, reference: _Flat, tolerance: float) -> None:
        self._plan = plan
        self._reference = reference
        self._tolerance = tolerance
        self._declared = plan.strategies[0].warmup
        self._labels = reference.observed.labels
        values = reference.values
        self._firsts = [_first_value(values[:, slot]) for slot in range(len(self._labels))]
        longest = max([self._declared, *(first for first in self._firsts if first is not None)])
        self._settled = max(SETTLE * longest, SETTLE_MIN)
        self._bars = len(values)
        self._ranges = [_range(values[:, slot]) for slot in range(len(self._labels))]
        self._needed: list[int | None] = [None] * len(self._labels)
        self._not_in = [0] * len(self._labels)
        self._at_first = [0.0] * len(self._labels)
        self._same_first = [True] * len(self._labels)
        self._decided = 0
        self._findings: dict[str, Finding] = {}
        self._given = reference.observed.by_time()
        self._runs = 2
        self._is_random = self._depends_on_chance()

    def _depends_on_chance(self) -> bool:
        strategy = self._plan.strategies[0]
        other = msgspec.structs.replace(strategy, name=f"{strategy.name}-again")
        seeded = _Flat(observe(replace(self._plan, strategies=(other,)), lambda table: table))
        return seeded.gists != self._reference.gists

    def starts(self) -> list[int]:
        """Return the bars by which runs begin later; raises CheckError where the data is too short for one."""
        most = self._bars - self._settled - COMPARED_MIN
        if most < max(LATER[:4]):
            least = self._settled + COMPARED_MIN + max(LATER[:4])
            raise CheckError(
                f"expected at least {least} bars for a warm-up of {self._settled // SETTLE}, found {self._bars}"
            )
        return sorted({later for later in (*LATER, most // 3, most // 2, most) if 0 < later <= most})

    def compare(self, later: int) -> None:
        """Compare with a run that begins some bars later."""
        self._runs += 1
        first_ns = int(self._plan.tables[0].start_ns[later])
        run = _Flat(observe(self._plan, lambda table: table.between(first_ns), self._given))
        if not run.observed.result.is_complete:
            raise CheckError(f"expected a run from bar {later} on, found: {run.observed.result.error}")
        for slot, label in enumerate(self._labels):
            if label in run.observed.labels:
                self._take_values(slot, later, run)
        if not self._is_random:
            self._take_decisions(later, run)

    def _take_values(self, slot: int, later: int, run: _Flat) -> None:
        ours = self._reference.values[later:, slot]
        theirs = run.values[:, run.observed.labels.index(self._labels[slot])]
        far = _distance(ours, theirs, self._ranges[slot])
        far[: run.first] = 0.0
        self._same_first[slot] &= _first_value(theirs) == self._firsts[slot]
        differing = np.flatnonzero(far > AGREED)
        agreed = int(differing[-1]) + 2 if len(differing) else self._firsts[slot] or 0
        if agreed <= len(far):
            self._needed[slot] = max(self._needed[slot] or 0, agreed)
        else:
            self._not_in[slot] = max(self._not_in[slot], len(far))
        at_first = far[max(run.first, (self._firsts[slot] or 1) - 1)]
        self._at_first[slot] = max(self._at_first[slot], float(at_first) if np.isfinite(at_first) else 1.0)
        wrong = np.flatnonzero(far[self._settled :] > self._tolerance / 100)
        if len(wrong):
            row = int(wrong[0]) + self._settled
            values = (float(part[row]) for part in (ours, theirs))
            expected, found = ("nil" if np.isnan(value) else shown(value) for value in values)
            self._note(Kind.UNSETTLED, self._labels[slot], later, row, (expected, found))

    def _take_decisions(self, later: int, run: _Flat) -> None:
        for row, (ours, theirs) in enumerate(zip(self._reference.gists[later:], run.gists, strict=True)):
            if ours == theirs or not ours or not theirs:
                continue
            self._decided = max(self._decided, row + 2)
            if row >= self._settled:
                subject = next(
                    (one or other).partition(":")[0]
                    for one, other in zip_longest(ours, theirs, fillvalue="")
                    if one != other
                )
                self._note(Kind.START, subject, later, row, ("; ".join(ours), "; ".join(theirs)))
                return

    def _note(self, kind: Kind, subject: str, later: int, row: int, texts: tuple[str, str]) -> None:
        self._findings.setdefault(
            subject,
            Finding(
                kind=kind,
                subject=subject,
                line=line_of(self._plan, subject),
                bar=later + row,
                time_ns=int(self._plan.tables[0].end_ns[later + row]),
                expected=texts[0],
                found=texts[1],
                how=f"the data begin {later} bars later, {row + 1} bars before this one ends",
            ),
        )

    def _cold(self) -> Iterator[Finding]:
        for label, first, is_same in zip(self._labels, self._firsts, self._same_first, strict=True):
            if self._declared and first is not None and first > self._declared and is_same:
                row = self._reference.first
                yield Finding(
                    kind=Kind.COLD,
                    subject=label,
                    line=line_of(self._plan, label),
                    bar=row,
                    time_ns=int(self._plan.tables[0].end_ns[row]),
                    expected=f"a value after {self._declared} bars",
                    found=f"nil until bar {first}",
                    how=f"the strategy declares a warm-up of {self._declared} bars",
                )

    def report(self) -> Report:
        """Return what was found."""
        findings = [*self._cold(), *self._findings.values()]
        notes = [f"compared from {self._settled} bars behind each start on"]
        if self._is_random:
            notes.append("decisions depend on chance: only the indicators were compared")
        elif self._decided and not self._findings:
            notes.append(f"decisions agree from bar {self._decided} behind a start on")
        needed = [
            None if bars is None or bars < not_in else bars
            for bars, not_in in zip(self._needed, self._not_in, strict=True)
        ]
        rows = zip(self._labels, self._firsts, needed, self._at_first, strict=True)
        return Report(
            check="warmup",
            strategy=self._plan.strategies[0].name,
            script=self._plan.strategies[0].script,
            bars=self._bars,
            runs=self._runs,
            asked=len(self._reference.observed.asked),
            findings=tuple(findings),
            notes=tuple(notes),
            declared=self._declared,
            warmth=tuple(
                Warmth(indicator=label, first=first, needed=bars, difference=100 * far)
                for label, first, bars, far in rows
            ),
        )


def _first_value(column: Floats) -> int | None:
    """Return the number of bars until the first value, that bar included."""
    known = np.flatnonzero(~np.isnan(column))
    return int(known[0]) + 1 if len(known) else None


def _range(column: Floats) -> float:
    known = column[~np.isnan(column)]
    span = float(known.max() - known.min()) if len(known) else 0.0
    return span or float(np.abs(known).max(initial=0.0)) or 1.0


def _distance(column: Floats, other: Floats, span: float) -> Floats:
    """Return how far two columns are apart, as a part of the range; infinite where one has a value and one has none."""
    far: Floats = np.abs(column - other) / span
    only_one = np.isnan(column) != np.isnan(other)
    return np.where(only_one, np.inf, np.where(np.isnan(far), 0.0, far))
