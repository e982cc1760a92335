"""The indicators of one runner: updated once a bar, their outputs in slots that the host passes on as they are."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from common.messages import Bar
from services.signal.core.ahead import Ahead
from services.signal.core.backend import fits, make_indicator
from services.signal.core.feeders import Feeders, feed
from services.signal.core.indicator import BadParametersError, Indicator, IndicatorKey
from services.signal.core.indicators import BUILT_IN, REGISTRY
from services.signal.core.model import ModelIndicator
from services.signal.core.plugins import without_history
from services.signal.core.rows import BarRows

Window = Callable[[IndicatorKey], Iterable[Bar]]
"""The bars that an indicator's series has shown so far, oldest first."""


class IndicatorBank:
    """Indicators in the order of their slots. `arguments` is the list that hosts are called with.

    How it works: the outputs of an indicator stand in `arguments` from its slot on, behind what stood there before the
    first one was added. `of_sizes` has those that want the sizes of the latest quote before a bar. `own` feeds those of
    the runner's own bars, `others` those of another series, by timeframe and symbol as their keys have them. Where many
    bars are known beforehand, `look_ahead` computes the outputs for all of them and `show` puts them in their slots.
    """

    __slots__ = (
        "_by_key",
        "_first_slot",
        "_may_look_ahead",
        "ahead",
        "arguments",
        "keys",
        "of_sizes",
        "others",
        "own",
    )

    def __init__(self, arguments: list[float | None], keys: Iterable[IndicatorKey]) -> None:
        self.arguments = arguments
        self._first_slot = len(arguments)
        self.ahead: Ahead | None = None
        self._may_look_ahead = True
        self.keys: list[IndicatorKey] = []
        self.of_sizes: list[Callable[[float, float], None]] = []
        self.own = Feeders(arguments)
        self.others: dict[tuple[str, str], Feeders] = {}
        self._by_key: dict[IndicatorKey, tuple[Indicator, int]] = {}
        for key in keys:
            self.add(key, ())

    def add(self, key: IndicatorKey, window: Iterable[Bar]) -> None:
        """Add an indicator in the next slots, as if it had seen the bars of the window.

        Raises:
            BadParametersError: there is no such indicator, or it does not take these parameters.
        """
        if key in self._by_key:
            raise BadParametersError(f"{key.title}: already there")
        self.stay()
        indicator = _made(key)
        slot, outputs = len(self.arguments), len(indicator.OUTPUTS)
        self.arguments.extend([None] * outputs)
        self.keys.append(key)
        self._may_look_ahead = self._may_look_ahead and key.name in BUILT_IN and key.is_own
        self._by_key[key] = (indicator, slot)
        feed(indicator, window)
        self._write(indicator, slot)
        if isinstance(indicator, ModelIndicator):
            self.of_sizes.append(indicator.see_sizes)
        self._feeders(key).add(indicator, slot)

    def _feeders(self, key: IndicatorKey) -> Feeders:
        if key.is_own:
            return self.own
        return self.others.setdefault((key.timeframe, key.symbol), Feeders(self.arguments))

    def update(self, bar: Bar) -> None:
        """Feed a closed bar of the runner's own series to the indicators that take those."""
        if self.ahead is not None:
            self.stay()
        self.own.update(bar)

    def shown(self) -> Iterable[tuple[IndicatorKey, Indicator]]:
        """Return the indicators with their keys, to be looked at only."""
        return [(key, self._by_key[key][0]) for key in self.keys]

    def look_ahead(self, rows: BarRows, row: int) -> Ahead | None:
        """Return the outputs for these rows, from `row` on or from before; None where one is a plug-in, or of other bars."""
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

    def _write(self, indicator: Indicator, slot: int) -> None:
        value = indicator.value
        if value is not None:
            values = value if isinstance(value, tuple) else (value,)
            self.arguments[slot : slot + len(values)] = values

    def save(self) -> list[tuple[IndicatorKey, tuple[Any, ...]]]:
        """Return keys and states in the order of the slots."""
        self.stay()
        return [(key, self._by_key[key][0].state()) for key in self.keys]

    def restore(self, saved: Sequence[tuple[IndicatorKey, Sequence[Any]]], window: Window) -> None:
        """Take over saved states; what they do not know is filled from the window, what this does not know is added."""
        self.stay()
        states = dict(saved)
        for key in self.keys:
            indicator, slot = self._by_key[key]
            if key in states and fits(indicator, states[key]):
                indicator.restore(states[key])
            else:
                feed(indicator, window(key))
            self._write(indicator, slot)
        for key, state in saved:
            if key not in self._by_key and key.name in REGISTRY:
                self.add(key, ())
                indicator, slot = self._by_key[key]
                if fits(indicator, state):
                    indicator.restore(state)
                else:
                    feed(indicator, window(key))
                self._write(indicator, slot)


def _made(key: IndicatorKey) -> Indicator:
    if key.is_own:
        return make_indicator(key)
    with without_history():  # the history of a run is that of the runners' own bars
        return make_indicator(key)
