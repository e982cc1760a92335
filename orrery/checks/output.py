"""What `orrery check` prints: lines for people, or one JSON object."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.backtest.checks.model import Finding, Kind, Report

_NS_PER_SECOND = 1_000_000_000
_WORDS = {
    Kind.VALUE: ("without the future", "with it"),
    Kind.DECISION: ("without the future", "with it"),
    Kind.ACCOUNT: ("without the future", "with it"),
    Kind.FAILURE: ("without the future", "with it"),
    Kind.DATES: ("expected", "found"),
    Kind.PRICES: ("expected", "found"),
    Kind.COLD: ("expected", "found"),
    Kind.UNSETTLED: ("from the first bar on", "from later on"),
    Kind.START: ("from the first bar on", "from later on"),
}


def as_json(report: Report) -> str:
    """Return one JSON object: the fields of the report, and `clean`."""
    shown: dict[str, Any] = {"clean": report.is_clean, **msgspec.structs.asdict(report)}
    return msgspec.json.encode(shown).decode()


def as_lines(report: Report) -> Iterator[str]:
    """Yield what people read."""
    for finding in report.findings:
        yield from _finding(report, finding)
    if report.check == "warmup":
        yield f"declared warm-up: {report.declared} bars"
        for warmth in report.warmth:
            needed = "not settled within the data" if warmth.needed is None else f"settled (1e-6) after {warmth.needed}"
            first = "has no value" if warmth.first is None else f"first value at bar {warmth.first}"
            yield f"  {warmth.indicator}: {first}, {needed}, off by up to {warmth.difference:.3g} % of its range at first"
    for note in report.notes:
        yield f"  {note}"
    verdict = "clean" if report.is_clean else f"{len(report.findings)} found"
    yield f"{report.script}: {report.check}: {verdict} ({report.bars:,} bars, {report.asked:,} questions, {report.runs} runs)"


def _finding(report: Report, finding: Finding) -> Iterator[str]:
    where = f"{report.script}:{finding.line}" if finding.line else report.script
    moment = datetime.fromtimestamp(finding.time_ns / _NS_PER_SECOND, UTC).isoformat(sep=" ", timespec="seconds")
    yield f"{where}: {finding.subject}: {finding.kind.value}, first at bar {finding.bar} ({moment[:19]} UTC)"
    expected, found = _WORDS[finding.kind]
    yield f"  {expected}: {finding.expected}"
    yield f"  {found}: {finding.found}"
    yield f"  when {finding.how}"
