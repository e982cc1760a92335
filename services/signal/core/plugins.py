"""Plug-in indicators: a function from whole columns to whole columns, made into an indicator like those built in.

How it works: where the whole history is there at once (`HISTORY` is set, in a backtest), the function is called once, for
all bars, and each bar takes its value out of the result. Where it is not, the latest WINDOW_BARS bars are kept and the
function is called again at the close of each. A function that only looks back gives the same either way; one that does
not looks into the future in the first case and cannot in the second, which `orrery check lookahead` finds.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, NamedTuple, Protocol

from services.signal.core.indicator import Indicator, Number, Parameter

WINDOW_BARS = 1_000
"""Bars that a plug-in is given at each close where the whole history is not there."""
FIELDS = ("open", "high", "low", "close", "volume", "start_ns")
"""Columns that a plug-in may ask for."""

Row = tuple[float | None, ...]
"""The outputs of a plug-in at one bar; None where it has no value."""

Columns = Mapping[str, Sequence[float]]


class PluginFailedError(Exception):
    """A plug-in failed, or computed what cannot be used; the text begins with its file."""


class Plugin(NamedTuple):
    """What a plug-in is. compute: from columns of one length, oldest bar first, and parameters to one row a bar.

    warmup: bars without a value, the first one with a value included, by the parameters.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    warmup: Callable[[Mapping[str, Number]], int]
    compute: Callable[[Columns, Mapping[str, Number]], Sequence[Row]]


class History(Protocol):
    """All bars there are, by symbol."""

    def columns(self, symbol: str) -> Columns:
        """Return the columns of a symbol, oldest bar first."""
        ...

    def row(self, symbol: str, start_ns: int) -> int:
        """Return the place of a bar in the columns."""
        ...


HISTORY: ContextVar[History | None] = ContextVar("HISTORY", default=None)
"""The history of a run that has it all; indicators made while it is set compute over it at once."""


@contextmanager
def without_history() -> Iterator[None]:
    """Let plug-in indicators that are made meanwhile see their latest bars only."""
    token = HISTORY.set(None)
    try:
        yield
    finally:
        HISTORY.reset(token)


class PluginIndicator:
    """A plug-in with its parameters on one symbol; subclasses say which."""

    PLUGIN: ClassVar[Plugin]
    INPUTS: ClassVar[tuple[str, ...]]
    OUTPUTS: ClassVar[tuple[str, ...]]
    PARAMETERS: ClassVar[tuple[Parameter, ...]]

    __slots__ = ("_bars", "_first", "_given", "_history", "_rows", "value")

    def __init__(self, *parameters: Number) -> None:
        names = [parameter.name for parameter in self.PARAMETERS]
        self._given = dict(zip(names, parameters, strict=True))
        self._first = self.PLUGIN.warmup(self._given)
        self._history = HISTORY.get()
        self._bars: deque[tuple[float, ...]] = deque(maxlen=max(WINDOW_BARS, self._first))
        self._rows: Sequence[Row] | None = None
        self.value: Any = None

    def update(self, symbol: str, start_ns: int, *fields: float) -> Any:
        """Take a bar; return its outputs, None before the warm-up is over."""
        row = self._in_window(fields) if self._history is None else self._in_history(symbol, start_ns)
        if row is not None:
            self.value = row[0] if len(row) == 1 else row
        return self.value

    def _in_history(self, symbol: str, start_ns: int) -> Row | None:
        history = self._history
        assert history is not None, "asked for by update only where there is one"
        number = history.row(symbol, start_ns)
        if number + 1 < self._first:
            return None
        if self._rows is None:
            columns = history.columns(symbol)
            wanted = {name: columns[name] for name in self.PLUGIN.inputs}
            self._rows = self.PLUGIN.compute(wanted, self._given)
        return self._rows[number]

    def _in_window(self, fields: tuple[float, ...]) -> Row | None:
        self._bars.append(fields)
        if len(self._bars) < self._first:
            return None
        columns = dict(zip(self.PLUGIN.inputs, zip(*self._bars, strict=True), strict=True))
        return self.PLUGIN.compute(columns, self._given)[-1]

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered: the bars of the window, and the latest outputs."""
        return (tuple(self._bars), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        bars, value = state
        self._bars.clear()
        self._bars.extend(tuple(bar) for bar in bars)
        self.value = tuple(value) if isinstance(value, list) else value


def kind_of(plugin: Plugin) -> type[Indicator]:
    """Return the indicator that a plug-in makes."""
    members = {
        "__doc__": f"The plug-in {plugin.name}.",
        "__slots__": (),
        "PLUGIN": plugin,
        "INPUTS": ("symbol", "start_ns", *plugin.inputs),
        "OUTPUTS": plugin.outputs,
        "PARAMETERS": plugin.parameters,
    }
    return type(plugin.name, (PluginIndicator,), members)
