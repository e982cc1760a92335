"""How a runner asks its strategy: the call, the indicators it turns out to need, and the errors it makes."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from common.messages import AnyMessage, Bar, RunnerFailed
from services.signal.core.ahead import Ahead
from services.signal.core.bank import IndicatorBank
from services.signal.core.host import (
    FUNCTION_NAMES,
    AccountView,
    Function,
    MarketView,
    OrderView,
    Outcome,
    PositionView,
    SpanHost,
    StrategyHost,
)
from services.signal.core.indicator import IndicatorKey
from services.signal.core.indicators import REGISTRY
from services.signal.core.orders import Origin
from services.signal.core.readings import Readings, Shared
from services.signal.core.series import Series
from services.signal.core.spec import RunnerSpec

LINES_KEPT = 50
"""Printed lines kept for people."""

MARKET_FIELDS = len(MarketView._fields)


class Asker:
    """Counts evaluations and errors; after `max_errors` updates in a row with an error it is paused.

    answered: what the host has said to the next question already. walker: the host, if it can go through many bars.
    account: what the host is to know before it is asked; told, told_order: what it knows. readings: the other series that it reads.
    """

    __slots__ = (
        "_told_position",
        "account",
        "answered",
        "arguments",
        "bank",
        "errors",
        "errors_in_row",
        "evaluations",
        "host",
        "last_error",
        "lines",
        "max_errors",
        "paused",
        "readings",
        "series",
        "strategy",
        "told",
        "told_order",
        "told_other",
        "walker",
    )

    def __init__(self, spec: RunnerSpec, host: StrategyHost, series: Series, max_errors: int, shared: Shared) -> None:
        self.strategy = spec.strategy
        self.host = host
        self.walker = host if isinstance(host, SpanHost) else None
        self.series = series
        self.max_errors = max_errors
        self.arguments: list[float | None] = [None] * MARKET_FIELDS
        self.bank = IndicatorBank(self.arguments, spec.indicators)
        self.readings = Readings(spec, shared, series)
        self.account: AccountView | None = None
        self.told: AccountView | None = None
        self._told_position: PositionView | None = None
        self.told_order: OrderView | None = None
        self.told_other: OrderView | None = None
        self.answered: tuple[Outcome | None] | None = None
        self.evaluations = 0
        self.errors = 0
        self.errors_in_row = 0
        self.paused = False
        self.last_error = ""
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)

    def window(self, key: IndicatorKey) -> Iterable[Bar]:
        """Return the bars that an indicator has been shown, or would have been, oldest first."""
        return self.series.window if key.is_own else self.readings.window(key)

    def tell(self) -> None:
        """Let the host know what changed since it was last asked."""
        if self.account is not self.told and self.account is not None:
            self.host.set_account(self.account)
            self.told = self.account

    def show_position(self, position: PositionView | None) -> None:
        """Tell the host the position, if it is another than before."""
        if position != self._told_position:
            self.host.set_position(position)
            self._told_position = position

    def show_order(self, order: OrderView | None, other: OrderView | None = None) -> None:
        """Tell the host what rests, two orders at most, if it is another than before, or stands otherwise."""
        if order != self.told_order or other != self.told_other:
            self.host.set_order(order, other)
            self.told_order, self.told_other = order, other

    def prepare(self, walker: SpanHost, ahead: Ahead) -> None:
        """Let the host have the columns that the indicators were computed for."""
        if not ahead.is_loaded:
            walker.load_rows([*ahead.market(), *ahead.columns])
            ahead.is_loaded = True

    def ask(self, function: Function, origin: Origin, out: list[AnyMessage]) -> dict[str, Any] | None:
        """Return what a function answered; None for nil, and for an error, which is counted and told in `out`."""
        self.evaluations += 1
        if self.answered is not None:
            (outcome,), self.answered = self.answered, None
        else:
            if self.account is not self.told:
                self.tell()
            outcome = self.host.evaluate(function, self.arguments)
        if outcome is None:
            return None
        if outcome.lines:
            self.lines.extend(outcome.lines)
        for key in outcome.wanted:
            placed = self.readings.place(key)
            self.bank.add(placed, self.window(placed))
        if outcome.error is not None:
            self.fail(outcome.error.text, origin, out)
            return None
        if outcome.answer is not None and not isinstance(outcome.answer, dict):
            self.blame(function, "expected a table with named keys, found a list", origin, out)
            return None
        return outcome.answer

    def blame(self, function: Function, text: str, origin: Origin, out: list[AnyMessage]) -> None:
        """Count an answer that cannot be used as an error of the function's first line."""
        name = FUNCTION_NAMES[function]
        self.fail(f"{self.strategy.script}:{self.strategy.lines.get(name, 0)}: {name}: {text}", origin, out)

    def fail(self, text: str, origin: Origin, out: list[AnyMessage]) -> None:
        """Count an error and tell it."""
        self.errors += 1
        self.errors_in_row += 1
        self.last_error = text
        self.paused = self.errors_in_row >= self.max_errors
        out.append(
            RunnerFailed(
                runner=origin.runner,
                strategy=origin.strategy,
                symbol=origin.symbol,
                error=text,
                error_count=self.errors_in_row,
                paused=self.paused,
                cause=origin.cause,
                event_ns=origin.now_ns,
                received_ns=origin.now_ns,
            )
        )

    def resume(self) -> None:
        """Ask again, with a clean slate."""
        self.paused = False
        self.errors_in_row = 0

    def save(self) -> tuple[Any, ...]:
        """Return all that is remembered, as plain data."""
        counters = (self.evaluations, self.errors, self.errors_in_row, self.paused)
        return (counters, self.last_error, list(self.lines), self.bank.save(), self.host.save())

    def load(self, saved: Sequence[Any], *, same_bars: bool) -> None:
        """Take over what `save` returned. same_bars: whether the indicators saw bars of this timeframe.

        Raises:
            ValueError: the strategy's state does not fit its file.
        """
        counters, self.last_error, lines, bank, host = saved
        self.evaluations, self.errors, self.errors_in_row, self.paused = counters
        self.lines.extend(lines)
        self.host.restore(host)
        self.remember(bank, same_bars=same_bars)

    def remember(self, saved: Sequence[tuple[IndicatorKey, Sequence[Any]]], *, same_bars: bool) -> None:
        """Take over the states of indicators, as far as they are of bars that are the same now."""
        known: list[tuple[IndicatorKey, Sequence[Any]]] = []
        for key, state in saved:
            placed = self.readings.place(key)
            if placed == key and (same_bars or not key.is_own):
                known.append((key, state))
            if placed not in self.bank.keys and key.name in REGISTRY:
                self.bank.add(placed, ())  # the slots in their order first; `restore` fills them
        self.bank.restore(known, self.window)
