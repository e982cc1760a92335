"""The indicators that are fed with one series of bars, and the slots that their outputs go to."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from common.messages import Bar
from services.signal.core.ahead import update_many
from services.signal.core.indicator import Indicator, Value
from services.signal.core.window import WindowIndicator


class Feeders:
    """Most indicators take the close and give one number; they have a loop of their own.

    arguments: the list of the slots, shared with whoever calls hosts with it.
    """

    __slots__ = ("_arguments", "_of_close", "_others")

    def __init__(self, arguments: list[float | None]) -> None:
        self._arguments = arguments
        self._of_close: list[tuple[Callable[..., Any], int]] = []
        self._others: list[tuple[Callable[..., Value], Callable[[Any], Any], bool, int, int]] = []

    def add(self, indicator: Indicator, slot: int) -> None:
        """Feed an indicator from now on; its outputs stand from `slot` on."""
        update, inputs, outputs = indicator.update, indicator.INPUTS, len(indicator.OUTPUTS)
        if inputs == ("close",) and outputs == 1:
            self._of_close.append((update, slot))
        else:
            self._others.append((update, attrgetter(*inputs), len(inputs) > 1, slot, slot + outputs))

    def update(self, bar: Bar) -> None:
        """Feed a closed bar to all."""
        arguments, close = self._arguments, bar.close
        for update, slot in self._of_close:
            arguments[slot] = update(close)
        for update, inputs, several, slot, behind in self._others:
            value = update(*inputs(bar)) if several else update(inputs(bar))
            if isinstance(value, tuple):
                arguments[slot:behind] = value
            else:
                arguments[slot] = value


def feed(indicator: Indicator, window: Iterable[Bar]) -> None:
    """Feed bars to one indicator, oldest first."""
    bars = tuple(window)
    if bars:
        columns = [[getattr(bar, name) for bar in bars] for name in indicator.INPUTS]
        if isinstance(indicator, WindowIndicator):
            indicator.fill(columns)
        else:
            update_many(indicator, columns)
