"""What a streaming indicator is, and how its parameters are checked.

How it works: an indicator is fed once per closed bar with the bar fields it names in INPUTS, in that order, and
answers its value, or None while it is not warm. Everything it remembers is in `state()`, a tuple of numbers and
tuples, from which `restore` continues identically.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

MAX_PERIOD = 100_000
"""Longest look-back of any indicator, bars."""

Value = float | tuple[float, ...] | None
"""What `update` answers: a number, a tuple of numbers for indicators with several outputs, None while not warm."""

Number = int | float


class BadParametersError(ValueError):
    """An indicator was asked for that does not exist, or with parameters it does not take."""


class Parameter(NamedTuple):
    """One parameter of an indicator, by position. integer: a float with an integral value is taken too."""

    name: str
    minimum: float
    maximum: float
    default: float | None = None
    integer: bool = True


PERIOD = Parameter("period", 1, MAX_PERIOD)


class Indicator(Protocol):
    """A streaming indicator: O(1) per update (amortised), bounded memory."""

    INPUTS: ClassVar[tuple[str, ...]]
    """Fields of a bar that `update` takes, in order: open, high, low, close, volume, start_ns."""
    OUTPUTS: ClassVar[tuple[str, ...]]
    """Names of what `value` holds; more than one means a tuple."""
    PARAMETERS: ClassVar[tuple[Parameter, ...]]

    def __init__(self, *parameters: Any) -> None: ...

    @property
    def value(self) -> Value:
        """Return what the latest update answered."""
        ...

    @property
    def update(self) -> Callable[..., Value]:
        """Take one bar, as the fields that INPUTS names; return the new value."""
        ...

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        ...

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        ...


@runtime_checkable
class Vectorised(Indicator, Protocol):
    """An indicator with a form for many bars at once, to the bit the same as the one for a single bar."""

    def update_many(self, *inputs: Sequence[float]) -> Sequence[Value]:
        """Take bars as columns, in the order of INPUTS; return what `update` would for each, and remember the same."""
        ...


class IndicatorKey(NamedTuple):
    """An indicator with its parameters, such as ("ema", (10,)). timeframe, symbol: of the bars; "" for the runner's own."""

    name: str
    parameters: tuple[Number, ...]
    timeframe: str = ""
    symbol: str = ""

    @property
    def is_own(self) -> bool:
        """Return whether it is fed with the runner's own bars."""
        return not self.timeframe and not self.symbol

    @property
    def title(self) -> str:
        """Return it as a strategy writes it, such as `macd(12, 26, 9)` or `ema(20, "1h", "ETHUSDT")`."""
        return f"{self.name}({', '.join([*(f'{parameter:g}' for parameter in self.parameters), *self.series_texts])})"

    @property
    def series_texts(self) -> list[str]:
        """Return timeframe and symbol as a strategy writes them; nothing for its own bars."""
        return [] if self.is_own else [f'"{name}"' for name in (self.timeframe, self.symbol)[: 2 if self.symbol else 1]]


def checked(name: str, expected: Sequence[Parameter], found: Sequence[Any]) -> tuple[Number, ...]:
    """Return parameters in canonical form (defaults filled in, integral floats as int).

    Raises:
        BadParametersError: naming the indicator, the parameter, what was expected and what was found.
    """
    if len(found) > len(expected):
        names = ", ".join(parameter.name for parameter in expected) or "no parameters"
        raise BadParametersError(f"{name}: expected {names}, found {len(found)} values")
    values = [*found, *[None] * (len(expected) - len(found))]
    return tuple(_one(name, parameter, value) for parameter, value in zip(expected, values, strict=True))


def _one(name: str, parameter: Parameter, value: Any) -> Number:
    if value is None:
        value = parameter.default
    wanted = "an integer" if parameter.integer else "a number"
    text = f"{name}: {parameter.name}: expected {wanted} from {parameter.minimum:g} to {parameter.maximum:g}, found"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadParametersError(f"{text} {'nothing' if value is None else value}")
    if not parameter.minimum <= value <= parameter.maximum or (parameter.integer and value != int(value)):
        raise BadParametersError(f"{text} {value:g}")
    return int(value) if value == int(value) else value


def make(registry: Mapping[str, type[Indicator]], key: IndicatorKey) -> Indicator:
    """Return a fresh indicator; raises BadParametersError."""
    kind = registry.get(key.name)
    if kind is None:
        raise BadParametersError(f"{key.name}: no such indicator; there are {', '.join(sorted(registry))}")
    return kind(*checked(key.name, kind.PARAMETERS, key.parameters))
