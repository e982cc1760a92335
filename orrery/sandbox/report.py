"""All attempts of the corpus, and what is printed of them: lines for people, or one JSON object."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from orrery.sandbox.corpus import Attempt, Verdict, attempts
from orrery.sandbox.trying import Tried, make_attempt
from services.signal.hosts.lua import BYTES_PER_MIB, LuaLimits

LATE_MS_MAX = 50.0
"""Processor time above its quota after which a call has to be stopped, ms."""
CORPUS_LIMITS = LuaLimits(seconds=0.25)
"""Instructions and memory as in the configuration's defaults; less processor time, so that the corpus is soon through."""
_MS_PER_S = 1_000


@dataclass(frozen=True)
class Report:
    """What became of the corpus."""

    limits: LuaLimits
    tried: Sequence[Tried]

    @property
    def failures(self) -> list[Tried]:
        """Return the attempts that did not end as they must."""
        return [each for each in self.tried if not each.holds]

    @property
    def late_ms(self) -> float:
        """Return the processor time by which the slowest call outlived its quota of it, ms."""
        return max(0.0, *(each.seconds - self.limits.seconds for each in self.tried)) * _MS_PER_S

    @property
    def memory_mib(self) -> float:
        """Return the most memory that a strategy had, MiB."""
        return max(each.memory_bytes for each in self.tried) / BYTES_PER_MIB

    @property
    def holds(self) -> bool:
        """Return whether nothing escaped, all ended as expected, and in time and within memory."""
        return not self.failures and self.late_ms <= LATE_MS_MAX and self.memory_mib <= self.limits.memory_mib


def run_corpus(limits: LuaLimits = CORPUS_LIMITS, begin: Callable[[int, int, Attempt], None] | None = None) -> Report:
    """Make all attempts. begin: told the number of each, how many there are, and which, before it is made."""
    wanted, tried = attempts(), list[Tried]()
    for number, attempt in enumerate(wanted, 1):
        if begin is not None:
            begin(number, len(wanted), attempt)
        tried.append(make_attempt(attempt, limits))
    return Report(limits, tried)


def as_json(report: Report) -> str:
    """Return one JSON object."""
    shown = {
        "holds": report.holds,
        "attempts": len(report.tried),
        "verdicts": _verdicts(report.tried),
        "late_ms": round(report.late_ms, 3),
        "memory_mib": round(report.memory_mib, 3),
        "quota": report.limits._asdict(),
        "failures": [
            {"theme": each.attempt.theme, "name": each.attempt.name, "expected": each.attempt.expected,
             "found": each.verdict, "detail": each.detail}
            for each in report.failures
        ],
    }  # fmt: skip
    return msgspec.json.encode(shown).decode()


def as_lines(report: Report) -> Iterator[str]:
    """Yield what people read."""
    for each in report.failures:
        yield f"{each.attempt.theme}: {each.attempt.name}"
        yield f"  expected {each.attempt.expected}, found {each.verdict}: {each.detail or 'nothing was said'}"
    yield f"{'theme':12}{'attempts':>9}{'refused':>9}{'stopped':>9}{'nothing':>9}{'escaped':>9}"
    for theme in dict.fromkeys(each.attempt.theme for each in report.tried):
        yield _row(theme, [each for each in report.tried if each.attempt.theme == theme])
    yield _row("all", report.tried)
    limits = report.limits
    yield f"latest stop: {report.late_ms:.0f} ms of processor time above the quota of {limits.seconds:g} s (owed: {LATE_MS_MAX:.0f})"
    yield f"most memory: {report.memory_mib:.1f} MiB (quota: {limits.memory_mib} MiB); {limits.instructions:,} instructions a call"
    yield "beside each attempt a neighbour traded, with risk and execution: the same as alone"
    yield f"sandbox: {'holds' if report.holds else 'does not hold'} ({len(report.tried)} attempts)"


def _row(name: str, tried: Sequence[Tried]) -> str:
    verdicts = _verdicts(tried)
    return f"{name:12}{len(tried):9}{''.join(f'{verdicts[verdict]:9}' for verdict in Verdict)}"


def _verdicts(tried: Sequence[Tried]) -> dict[Verdict, int]:
    counted = Counter(each.verdict for each in tried)
    return {verdict: counted[verdict] for verdict in Verdict}
