"""Span stepping: many closed bars in one call, with what bar by bar would bring.

How it works: while a runner has nothing on its way it only asks one function of its strategy at each bar, and nothing
follows as long as that answers nil. Such a stretch is walked inside the host. At the first bar that brings anything,
the answer is handed to the runner, which goes on as if it had asked for it itself.
"""

from collections.abc import Sequence

import msgspec

from common.messages import AnyMessage, Quote, RunnerState
from services.signal.core.host import Function, HostSpan
from services.signal.core.rows import BarRows
from services.signal.core.runner import Runner
from services.signal.core.spec import Update

_QUESTIONS = {
    RunnerState.IDLE: Function.DETECT,
    RunnerState.ANALYZING: Function.FILTER,
    RunnerState.IN_POSITION: Function.MANAGE,
}
_NOTHING: tuple[AnyMessage, ...] = ()


class Span(msgspec.Struct, frozen=True, gc=False):
    """Rows `first` up to, not including, `behind`. quote: shown with the first bar; None: its close on both sides.

    falling, rising: stop before the first later row whose low is at `falling` or below, or high at `rising` or above.
    """

    rows: BarRows
    first: int
    behind: int
    quote: Quote | None
    falling: float
    rising: float


class Walked(msgspec.Struct, frozen=True, gc=False):
    """The row behind those that were taken, and what followed from the last. gaps: bars that did not follow the one before."""

    behind: int
    gaps: int
    out: Sequence[AnyMessage]


def walk(runner: Runner, span: Span, *, trusted: bool) -> Walked:
    """Take closed bars one after the other, at least one, until something follows or the span ends."""
    asker, rows, first = runner.asker, span.rows, span.first
    ahead = asker.bank.look_ahead(rows, first)
    if ahead is None:
        if span.quote is not None:
            for see in asker.bank.of_sizes:
                see(span.quote.bid_size, span.quote.ask_size)
        asker.bank.update(rows.bar(first))
        return _hear(runner, span, first, trusted=trusted)
    if asker.paused or asker.series.count + 1 < runner.spec.strategy.warmup:
        silent = _silent(runner, span)
        return Walked(silent, asker.series.take_rows(rows, first, silent), _NOTHING)
    function, behind = _question(runner, trusted=trusted), _patience(runner, span)
    if function is None or asker.walker is None or behind <= first:
        asker.bank.show(first)
        return _hear(runner, span, first, trusted=trusted)
    if asker.account is not asker.told:
        asker.tell()
    if asker.told_order is not None:
        asker.show_order(None)  # nothing rests any more, or there would be no question
    asker.prepare(asker.walker, ahead)
    base, (bid, ask) = ahead.first, _sides(span, first)
    asked = HostSpan(first - base, behind - base, bid, ask, span.falling, span.rising)
    reached, outcome = asker.walker.walk(function, asked)
    row = reached + base
    if row > first:
        _pass(runner, row - first)
    if outcome is None:
        asker.bank.show(row - 1)
        return Walked(row, asker.series.take_rows(rows, first, row), _NOTHING)
    asker.bank.show(row)
    asker.answered = (outcome,)
    return _hear(runner, span, row, trusted=trusted)


def _silent(runner: Runner, span: Span) -> int:
    """Pass by bars at which nobody is asked anything, at least one; return the row behind them."""
    asker, behind = runner.asker, span.behind
    if not asker.paused:
        behind = min(behind, span.first + runner.spec.strategy.warmup - 1 - asker.series.count)
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


def _pass(runner: Runner, count: int) -> None:
    """Count updates at which the strategy answered nil."""
    asker, machine = runner.asker, runner.machine
    asker.evaluations += count
    asker.errors_in_row = 0
    if machine.state is RunnerState.ANALYZING:
        machine.updates += count


def _hear(runner: Runner, span: Span, row: int, *, trusted: bool) -> Walked:
    rows = span.rows
    gaps = runner.asker.series.take_rows(rows, span.first, row + 1)
    market = rows.market(row, *_sides(span, row))
    end_ns = rows.starts[row - rows.first] + rows.length_ns
    return Walked(row + 1, gaps, runner.hear(market, market[4], rows.id(row), end_ns, trusted=trusted))


def _sides(span: Span, row: int) -> tuple[float, float]:
    if span.quote is not None and row == span.first:
        return span.quote.bid, span.quote.ask
    close = span.rows.closes[row - span.rows.first]
    return close, close
