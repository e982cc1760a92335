"""The indicators of one runner: updated once a bar, their outputs in slots that the host passes on as they are."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from common.messages import Bar
from services.signal.core.ahead import Ahead, update_many
from services.signal.core.backend import fits, make_indicator
from services.signal.core.indicator import BadParametersError, Indicator, IndicatorKey, Value
from services.signal.core.indicators import BUILT_IN, REGISTRY
from services.signal.core.model import ModelIndicator
from services.signal.core.rows import BarRows


class IndicatorBank:
    """Indicators in the order of their slots. `arguments` is the list that hosts are called with.

    How it works: the outputs of an indicator stand in `arguments` from its slot on, behind what stood there before the
    first one was added. `of_sizes` has those that want the sizes of the latest quote before a bar. Most indicators take the close and give one number; they have a loop of their own. Where many
    bars are known beforehand, `look_ahead` computes the outputs for all of them and `show` puts them in their slots.
    """

    __slots__ = (
        "_by_key",
        "_first_slot",
        "_may_look_ahead",
        "_of_close",
        "_others",
        "ahead",
        "arguments",
        "keys",
        "of_sizes",
    )

    def __init__(self, arguments: list[float | None], keys: Iterable[IndicatorKey]) -> None:
        self.arguments = arguments
        self._first_slot = len(arguments)
        self.ahead: Ahead | None = None
        self._may_look_ahead = True
        self.keys: list[IndicatorKey] = []
        self.of_sizes: list[Callable[[float, float], None]] = []
        self._by_key: dict[IndicatorKey, tuple[Indicator, int]] = {}
        self._of_close: list[tuple[Callable[..., Any], int]] = []
        self._others: list[tuple[Callable[..., Value], Callable[[Any], Any], bool, int, int]] = []
        for key in keys:
            self.add(key, ())

    def add(self, key: IndicatorKey, window: Iterable[Bar]) -> None:
        """Add an indicator in the next slots, as if it had seen the bars of the window.

        Raises:
            BadParametersError: there is no such indicator, or it does not take these parameters.
        """
        if key in self._by_key:
            raise BadParametersError(f"{key.name}{key.parameters}: already there")
        self.stay()
        indicator = make_indicator(key)
        slot, outputs = len(self.arguments), len(indicator.OUTPUTS)
        self.arguments.extend([None] * outputs)
        self.keys.append(key)
        self._may_look_ahead = self._may_look_ahead and key.name in BUILT_IN
        self._by_key[key] = (indicator, slot)
        self._feed(indicator, window)
        self._write(indicator, slot)
        if isinstance(indicator, ModelIndicator):
            self.of_sizes.append(indicator.see_sizes)
        update, inputs = indicator.update, indicator.INPUTS
        if inputs == ("close",) and outputs == 1:
            self._of_close.append((update, slot))
        else:
            self._others.append((update, attrgetter(*inputs), len(inputs) > 1, slot, slot + outputs))

    def update(self, bar: Bar) -> None:
        """Feed a closed bar to all indicators."""
        if self.ahead is not None:
            self.stay()
        arguments, close = self.arguments, bar.close
        for update, slot in self._of_close:
            arguments[slot] = update(close)
        for update, inputs, several, slot, behind in self._others:
            value = update(*inputs(bar)) if several else update(inputs(bar))
            if isinstance(value, tuple):
                arguments[slot:behind] = value
            else:
                arguments[slot] = value

    def is_warm(self) -> bool:
        """Return whether all indicators have a value; of several outputs some may come and go."""
        values = [indicator.value for indicator, _ in self._by_key.values()]
        return all(
            any(part is not None for part in (value if isinstance(value, tuple) else (value,))) for value in values
        )

    def shown(self) -> Iterable[tuple[IndicatorKey, Indicator]]:
        """Return the indicators with their keys, to be looked at only."""
        return [(key, self._by_key[key][0]) for key in self.keys]

    def look_ahead(self, rows: BarRows, row: int) -> Ahead | None:
        """Return the outputs for these rows, from `row` on or from before; None where one is a plug-in."""
        ahead = self.ahead
        if ahead is None or ahead.rows is not rows or ahead.reached != row:
            self.stay()
            if not self._may_look_ahead:
                return None
            self.ahead = ahead = Ahead([self._by_key[key][0] for key in self.keys], rows, row)
        return ahead

    def show(self, row: int) -> None:
        """Put the outputs at a row, which was looked ahead to, into the slots."""
        assert self.ahead is not None, f"row {row}: expected one that was looked ahead to"
        self.ahead.show(row, self.arguments, self._first_slot)

    def stay(self) -> None:
        """Forget what lies ahead."""
        if self.ahead is not None:
            self.ahead.go_back()
            self.ahead = None

    def _feed(self, indicator: Indicator, window: Iterable[Bar]) -> None:
        bars = tuple(window)
        if bars:
            update_many(indicator, [[getattr(bar, name) for bar in bars] for name in indicator.INPUTS])

    def _write(self, indicator: Indicator, slot: int) -> None:
        value = indicator.value
        if value is not None:
            values = value if isinstance(value, tuple) else (value,)
            self.arguments[slot : slot + len(values)] = values

    def save(self) -> list[tuple[IndicatorKey, tuple[Any, ...]]]:
        """Return keys and states in the order of the slots."""
        self.stay()
        return [(key, self._by_key[key][0].state()) for key in self.keys]

    def restore(self, saved: Sequence[tuple[IndicatorKey, Sequence[Any]]], window: Sequence[Bar]) -> None:
        """Take over saved states; what they do not know is filled from the window, what this does not know is added."""
        self.stay()
        states = dict(saved)
        for key in self.keys:
            indicator, slot = self._by_key[key]
            if key in states and fits(indicator, states[key]):
                indicator.restore(states[key])
            else:
                self._feed(indicator, window)
            self._write(indicator, slot)
        for key, state in saved:
            if key not in self._by_key and key.name in REGISTRY:
                self.add(key, ())
                indicator, slot = self._by_key[key]
                if fits(indicator, state):
                    indicator.restore(state)
                else:
                    self._feed(indicator, window)
                self._write(indicator, slot)
