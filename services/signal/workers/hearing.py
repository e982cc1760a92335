"""Which input goes to which workers, and what of it only has to be known later."""

from collections.abc import Callable, Sequence
from typing import Any

from common.instruments import Instruments
from common.messages import (
    AccountChanged,
    AnyMessage,
    Bar,
    ExternalSignal,
    Greeks,
    InputGap,
    MarketStatus,
    PositionChanged,
    Quote,
)
from services.signal.core.host import StrategyHost
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.workers.crew import Crew
from services.signal.workers.frames import chunk_of
from services.signal.workers.sharing import runner_named

_NOTHING: tuple[AnyMessage, ...] = ()
type Handler = Callable[[Any, int], Sequence[AnyMessage]]


def no_host(spec: RunnerSpec) -> StrategyHost:
    """Make no host: a core without runners needs none."""
    raise AssertionError(f"{spec.id}: expected no runner here")


def _ignore(_message: AnyMessage, _now_ns: int) -> Sequence[AnyMessage]:
    return _NOTHING


class Hearing:
    """Takes all inputs but commands, by their types.

    How it works: what a core takes that names a runner and is not in the table goes to that runner's worker.
    """

    def __init__(self, crew: Crew) -> None:
        self._crew, self._market, self._roll = crew, crew.market, crew.roll
        self._handler_of = SignalCore((), no_host, Instruments()).handler_of
        self.handlers: dict[type, Handler] = {
            Bar: self._on_bar,
            Quote: self._on_quote,
            PositionChanged: self._on_position,
            MarketStatus: self._on_shared,
            AccountChanged: self._on_shared,
            Greeks: self._on_greeks,
            ExternalSignal: self._on_signal,
            InputGap: self._on_gap,
        }

    def handler_of(self, kind: type) -> Handler:
        """Return what takes messages of a type."""
        known = self.handlers.get(kind)
        if known is not None:
            return known
        is_heard = self._handler_of(kind) is not None
        assert not is_heard or "runner" in getattr(kind, "__struct_fields__", ()), (
            f"{kind.__name__}: expected a runner, or an entry here"
        )
        handler = self.handlers[kind] = self._on_directed if is_heard else _ignore
        return handler

    def _on_bar(self, bar: Bar, now_ns: int) -> Sequence[AnyMessage]:
        if not self._market.take_bar(bar):
            return _NOTHING
        keepers = self._roll.of_series.get((bar.symbol, bar.timeframe), ())
        symbol = bar.symbol
        quote = self._market.quotes.get(symbol)
        if quote is not None:
            for keeper in keepers:
                if keeper.quotes.get(symbol) is not quote:
                    keeper.quotes[symbol] = quote
                    keeper.queue((Quote, symbol), chunk_of(quote, now_ns))
        return self._crew.tell(keepers, bar, now_ns)

    def _on_quote(self, quote: Quote, now_ns: int) -> Sequence[AnyMessage]:
        symbol = quote.symbol
        self._market.quotes[symbol] = quote
        keepers = self._roll.of_ticks.get(symbol)
        if keepers is None:
            return _NOTHING
        for keeper in keepers:
            keeper.quotes[symbol] = quote
        return self._crew.tell(keepers, quote, now_ns)

    def _on_directed(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        return self._crew.tell((self._crew.home(runner_named(message)),), message, now_ns)

    def _on_position(self, changed: PositionChanged, now_ns: int) -> Sequence[AnyMessage]:
        # None replaces another: each may be the one that matches the position of its moment.
        self._crew.queue((self._crew.home(changed.runner),), object(), changed, now_ns)
        return _NOTHING

    def _on_shared(self, message: MarketStatus | AccountChanged, now_ns: int) -> Sequence[AnyMessage]:
        self._market.learn(message)
        about = message.symbol if isinstance(message, MarketStatus) else message.currency
        self._crew.queue(self._crew.keepers, (type(message), about), message, now_ns)
        return _NOTHING

    def _on_greeks(self, greeks: Greeks, now_ns: int) -> Sequence[AnyMessage]:
        if self._market.learn_greeks(greeks):
            self._crew.queue(self._roll.of_greeks[greeks.symbol], (Greeks, greeks.symbol), greeks, now_ns)
        return _NOTHING

    def _on_signal(self, signal: ExternalSignal, now_ns: int) -> Sequence[AnyMessage]:
        if self._market.learn_signal(signal):
            self._crew.queue(self._crew.keepers, (ExternalSignal, signal.name, signal.symbol), signal, now_ns)
        return _NOTHING

    def _on_gap(self, gap: InputGap, _now_ns: int) -> Sequence[AnyMessage]:
        self._market.counters.input_gaps += gap.missing
        return _NOTHING
