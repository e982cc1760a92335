"""The signal service's core: bars and quotes in, intents out; answers of risk and execution back to their runners."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from common.instruments import Instruments
from common.messages import (
    AccountChanged,
    AmendRefused,
    AmendRejected,
    AnyMessage,
    Bar,
    ExternalSignal,
    Fill,
    Greeks,
    InputGap,
    MarketStatus,
    OperatorCommand,
    OrderAmended,
    OrderCancelled,
    OrderRefused,
    OrderRejected,
    PositionChanged,
    Quote,
)
from services.signal.core.changes import PAUSE, RESUME, Changes
from services.signal.core.describe import counts_of, describe_runner
from services.signal.core.holding import on_read_bar, settled
from services.signal.core.host import HostFactory
from services.signal.core.leaving import end_retired, fill_retired
from services.signal.core.roster import Roster, SignalLimits, index_reading, learn_amended
from services.signal.core.runner import release
from services.signal.core.saving import decode_saved, encode_saved, load_roster, save_roster
from services.signal.core.spans import Span, walk
from services.signal.core.spec import RunnerSpec

__all__ = ["PAUSE", "RESUME", "SignalCore"]

_NOTHING: tuple[AnyMessage, ...] = ()


class SignalCore:
    """All runners of one signal service; implements `common.core.Core`.

    specs: the runners, in the order in which they are asked. make_host: makes the place where a strategy lives. changes:
    what obeys operators' commands.
    """

    def __init__(
        self,
        specs: Sequence[RunnerSpec],
        make_host: HostFactory,
        instruments: Instruments,
        limits: SignalLimits | None = None,
    ) -> None:
        self._roster = Roster(limits or SignalLimits())
        for spec in specs:
            self._roster.add(spec, make_host(spec), instruments[spec.symbol])
        index_reading(self._roster)
        self.changes = Changes(self._roster, make_host, instruments)
        self._handlers: dict[type, Callable[[Any, int], Sequence[AnyMessage]]] = {
            Bar: self._on_bar,
            Quote: self._on_quote,
            Fill: self._on_fill,
            OrderRefused: self._on_order_ended,
            OrderRejected: self._on_order_ended,
            OrderCancelled: self._on_order_ended,
            OrderAmended: partial(learn_amended, self._roster),
            AmendRejected: partial(learn_amended, self._roster),
            AmendRefused: partial(learn_amended, self._roster),
            OperatorCommand: self.changes.obey,
            MarketStatus: self._roster.learn_market,
            PositionChanged: self._roster.learn_position,
            AccountChanged: self._roster.learn_account,
            Greeks: self._roster.facts.learn_greeks,
            ExternalSignal: self._roster.facts.learn_signal,
            InputGap: self._roster.learn_gap,
        }

    def required_bars(self) -> list[tuple[str, str]]:
        """Return the (symbol, timeframe) pairs whose bars the runners need, sorted."""
        return sorted(self._roster.series)

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Take one input; return intents and what runners did."""
        handler = self._handlers.get(type(message))
        return _NOTHING if handler is None else handler(message, now_ns)

    def handler_of(self, kind: type) -> Callable[[Any, int], Sequence[AnyMessage]] | None:
        """Return what takes messages of a type; None where they are ignored."""
        return self._handlers.get(kind)

    def next_deadline_ns(self) -> int | None:
        """Return None: runners are moved by messages alone."""
        return None

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """Return nothing: there are no deadlines."""
        assert now_ns >= 0
        return _NOTHING

    def walk(self, span: Span) -> tuple[int, Sequence[AnyMessage]]:
        """Take closed bars of a series that has one runner, one after the other, until something follows or the span ends.

        Does what `handle` does with a quote and then the bar, row by row, except that who calls must hand in the quote of
        the last row. Returns the first row that was not taken, and what follows from the one before it.
        """
        rows, roster = span.rows, self._roster
        (runner,) = roster.of_series[rows.symbol, rows.timeframe]
        walked = walk(runner, span, trusted=roster.is_trusted(rows.symbol))
        roster.counters.bars += walked.behind - span.first
        roster.counters.bar_gaps += walked.gaps
        return walked.behind, settled(roster, walked.out)

    def _on_bar(self, bar: Bar, now_ns: int) -> Sequence[AnyMessage]:
        roster = self._roster
        if not roster.take_bar(bar):
            return _NOTHING
        key = (bar.symbol, bar.timeframe)
        if key in roster.of_read:
            return settled(roster, on_read_bar(roster, bar, now_ns))
        trusted, quote, cause = roster.is_trusted(bar.symbol), roster.quotes.get(bar.symbol), bar.id
        out: list[AnyMessage] = []
        for runner in roster.of_series[key]:
            out += runner.on_bar(bar, cause, quote, now_ns, trusted=trusted)
        return settled(roster, out)

    def _on_quote(self, quote: Quote, now_ns: int) -> Sequence[AnyMessage]:
        roster, symbol = self._roster, quote.symbol
        roster.quotes[symbol] = quote
        runners = roster.of_quotes.get(symbol)
        if runners is None:
            return _NOTHING
        trusted, cause = roster.is_trusted(symbol), quote.id
        out: list[AnyMessage] = []
        for runner in runners:
            if runner.held is not None and now_ns >= runner.held_until_ns:
                out += release(runner, quote, now_ns, trusted=trusted)
            if runner.on_ticks:
                out += runner.on_quote(quote, cause, now_ns, trusted=trusted)
        return settled(roster, out)

    def _on_fill(self, fill: Fill, now_ns: int) -> Sequence[AnyMessage]:
        runner = self._roster.runners.get(fill.runner) or self._roster.find(fill.runner)
        if runner is None:
            return fill_retired(self._roster, fill, now_ns)
        out = runner.on_fill(fill, now_ns)
        return [*out, *self.changes.settle(runner, fill.id, now_ns)] if self._roster.leaving else out

    def _on_order_ended(
        self, ended: OrderRefused | OrderRejected | OrderCancelled, now_ns: int
    ) -> Sequence[AnyMessage]:
        runner = self._roster.find(ended.runner)
        if runner is None:
            end_retired(self._roster, ended.runner, ended.intent_id)
            return _NOTHING
        reason = "cancelled" if isinstance(ended, OrderCancelled) else ended.reason.value
        out = runner.on_order_ended(ended.intent_id, reason, now_ns)
        return [*out, *self.changes.settle(runner, ended.intent_id, now_ns)] if self._roster.leaving else out

    def snapshot(self) -> bytes:
        """Return the whole state: canonical bytes."""
        return encode_saved(save_roster(self._roster))

    def restore(self, state: bytes) -> None:
        """Take over a state that `snapshot` returned; runners that are configured no more are dropped and counted.

        Raises:
            ValueError: the bytes are no such state, or the state of a strategy does not fit its file.
        """
        load_roster(self._roster, decode_saved(state), self.changes.restored)

    @property
    def refusal(self) -> str:
        """Return why the latest operator command was not obeyed; empty if it was."""
        return self.changes.refusal

    @property
    def roster(self) -> Roster:
        """Return the runners, to be looked at only."""
        return self._roster

    def status(self) -> dict[str, Any]:
        """Return a summary for people: counters at the top level, one entry per runner."""
        roster = self._roster
        return {
            **counts_of(roster),
            "markets": {symbol: state.value for symbol, state in sorted(roster.states.items())},
            "runners": [describe_runner(runner) for runner in roster.runners.values()],
        }
