"""What was found in a file's bars and what was done about it: plain data, which reports and kept runs hold."""

from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from services.backtest.on_bad import OnBad


class Problem(StrEnum):
    """What can be wrong with a row. The values stand in reports."""

    DISORDERED = "earlier than a row before it"
    DUPLICATED = "at the time of another row"
    OVERLAPPING = "before the bar before it has ended"
    NOT_A_NUMBER = "not a number"
    NOT_POSITIVE = "price not positive or volume negative"
    NOT_ENCLOSING = "high and low do not enclose open and close"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows have a problem; the first of them, counted from 0 in the file; what was done about all."""

    problem: Problem
    rows: int
    first_row: int
    action: str


class QualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a file's bars and what was kept. The figures of gaps are those before filling."""

    on_bad: OnBad
    timeframe: str
    rows_read: int
    bars_kept: int
    bars_filled: int
    gaps: int
    bars_missing: int
    longest_gap_ns: int
    longest_gap_start_ns: int
    findings: tuple[Finding, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Return the report as sentences for people; none when nothing is worth saying."""
        found = [f"{each.rows} rows {each.problem.value}: {each.action}" for each in self.findings]
        if self.gaps:
            behind_ns = self.longest_gap_start_ns + self.longest_gap_ns
            longest = f"from {moment(self.longest_gap_start_ns)} to {moment(behind_ns)}"
            gaps = f"{self.gaps} gaps, {self.bars_missing} bars of {self.timeframe} missing"
            filled = f"; filled with {self.bars_filled} bars of volume 0" if self.bars_filled else ""
            found.append(f"{gaps}; the longest {longest}{filled}")
        return tuple(found)


def moment(time_ns: int) -> str:
    """Return a time as ISO text, UTC, without the zeros of its fraction."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"
