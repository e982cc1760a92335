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
    ahead = runner.asker.bank.look_ahead(span.rows, span.first)
    if ahead is None:
        return _take_one(runner, span, trusted=trusted)
    silent = _silent(runner, span)
    if silent:
        return _walked(runner, span, silent)
    function, walker = _question(runner, trusted=trusted), runner.asker.walker
    behind = _patience(runner, span)
    if function is None or walker is None or behind <= span.first:
        runner.asker.bank.show(span.first)
        walked = _walked(runner, span, span.first + 1)
        return walked._replace(out=_hear(runner, span, span.first, trusted=trusted))
    return _ask_many(runner, walker, function, span._replace(behind=behind), trusted=trusted)


def _take_one(runner: Runner, span: Span, *, trusted: bool) -> Walked:
    walked = _walked(runner, span, span.first + 1)
    runner.asker.bank.update(span.rows.bar(span.first))
    return walked._replace(out=_hear(runner, span, span.first, trusted=trusted))


def _walked(runner: Runner, span: Span, behind: int) -> Walked:
    return Walked(behind, runner.asker.series.take_rows(span.rows, span.first, behind), _NOTHING)


def _silent(runner: Runner, span: Span) -> int:
    """Pass by bars at which nobody is asked anything; return the row behind them, 0 where there are none."""
    asker, behind = runner.asker, span.behind
    if not asker.paused:
        behind = min(behind, span.first + runner.spec.strategy.warmup - 1 - asker.series.count)
    if behind <= span.first:
        return 0
    behind = span.rows.first_at(span.first + 1, behind, span.falling, span.rising)
    asker.bank.show(behind - 1)
    return behind


def _question(runner: Runner, *, trusted: bool) -> Function | None:
    """Return what a runner asks at every bar, if that is one and the same."""
    desk, state = runner.desk, runner.machine.state
    if not trusted or desk.pending is not None or desk.working is not None:
        return None
    if runner.on_ticks and runner.spec.strategy.updates_on(state) is not Update.BAR:
        return None
    return _QUESTIONS[state]


def _patience(runner: Runner, span: Span) -> int:
    """Return the row behind which a walk must not go: the last bar that Analyzing may last is a bar of its own."""
    machine = runner.machine
    if machine.state is RunnerState.ANALYZING and machine.timeout_updates:
        return min(span.behind, span.first + machine.timeout_updates - machine.updates - 1)
    return span.behind


def _ask_many(runner: Runner, walker: SpanHost, function: Function, span: Span, *, trusted: bool) -> Walked:
    asker, first = runner.asker, span.first
    asker.tell()
    base = asker.prepare(walker)
    bid, ask = _sides(span, first)
    reached, outcome = walker.walk(
        function, HostSpan(first - base, span.behind - base, bid, ask, span.falling, span.rising)
    )
    row = reached + base
    _pass(runner, row - first)
    if outcome is None:
        asker.bank.show(row - 1)
        return _walked(runner, span, row)
    asker.bank.show(row)
    walked = _walked(runner, span, row + 1)
    asker.answered = (outcome,)
    return walked._replace(out=_hear(runner, span, row, trusted=trusted))


def _pass(runner: Runner, count: int) -> None:
    """Count updates at which the strategy answered nil."""
    if count:
        asker, machine = runner.asker, runner.machine
        asker.evaluations += count
        asker.errors_in_row = 0
        if machine.state is RunnerState.ANALYZING:
            machine.updates += count


def _hear(runner: Runner, span: Span, row: int, *, trusted: bool) -> Sequence[AnyMessage]:
    bar = span.rows.bar(row)
    return runner.hear(bar, bar.id, _sides(span, row), bar.end_ns, trusted=trusted)


def _sides(span: Span, row: int) -> tuple[float, float]:
    if span.quote is not None and row == span.first:
        return span.quote.bid, span.quote.ask
    close = span.rows.closes[row - span.rows.first]
    return close, close
