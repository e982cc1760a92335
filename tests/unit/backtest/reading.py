"""Strategies that read several series, drawn by chance, and a host that writes down all that they are shown and say."""

from collections.abc import Sequence
from typing import Any, NamedTuple, override

import numpy as np
from hypothesis import strategies as st

from services.backtest.bars_table import BarTable
from services.signal.core.host import Function, HostFactory, Outcome, PassingHost, StrategyHost
from services.signal.core.spec import RunnerSpec

READS = (
    'indicators.ema(3, "5m")',
    'indicators.ema(4, "15m", "ETHUSDT")',
    'indicators.sma(2, "", "ETHUSDT")',
    'indicators.macd(2, 4, 2, "3m")',
    'indicators.bollinger(3, 2, "6m", "SOLUSDT")',
    'indicators.vwap("1h")',
    'indicators.rsi(3, "", "BTCUSDT")',
    'indicators.atr(2, "3m", "SOLUSDT")',
    '(indicators.bar("5m") or {}).timestamp',
    '(indicators.bar("15m", "ETHUSDT") or {}).close',
    '(indicators.bar("", "ETHUSDT") or {}).high',
    '(indicators.bar("3m", "SOLUSDT") or {}).volume',
    "indicators.ema(5)",
)
LAYOUT = """
strategy = {{ name = "reads", warmup = {warmup}, analyzing_timeout = 2, symbols = {{ {symbols} }}, evaluate_on = "{on}" }}
local function seen(md, indicators)
  return {{ {reads} }}
end
function detect_opportunity(md, context, indicators)
  context.n = (context.n or 0) + 1
  {late}
  local all = seen(md, indicators)
  if context.n % 3 == 0 then return {{ signal = "up", first = all[1], second = all[2] }} end
end
function filter_commitment(md, context, indicators)
  seen(md, indicators)
  return {{ action = "enter_long", quantity = 1 }}
end
function manage_position(md, context, indicators)
  local all = seen(md, indicators)
  context.n = context.n + 1
  if context.n % 4 == 0 then return {{ action = "exit", reason = tostring(all[1]) }} end
end
"""


class Seen(NamedTuple):
    """A question: the runner, what its strategy was shown, what it answered."""

    runner: str
    function: Function
    arguments: tuple[float | None, ...]
    answer: Any

    @property
    def at(self) -> float:
        """Return the time of the update, seconds UTC."""
        return self.arguments[0] or 0.0


class Writer(PassingHost):
    """A host that writes along."""

    def __init__(self, host: StrategyHost, spec: RunnerSpec, seen: list[Seen]) -> None:
        super().__init__(host)
        self._id, self._seen = spec.id, seen

    @override
    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        given = tuple(arguments)
        outcome = super().evaluate(function, arguments)
        answer = None if outcome is None else (outcome.answer, outcome.error, outcome.wanted)
        self._seen.append(Seen(self._id, function, given, answer))
        return outcome


def writing(make_host: HostFactory) -> tuple[HostFactory, list[Seen]]:
    """Return a factory whose hosts write into a list, and the list."""
    seen: list[Seen] = []

    def made(spec: RunnerSpec) -> StrategyHost:
        return Writer(make_host(spec), spec, seen)

    return made, seen


@st.composite
def sources(draw: st.DrawFn, *, on: Sequence[str] = ("bar",)) -> str:
    """Make up a strategy file that reads series of BTCUSDT, ETHUSDT and SOLUSDT."""
    reads = draw(st.lists(st.sampled_from(READS), min_size=1, max_size=5, unique=True))
    late = draw(st.sampled_from(("", "", 'if context.n > 20 then context.late = indicators.sma(2, "10m") end')))
    symbols = draw(st.sampled_from(('"BTCUSDT"', '"ETHUSDT", "BTCUSDT"')))
    return LAYOUT.format(
        warmup=draw(st.sampled_from((0, 7))),
        reads=", ".join(f"({read})" for read in reads),
        late=late,
        symbols=symbols,
        on=draw(st.sampled_from(on)),
    )


def holed(table: BarTable, seed: int, share: float) -> BarTable:
    """Return a table without some of its bars."""
    kept = np.random.default_rng(seed).random(len(table)) >= share
    kept[0] = True
    columns = [getattr(table, name)[kept] for name in ("start_ns", "open", "high", "low", "close", "volume")]
    return BarTable(table.symbol, table.timeframe, *columns)


def ended_by(table: BarTable, at_ns: int) -> BarTable:
    """Return the bars that ended by a time."""
    return table.rows(0, int(np.searchsorted(table.end_ns, at_ns, side="right")))
