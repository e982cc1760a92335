"""The costly part of the escape corpus: each is stopped, in processor time and memory, and the neighbour trades on."""

import msgspec
import pytest

from orrery.sandbox.corpus import Attempt, Verdict, attempts
from orrery.sandbox.report import LATE_MS_MAX, Report, as_json, as_lines
from orrery.sandbox.trying import Tried, make_attempt
from services.signal.hosts.lua import BYTES_PER_MIB, LuaLimits

LIMITS = LuaLimits(instructions=500_000, memory_mib=16, seconds=0.1)
GENEROUS = 4
"""Times LATE_MS_MAX: caches are shared with whatever else runs; `orrery check sandbox` prints the figure."""


@pytest.mark.parametrize(
    "attempt",
    [attempt for attempt in attempts() if attempt.theme in ("memory", "runaway")],
    ids=lambda attempt: f"{attempt.theme}: {attempt.name}",
)
def test_runaways_are_stopped_in_time_and_within_memory(attempt: Attempt) -> None:
    tried = make_attempt(attempt, LIMITS)
    assert (tried.verdict, tried.detail) == (attempt.expected, tried.detail)
    assert (tried.seconds - LIMITS.seconds) * 1_000 < GENEROUS * LATE_MS_MAX
    assert tried.memory_bytes <= LIMITS.memory_mib * BYTES_PER_MIB


def test_a_report_names_what_did_not_hold() -> None:
    attempt = Attempt("test", "a success", Verdict.REFUSED, b"")
    report = Report(LIMITS, [Tried(attempt, Verdict.ESCAPED, detail="got hold of x"), Tried(attempt, Verdict.REFUSED)])
    assert list(as_lines(report))[:2] == ["test: a success", "  expected refused, found escaped: got hold of x"]
    shown = msgspec.json.decode(as_json(report))
    assert (shown["holds"], shown["attempts"], shown["verdicts"]["escaped"]) == (False, 2, 1)
    assert Report(LIMITS, [Tried(attempt, Verdict.REFUSED)]).holds
