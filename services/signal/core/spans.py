"""Span stepping: many closed bars in one call, with what bar by bar would bring.

How it works: while a runner has nothing on its way it only asks one function of its strategy at each bar, and nothing
follows as long as that answers nil. Such a stretch is walked inside the host. At the first bar that brings anything,
the answer is handed to the runner, which goes on as if it had asked for it itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

from common.messages import AnyMessage, Quote, RunnerState
from services.signal.core.host import Function, HostSpan, SpanHost
from services.signal.core.rows import BarRows
from services.signal.core.runner import Runner
from services.signal.core.spec import Update

_QUESTIONS = {
    RunnerState.IDLE: Function.DETECT,
    RunnerState.ANALYZING: Function.FILTER,
    RunnerState.IN_POSITION: Function.MANAGE,
}
_NOTHING: tuple[AnyMessage, ...] = ()


class Span(NamedTuple):
    """Rows `first` up to, not including, `behind`. quote: shown with the first bar; None: its close on both sides.

    falling, rising: stop before the first later row whose low is at `falling` or below, or high at `rising` or above.
    """

    rows: BarRows
    first: int
    behind: int
    quote: Quote | None
    falling: float
    rising: float


class Walked(NamedTuple):
    """How far a walk came, and what followed from its last bar. gaps: bars that did not follow the one before."""

    behind: int
    gaps: int
    out: Sequence[AnyMessage]


def walk(runner: Runner, span: Span, *, trusted: bool) -> Walked:
    """Take closed bars one after the other, at least one, until something follows or the span ends."""
    function = _question(runner, trusted=trusted)
    if function is not None and _is_warm(runner):
        host, behind = runner.asker.host, _patience(runner, span)
        if isinstance(host, SpanHost) and behind > span.first:
            return _ask_many(runner, host, function, span._replace(behind=behind), trusted=trusted)
    return _take_one(runner, span, trusted=trusted)


def _question(runner: Runner, *, trusted: bool) -> Function | None:
    """Return what a runner asks at every bar, if that is one and the same."""
    desk, state = runner.desk, runner.machine.state
    if not trusted or runner.asker.paused or desk.pending is not None or desk.working is not None:
        return None
    if runner.on_ticks and runner.spec.strategy.updates_on(state) is not Update.BAR:
        return None
    return _QUESTIONS[state]


def _is_warm(runner: Runner) -> bool:
    return runner.asker.series.count + 1 >= runner.spec.strategy.warmup


def _patience(runner: Runner, span: Span) -> int:
    """Return the row behind which a walk must not go: the last bar that Analyzing may last is a bar of its own."""
    machine = runner.machine
    if machine.state is RunnerState.ANALYZING and machine.timeout_updates:
        return min(span.behind, span.first + machine.timeout_updates - machine.updates - 1)
    return span.behind


def _ask_many(runner: Runner, host: SpanHost, function: Function, span: Span, *, trusted: bool) -> Walked:
    rows, first, asker = span.rows, span.first, runner.asker
    asker.tell()
    ahead = asker.bank.look_ahead(rows, first)
    if not ahead.is_loaded:
        host.load_rows([*ahead.market(), *ahead.columns])
        ahead.is_loaded = True
    base, (bid, ask) = ahead.first, _sides(span, first)
    reached, outcome = host.walk(
        function, HostSpan(first - base, span.behind - base, bid, ask, span.falling, span.rising)
    )
    row = reached + base
    _pass(runner, row - first)
    if outcome is None:
        asker.bank.show(row - 1)
        return Walked(row, asker.series.take_rows(rows, first, row), _NOTHING)
    asker.bank.show(row)
    gaps = asker.series.take_rows(rows, first, row + 1)
    asker.answered = (outcome,)
    return Walked(row + 1, gaps, _hear(runner, span, row, trusted=trusted))


def _pass(runner: Runner, count: int) -> None:
    """Count updates at which the strategy answered nil."""
    if count:
        asker, machine = runner.asker, runner.machine
        asker.evaluations += count
        asker.errors_in_row = 0
        if machine.state is RunnerState.ANALYZING:
            machine.updates += count


def _take_one(runner: Runner, span: Span, *, trusted: bool) -> Walked:
    bank, rows, row = runner.asker.bank, span.rows, span.first
    bank.look_ahead(rows, row)
    bank.show(row)
    gaps = runner.asker.series.take_rows(rows, row, row + 1)
    return Walked(row + 1, gaps, _hear(runner, span, row, trusted=trusted))


def _hear(runner: Runner, span: Span, row: int, *, trusted: bool) -> Sequence[AnyMessage]:
    bar = span.rows.bar(row)
    return runner.hear(bar, bar.id, _sides(span, row), bar.end_ns, trusted=trusted)


def _sides(span: Span, row: int) -> tuple[float, float]:
    if span.quote is not None and row == span.first:
        return span.quote.bid, span.quote.ask
    close = span.rows.closes[row - span.rows.first]
    return close, close
