"""Does a strategy know what it cannot know? What it sees and answers up to a bar must not depend on what lies behind.

How it works: the run on all data is compared with runs on data that end at a bar, or go on differently behind it. Up to
that bar every value, every answer and the account must be the same. Cuts lie at the bars of decisions and before them,
at the first bars, where values are filled from behind, and at bars drawn by chance from a fixed seed. What looks ahead
by a few bars shows at the last bars before a cut; what knows all data shows everywhere. Two more runs shift all
times, and one all prices by a hair: decisions that are bound to dates or to prices then change.
"""

from collections.abc import Iterator

import numpy as np

from services.backtest.checks.comparing import Difference, differences, scales
from services.backtest.checks.futures import CHANGES, ended_by, extended, with_future
from services.backtest.checks.memory import memory
from services.backtest.checks.model import Finding, Kind, Report
from services.backtest.checks.observing import Change, Observed, alone, line_of, observe, observe_all
from services.backtest.plan import Plan

DEFAULT_CUTS = 24
BARS_MIN = 30
"""Least bars on which the check says anything."""
FIRST_CUTS = (0, 1, 3, 8, 20, 50, 100)
"""Cuts behind the bar of the first question, bars."""
BIASED_CUTS = 3
"""Cuts with a finding after which no further ones are made."""
_SEED = 20_260_102


def check_lookahead(plan: Plan, *, cuts: int = DEFAULT_CUTS, allows_dates: bool = False) -> Report:
    """Return what a strategy knows of the future. The plan has one strategy; it runs on the first table and may read the others.

    cuts: bars at which the data is cut, besides the first ones. allows_dates: do not ask whether decisions are bound to
    dates or prices.

    Raises:
        CheckError: the strategy does not run on this data, or is never asked.
    """
    plan = alone(plan)
    full = observe_all(plan)
    search = _Search(plan, full)
    search.extend()
    for number, cut in enumerate(cut_rows(full, cuts)):
        if search.biased >= BIASED_CUTS:
            break
        search.cut(cut, number)
    findings, notes = list(search.findings.values()), [f"cut at {search.cuts} bars"]
    if not allows_dates and not findings:
        bound, runs = memory(plan, full)
        findings += bound
        search.runs += runs
    return Report(
        check="lookahead",
        strategy=plan.strategies[0].name,
        script=plan.strategies[0].script,
        bars=len(full.table),
        runs=search.runs,
        asked=len(full.asked),
        findings=tuple(sorted(findings, key=lambda finding: (finding.bar, finding.subject))),
        notes=tuple(notes),
    )


def cut_rows(full: Observed, cuts: int) -> list[int]:
    """Return the rows behind which the data is cut, ascending."""
    rows, last = full.rows(), len(full.table) - 2
    answered = sorted({row for row, asked in zip(rows, full.asked, strict=True) if asked.answer is not None})
    some = {answered[at] for at in np.linspace(0, len(answered) - 1, cuts // 2).astype(int)} if answered else set()
    before = {row - 1 for row in sorted(some)[::2]}
    chance = np.random.default_rng(_SEED)
    drawn = chance.integers(rows[0], max(rows[0] + 1, last), size=max(0, cuts - len(some) - len(before))).tolist()
    first = {rows[0] + offset for offset in FIRST_CUTS}
    return sorted(row for row in {*some, *before, *drawn, *first} if rows[0] <= row <= last)


class _Search:
    """Findings by subject, the earliest of each."""

    def __init__(self, plan: Plan, full: Observed) -> None:
        self._plan = plan
        self._full = full
        self._rows = full.rows()
        self._sizes = scales(full)
        self.findings: dict[str, Finding] = {}
        self.runs = 1
        self.cuts = 0
        self.biased = 0

    def extend(self) -> None:
        """Compare with a run on data that go on: all that was asked must stay as it was."""
        self._compare(self._full, self._observe(extended), len(self._full.asked), "more bars behind")

    def cut(self, row: int, number: int) -> None:
        """Compare with runs on data that end at a row, or go on differently; `number` chooses how."""
        before = len(self.findings)
        end_ns = int(self._full.table.end_ns[row])
        short = self._observe(lambda table: table.rows(0, ended_by(table, end_ns)))
        self._compare(short, self._full, len(short.asked), f"the data end at bar {row}")
        name = list(CHANGES)[number % len(CHANGES)]
        other = self._observe(lambda table: with_future(table, ended_by(table, end_ns) - 1, CHANGES[name]))
        self._compare(short, other, len(short.asked), f"after bar {row} {name}")
        self.cuts += 1
        self.biased += len(self.findings) > before

    def _observe(self, change: Change) -> Observed:
        self.runs += 1
        return observe(self._plan, change)

    def _compare(self, short: Observed, other: Observed, count: int, how: str) -> None:
        for run in (short, other):
            if not run.result.is_complete:
                self._note(self._failure(run, how))
                return
        found = [*differences(short, other, self._sizes, count)]
        for difference in found:
            self._note(self._finding(difference, how))
        if not found:
            for finding in self._account(short, other, how):
                self._note(finding)

    def _finding(self, difference: Difference, how: str) -> Finding:
        kind, subject, number, expected, found = difference
        row = self._rows[min(number, len(self._rows) - 1)]
        return Finding(
            kind=kind,
            subject=subject,
            line=line_of(self._plan, subject),
            bar=row,
            time_ns=int(self._full.table.end_ns[row]),
            expected=expected,
            found=found,
            how=how,
        )

    def _account(self, short: Observed, other: Observed, how: str) -> Iterator[Finding]:
        ours, theirs = short.result.equity, other.result.equity
        for row, (one, another) in enumerate(zip(ours, theirs, strict=False)):
            if one != another:
                yield Finding(
                    kind=Kind.ACCOUNT,
                    subject="equity",
                    line=0,
                    bar=row,
                    time_ns=one.time_ns,
                    expected=f"{one.equity:.10g}",
                    found=f"{another.equity:.10g}",
                    how=how,
                )
                return

    def _failure(self, run: Observed, how: str) -> Finding:
        row = len(run.table) - 1
        return Finding(
            kind=Kind.FAILURE,
            subject="run",
            line=0,
            bar=row,
            time_ns=int(run.table.end_ns[row]),
            expected=run.result.error,
            found="no failure",
            how=how,
        )

    def _note(self, finding: Finding) -> None:
        known = self.findings.get(finding.subject)
        if known is None or finding.bar < known.bar:
            self.findings[finding.subject] = finding
