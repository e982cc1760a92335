"""The planted leaks and the clean strategies, one Lua file each, and the made-up market that they are checked on.

The first lines of a file say what it is: `-- check: lookahead|warmup|both` which checker it is for, `-- finds: KIND SUBJECT` what
must be found, `-- indicators: FILE …` which plug-ins it needs, `-- bars: N` how much history.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sin
from pathlib import Path

import numpy as np

from common.config.models import ExecutionSection, RiskSection
from services.backtest.bars_table import BarTable
from services.backtest.checks.model import Finding, Report
from services.backtest.plan import Plan
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.hosts.plugin_files import installed
from services.signal.loading import load_strategy
from tests.unit.backtest.builders import EXACT, WIDE

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "tests" / "fixtures" / "checks"
LOOKAHEAD_BARS = 180
WARMUP_BARS = 320
HOUR_NS = 3_600_000_000_000
MONDAY_NS = 1_698_624_000_000_000_000
"""2023-10-30 00:00 UTC."""


@dataclass(frozen=True)
class Case:
    """A strategy file and what its first lines say."""

    path: Path
    check: str
    finds: tuple[str, str]
    indicators: tuple[Path, ...]
    bars: int


def cases(folder: str, check: str = "") -> list[Case]:
    """Return the cases of a folder, those of one checker if it is named."""
    found = [_case(path) for path in sorted((FILES / folder).glob("*.lua"))]
    return [case for case in found if not check or case.check == check]


def examples() -> list[Case]:
    """Return the strategies that come with the project."""
    return [Case(path, "both", ("", ""), (), 0) for path in sorted((ROOT / "strategies").glob("*.lua"))]


def _case(path: Path) -> Case:
    said = dict(
        line[3:].split(": ", 1) for line in path.read_text().splitlines() if line.startswith("-- ") and ": " in line
    )
    kind, _, subject = said.get("finds", "").partition(" ")
    files = tuple(FILES / "indicators" / name for name in said.get("indicators", "").split())
    return Case(path, said["check"], (kind, subject), files, int(said.get("bars", "0")))


def market(bars: int, *, first: int = 0) -> BarTable:
    """Return hourly bars from row `first` on: waves and made-up chance, the same on every machine; prices on cents."""
    closes = [100.0, *_closes(first + bars)]
    rows = []
    for row in range(first, first + bars):
        open_, close = closes[row], closes[row + 1]
        reach = 0.1 + 0.3 * abs(sin(row * 1.7))
        volume = 50.0 + 40.0 * sin(row / 3.1) + row % 7
        rows.append(
            (open_, round(max(open_, close) + reach, 2), round(min(open_, close) - reach, 2), close, round(volume, 3))
        )
    open_column, high, low, close_column, volume_column = (
        np.ascontiguousarray(column) for column in np.array(rows, dtype=np.float64).T
    )
    starts = MONDAY_NS + HOUR_NS * np.arange(first, first + bars, dtype=np.int64)
    return BarTable("BTCUSDT", "1h", starts, open_column, high, low, close_column, volume_column)


def _closes(count: int) -> Iterator[float]:
    state, price = 12_345, 100.0
    for row in range(count):
        chance = 0.0
        for _ in range(4):
            state = (1_103_515_245 * state + 12_345) % 2**31
            chance += state / 2**31 - 0.5
        price *= 1 + 0.008 * chance + 0.002 * sin(row / 19) - 0.01 * (price / 100 - 1)
        yield round(price, 2)


def plan_of(path: Path, table: BarTable) -> Plan:
    """Return a plan for a strategy file; its plug-ins must be installed."""
    return Plan(
        name="case",
        tables=(table,),
        strategies=(load_strategy(path),),
        make_host=lua_factory(LuaLimits()),
        risk=RiskSection(**WIDE),
        execution=ExecutionSection(**EXACT),
    )


def checked(case: Case, check: Callable[[Plan], Report], bars: int = LOOKAHEAD_BARS) -> Report:
    """Return what a check says of a case, on as much history as its file wants."""
    with installed(case.indicators):
        return check(plan_of(case.path, market(case.bars or bars)))


def named(case: Case) -> str:
    """Return how pytest names a case."""
    return case.path.stem


def assert_found(case: Case, report: Report) -> Finding:
    """Return the finding that the case's file announces."""
    kind, subject = case.finds
    found = [finding for finding in report.findings if finding.kind == kind and finding.subject.startswith(subject)]
    assert found, f"expected {case.finds}, found {report.findings}"
    assert found[0].expected != found[0].found
    assert found[0].line > 0
    return found[0]
