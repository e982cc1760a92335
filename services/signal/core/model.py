"""A model as an indicator: features of each closed bar in, a signal with its confidence out.

How it works: a model is one function from a vector to probabilities of classes. As an indicator it has what every
indicator has: it is fed at each close, shown to strategies as `indicators.model()`, saved and restored.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, ClassVar, NamedTuple

from services.signal.core.features.engine import FeatureEngine, Vector
from services.signal.core.features.feature import FeatureBar
from services.signal.core.indicator import Indicator, IndicatorKey, Parameter
from services.signal.core.plugins import PluginFailedError

MODEL = "model"
"""The name of the indicator that a model makes."""
MODEL_KEY = IndicatorKey(MODEL, ())


class Model(NamedTuple):
    """A model. classes: the signal that each probability stands for, such as -1, 0, 1. name: of its file, for errors."""

    name: str
    features: tuple[str, ...]
    classes: tuple[float, ...]
    probabilities: Callable[[Vector], Sequence[float]]

    def answer(self, vector: Vector) -> tuple[float, float]:
        """Return the likeliest class and its probability; of equals the first.

        Raises:
            PluginFailedError: the model fails, or answers what are no probabilities of its classes.
        """
        try:
            found = [float(value) for value in self.probabilities(vector)]
        except Exception as error:
            raise PluginFailedError(f"{self.name}: {type(error).__name__}: {error}") from error
        if len(found) != len(self.classes) or not all(isfinite(value) for value in found):
            expected = f"{len(self.classes)} probabilities"
            raise PluginFailedError(f"{self.name}: expected {expected}, one a class, found {found}")
        best = max(range(len(found)), key=found.__getitem__)
        return self.classes[best], found[best]


class ModelIndicator:
    """A model on one symbol; subclasses say which."""

    MODEL: ClassVar[Model]
    INPUTS: ClassVar[tuple[str, ...]] = ("open", "high", "low", "close", "volume", "end_ns")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("signal", "confidence")
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = ()

    __slots__ = ("_engine", "_imbalance", "value")

    def __init__(self) -> None:
        self._engine = FeatureEngine(self.MODEL.features)
        self._imbalance = 0.0
        self.value: tuple[float, float] | None = None

    def see_sizes(self, bid_size: float, ask_size: float) -> None:
        """Learn the sizes of the latest quote."""
        total = bid_size + ask_size
        self._imbalance = (bid_size - ask_size) / total if total > 0.0 else 0.0

    def update(
        self, open_: float, high: float, low: float, close: float, volume: float, end_ns: int
    ) -> tuple[float, float] | None:
        """Take a bar; return signal and confidence, None before all features are warm."""
        vector = self._engine.update(FeatureBar(open_, high, low, close, volume, end_ns, self._imbalance))
        self.value = None if vector is None else self.MODEL.answer(vector)
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._engine.state(), self._imbalance, self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        engine, self._imbalance, value = state
        self._engine.restore(engine)
        self.value = None if value is None else tuple(value)


def model_kind(model: Model) -> type[Indicator]:
    """Return the indicator that a model makes."""
    return type(
        "LoadedModel", (ModelIndicator,), {"__doc__": f"The model {model.name}.", "__slots__": (), "MODEL": model}
    )
