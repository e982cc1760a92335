"""What a feature is: a number made of one closed bar and the values of one indicator."""

from collections.abc import Callable
from typing import Any, NamedTuple

from services.signal.core.indicator import IndicatorKey


class FeatureBar(NamedTuple):
    """A closed bar as features see it. imbalance: of the latest quote's sizes, -1 to 1; 0 where there is none."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    end_ns: int
    imbalance: float = 0.0


class Feature(NamedTuple):
    """A feature. source: the indicator it takes; None for one of the bar alone. value: from the indicator's value and the bar.

    Every feature is without unit: a ratio, a part of a range, an angle. A model then fits symbols of any price.
    """

    name: str
    text: str
    source: IndicatorKey | None
    value: Callable[[Any, FeatureBar], float]


class UnknownFeatureError(ValueError):
    """A feature was asked for that does not exist; the text names those that do."""
