"""What a core needs from the place where a strategy lives; `hosts/` has the implementations.

A host holds the strategy's code and its context. It is asked once per update with plain numbers and answers with plain
data; a failing strategy is an answer too, never an exception.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from common.messages import ExternalSignal, Greeks
from services.signal.core.indicator import IndicatorKey
from services.signal.core.spec import RunnerSpec


class Function(IntEnum):
    """The three functions of a strategy; numbers, because hosts index by them at every update."""

    DETECT = 0
    FILTER = 1
    MANAGE = 2


FUNCTION_NAMES = ("detect_opportunity", "filter_commitment", "manage_position")
"""The names of the functions in a strategy file, by `Function`."""


class ErrorKind(StrEnum):
    """What went wrong in a strategy."""

    LOAD = "load"
    RUNTIME = "runtime"
    BAD_ANSWER = "bad_answer"
    INSTRUCTION_LIMIT = "instruction_limit"
    MEMORY_LIMIT = "memory_limit"
    TIME_LIMIT = "time_limit"


class HostError(Exception):
    """A strategy that cannot be hosted; the text begins with file and line where they are known."""


class StrategyError(NamedTuple):
    """A strategy's failure. text begins with `file:line: ` where the line is known."""

    kind: ErrorKind
    text: str


class MarketView(NamedTuple):
    """What a strategy sees of the market at one update.

    timestamp: seconds since 1970 UTC of the event (the end of a bar). bid, ask: None before the first quote. price: the
    close of the bar, or the mid of the quote.
    """

    timestamp: float
    open: float
    high: float
    low: float
    close: float
    volume: float
    bid: float | None
    ask: float | None
    price: float


class OrderView(NamedTuple):
    """A runner's order that rests, as far as the runner knows. Quantities: base units; prices: quote units.

    quantity: in all, None where risk chose it. price: of the limit; trigger_price: None where it trails. age: updates since it was
    sent. cancelling, amending: a cancel or a change is on its way. leg: which of a pair, 1 or 2, None where it is alone.
    """

    kind: str
    side: str
    order_type: str
    quantity: float | None
    filled: float
    price: float | None
    trigger_price: float | None
    age: int
    cancelling: bool
    amending: bool = False
    leg: int | None = None


class PositionView(NamedTuple):
    """A runner's position as its fills made it. quantity: base units, negative when short. Prices: quote units."""

    quantity: float
    entry_price: float
    stop: float | None
    target: float | None


class AccountView(NamedTuple):
    """The account in the symbol's quote currency, as risk last said."""

    cash: float
    realised_pnl: float
    fees: float
    open_positions: int


class Outcome(msgspec.Struct, frozen=True):
    """What a call brought, when it was not just nil.

    answer: what the function returned. error: why it failed. wanted: indicators it asked for that nobody computes yet,
    in the order of their slots. lines: what it printed.
    """

    answer: dict[str, Any] | None = None
    error: StrategyError | None = None
    wanted: tuple[IndicatorKey, ...] = ()
    lines: tuple[str, ...] = ()


class StrategyHost(Protocol):
    """One strategy for one runner."""

    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        """Call a function; None means that it returned nil and nothing else happened.

        arguments: the fields of `MarketView`, then the outputs of all indicators in the order in which they were
        registered.
        """
        ...

    def set_position(self, position: PositionView | None) -> None:
        """Tell the strategy its position; None when flat."""
        ...

    def set_order(self, order: OrderView | None, other: OrderView | None = None) -> None:
        """Tell the strategy its order that rests and the other of a pair; None when there is none."""
        ...

    def set_account(self, account: AccountView) -> None:
        """Tell the strategy the account."""
        ...

    def save(self) -> bytes:
        """Return what the strategy remembers, canonical bytes."""
        ...

    def restore(self, saved: bytes) -> None:
        """Take over what `save` returned; only on a fresh host.

        Raises:
            ValueError: the bytes do not fit this strategy.
        """
        ...


@runtime_checkable
class FactsHost(Protocol):
    """A host that can show more than bars and quotes."""

    def set_greeks(self, greeks: Greeks) -> None:
        """Show the latest greeks."""
        ...

    def set_signal(self, signal: ExternalSignal) -> None:
        """Show the latest value of a signal from outside."""
        ...


class PassingHost:
    """A host that passes everything on to another, for who wants to look at the questions."""

    def __init__(self, host: StrategyHost) -> None:
        self.host = host

    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        """Ask the other host."""
        return self.host.evaluate(function, arguments)

    def set_position(self, position: PositionView | None) -> None:
        """Pass it on."""
        self.host.set_position(position)

    def set_order(self, order: OrderView | None, other: OrderView | None = None) -> None:
        """Pass it on."""
        self.host.set_order(order, other)

    def set_account(self, account: AccountView) -> None:
        """Pass it on."""
        self.host.set_account(account)

    def save(self) -> bytes:
        """Return what the strategy remembers."""
        return self.host.save()

    def restore(self, saved: bytes) -> None:
        """Pass it on."""
        self.host.restore(saved)

    def set_greeks(self, greeks: Greeks) -> None:
        """Pass it on, if the other host can show it."""
        if isinstance(self.host, FactsHost):
            self.host.set_greeks(greeks)

    def set_signal(self, signal: ExternalSignal) -> None:
        """Pass it on, if the other host can show it."""
        if isinstance(self.host, FactsHost):
            self.host.set_signal(signal)


class HostSpan(msgspec.Struct, frozen=True, gc=False):
    """Rows to ask a function for, `first` up to, not including, `behind`: numbers in the columns that were loaded.

    bid, ask: those of the first row; at later rows both are the close. falling, rising: no row but the first is asked whose
    low is at `falling` or below, or whose high is at `rising` or above.
    """

    first: int
    behind: int
    bid: float | None
    ask: float | None
    falling: float
    rising: float


@runtime_checkable
class SpanHost(Protocol):
    """A host that goes through many bars in one call, as `evaluate` would one after the other."""

    def load_rows(self, columns: Sequence[Sequence[float | None]]) -> None:
        """Take the rows that `walk` goes through.

        columns: timestamp, open, high, low, close, volume, then the outputs of all indicators in the order in which
        they were registered; all of one length.
        """
        ...

    def walk(self, function: Function, span: HostSpan) -> tuple[int, Outcome | None]:
        """Call a function for one row after the other, until a row brings something or the span ends.

        Returns the row that brought something and its outcome, or the first row that was not asked and None.
        """
        ...


HostFactory = Callable[[RunnerSpec], StrategyHost]
"""Makes the host of a runner, with the indicators of its strategy registered in their order."""
