"""What is wrong with bars as they lie in a file, and what is done about it: refused, left out or filled, and reported."""

from dataclasses import dataclass, fields
from typing import Any, Self

import msgspec
import numpy as np
import numpy.typing as npt

from common.timeframes import timeframe_name, timeframe_ns
from services.backtest.bars_table import PRICES, BarTable, Floats, Integers
from services.backtest.data_quality import Finding, Problem, QualityReport, moment
from services.backtest.on_bad import OnBad

MAX_FILLED_BARS = 5_000_000
"""Most bars that filling gaps may add; a gap of more is an error in the data or a wrong policy."""

Mask = npt.NDArray[np.bool_]


class QualityError(ValueError):
    """Bars that are refused. row: in the file, from 0; the text says column, what was expected and what was found."""

    def __init__(self, row: int, column: str, expected: str, found: str) -> None:
        super().__init__(f"{column}: expected {expected}, found {found}")
        self.row = row


@dataclass(frozen=True, slots=True, eq=False)
class RawBars:
    """Bars as read, unchecked: columns of one length; row: the number of the row in the file, from 0."""

    row: Integers
    start_ns: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.start_ns)

    def take(self, which: npt.NDArray[Any]) -> Self:
        """Return the rows of a mask, or of row numbers in their order."""
        return type(self)(*(getattr(self, column.name)[which] for column in fields(self)))


def inferred_timeframe(start_ns: Integers) -> str:
    """Return the most common distance of neighbouring times, the shorter of two that are as common.

    Raises:
        QualityError: there are no two different times, or the distance is no whole number of milliseconds.
    """
    steps, counts = np.unique(np.abs(np.diff(start_ns)), return_counts=True)
    steps, counts = steps[steps > 0], counts[steps > 0]
    if len(steps) == 0:
        raise QualityError(
            0,
            "time",
            "at least two bars at different times",
            f"{len(start_ns)} rows at one, and no length (timeframe) told",
        )
    step = int(steps[np.argmax(counts)])
    try:
        return timeframe_name(step)
    except ValueError as error:
        raise QualityError(0, "time", "bars whole milliseconds apart", f"{step} ns") from error


def checked(bars: RawBars, symbol: str, timeframe: str, on_bad: OnBad) -> tuple[BarTable, QualityReport]:
    """Return the bars that can be traded on and what was wrong with the others.

    Raises:
        QualityError: a bad row under OnBad.ERROR; no bar is left; filling would add more than MAX_FILLED_BARS.
    """
    length_ns = timeframe_ns(timeframe)
    if on_bad is OnBad.ERROR:
        _refuse_bad(bars, length_ns)
        kept, findings = bars, list[Finding]()
    else:
        kept, findings = _without_bad(bars, length_ns, on_bad)
    if len(kept) == 0:
        raise QualityError(0, "time", "bars", f"none that is left of {len(bars)} rows")
    report = _report(bars, kept, timeframe, on_bad, findings)
    if on_bad is OnBad.FILL and report.gaps:
        if report.bars_missing > MAX_FILLED_BARS:
            expected = f"at most {MAX_FILLED_BARS} missing bars of {timeframe} to fill"
            raise QualityError(int(kept.row[0]), "time", expected, str(report.bars_missing))
        before = len(kept)
        kept = _filled(kept, length_ns)
        report = msgspec.structs.replace(report, bars_kept=len(kept), bars_filled=len(kept) - before)
    columns = (kept.start_ns, kept.open, kept.high, kept.low, kept.close, kept.volume)
    return BarTable(symbol, timeframe, *columns), report


def _refuse_bad(bars: RawBars, length_ns: int) -> None:
    masks = {**_bad_times(bars.start_ns, length_ns), **_bad_values(bars)}
    first = {problem: int(np.argmax(mask)) for problem, mask in masks.items() if mask.any()}
    if first:
        problem = min(first, key=lambda each: first[each])
        raise _error(problem, bars, first[problem], length_ns)


def _bad_times(start_ns: Integers, length_ns: int) -> dict[Problem, Mask]:
    late, twice, early = (np.zeros(len(start_ns), dtype=np.bool_) for _ in range(3))
    after_latest = start_ns[1:] - np.maximum.accumulate(start_ns)[:-1]
    late[1:] = after_latest < 0
    twice[1:] = after_latest == 0
    early[1:] = (after_latest > 0) & (after_latest < length_ns)
    return {Problem.DISORDERED: late, Problem.DUPLICATED: twice, Problem.OVERLAPPING: early}


def _bad_values(bars: RawBars) -> dict[Problem, Mask]:
    prices = [getattr(bars, name) for name in PRICES]
    strange = ~np.isfinite(np.add.reduce([*prices, bars.volume]))
    negative = (np.minimum.reduce(prices) <= 0) | (bars.volume < 0)
    high_is_low = bars.high < np.maximum(bars.open, bars.close)
    low_is_high = bars.low > np.minimum(bars.open, bars.close)
    return {
        Problem.NOT_A_NUMBER: strange,
        Problem.NOT_POSITIVE: negative & ~strange,
        Problem.NOT_ENCLOSING: (high_is_low | low_is_high | (bars.high < bars.low)) & ~strange & ~negative,
    }


def _error(problem: Problem, bars: RawBars, row: int, length_ns: int) -> QualityError:
    latest = int(np.max(bars.start_ns[: max(row, 1)]))
    expected = {
        Problem.DISORDERED: f"a time after {moment(latest)}",
        Problem.DUPLICATED: f"a time after {moment(latest)}",
        Problem.OVERLAPPING: f"a time from {moment(latest + length_ns)}, the end of the bar before",
        Problem.NOT_A_NUMBER: "a number",
        Problem.NOT_POSITIVE: "a number above 0",
    }
    column, text = "time", moment(int(bars.start_ns[row]))
    if problem is Problem.NOT_ENCLOSING:
        high, low = bars.high[row], bars.low[row]
        column = "low" if high >= max(bars.open[row], bars.close[row]) else "high"
        wanted = "at most open and close" if column == "low" else "at least open and close"
        text = f"open {bars.open[row]}, high {high}, low {low}, close {bars.close[row]}"
        return QualityError(int(bars.row[row]), column, wanted, text)
    if problem in (Problem.NOT_A_NUMBER, Problem.NOT_POSITIVE):
        column = next(name for name in (*PRICES, "volume") if _is_bad(problem, name, getattr(bars, name)[row]))
        text = str(getattr(bars, column)[row])
    wanted = "a number of 0 or more" if column == "volume" else expected[problem]
    return QualityError(int(bars.row[row]), column, wanted, text)


def _is_bad(problem: Problem, column: str, value: float) -> bool:
    if problem is Problem.NOT_A_NUMBER:
        return not np.isfinite(value)
    return value < 0 if column == "volume" else value <= 0


def _without_bad(bars: RawBars, length_ns: int, on_bad: OnBad) -> tuple[RawBars, list[Finding]]:
    findings: list[Finding] = []
    late = _bad_times(bars.start_ns, length_ns)[Problem.DISORDERED]
    if late.any():
        findings.append(_finding(Problem.DISORDERED, bars, late, "sorted"))
        bars = bars.take(np.argsort(bars.start_ns, kind="stable"))
    if on_bad is OnBad.FILL:
        bars = _with_volume(bars, findings)
    masks = _bad_values(bars)
    findings += [_finding(problem, bars, mask, "dropped") for problem, mask in masks.items() if mask.any()]
    bars = bars.take(~np.logical_or.reduce(list(masks.values())))
    twice = _bad_times(bars.start_ns, length_ns)[Problem.DUPLICATED]
    if twice.any():
        findings.append(_finding(Problem.DUPLICATED, bars, twice, "dropped, the first kept"))
        bars = bars.take(~twice)
    early = _overlapping(bars.start_ns, length_ns)
    if early.any():
        findings.append(_finding(Problem.OVERLAPPING, bars, early, "dropped"))
        bars = bars.take(~early)
    return bars, findings


def _with_volume(bars: RawBars, findings: list[Finding]) -> RawBars:
    unknown = ~(np.isfinite(bars.volume) & (bars.volume >= 0))
    if not unknown.any():
        return bars
    findings.append(_finding(Problem.NOT_A_NUMBER, bars, unknown, "volume taken as 0"))
    columns = (bars.row, bars.start_ns, bars.open, bars.high, bars.low, bars.close)
    return RawBars(*columns, np.where(unknown, 0.0, bars.volume))


def _overlapping(start_ns: Integers, length_ns: int) -> Mask:
    mask = np.zeros(len(start_ns), dtype=np.bool_)
    if not (np.diff(start_ns) < length_ns).any():
        return mask
    # A bar that is left out ends nothing, so each is held against the last one kept: one after the other.
    free_ns = -(2**63)
    for row, time_ns in enumerate(start_ns.tolist()):
        mask[row] = time_ns < free_ns
        if time_ns >= free_ns:
            free_ns = time_ns + length_ns
    return mask


def _finding(problem: Problem, bars: RawBars, mask: Mask, action: str) -> Finding:
    rows = bars.row[mask]
    return Finding(problem=problem, rows=len(rows), first_row=int(rows.min()), action=action)


def _report(read: RawBars, kept: RawBars, timeframe: str, on_bad: OnBad, findings: list[Finding]) -> QualityReport:
    length_ns = timeframe_ns(timeframe)
    steps = np.diff(kept.start_ns)
    longest = int(np.argmax(steps)) if len(steps) else 0
    return QualityReport(
        on_bad=on_bad,
        timeframe=timeframe,
        rows_read=len(read),
        bars_kept=len(kept),
        bars_filled=0,
        gaps=int(np.count_nonzero(steps > length_ns)),
        bars_missing=int(np.sum(steps // length_ns - 1)),
        longest_gap_ns=int(steps[longest]) - length_ns if len(steps) else 0,
        longest_gap_start_ns=int(kept.start_ns[longest]) + length_ns,
        findings=tuple(findings),
    )


def _filled(bars: RawBars, length_ns: int) -> RawBars:
    missing = np.append(np.diff(bars.start_ns) // length_ns - 1, 0)
    source = np.repeat(np.arange(len(bars)), missing + 1)
    ordinal = np.arange(len(source)) - np.repeat(np.cumsum(missing + 1) - missing - 1, missing + 1)
    made, grown = ordinal > 0, bars.take(source)
    return RawBars(
        row=grown.row,
        start_ns=grown.start_ns + ordinal * length_ns,
        volume=np.where(made, 0.0, grown.volume),
        **{name: np.where(made, grown.close, getattr(grown, name)) for name in PRICES},
    )
