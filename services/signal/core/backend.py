"""Who computes the built-in indicators: the classes here, or a program beside this process that a host asks.

How it works: whoever makes a core says first who makes its indicators (`MAKER`). Two backends' values agree to within
rounding, but not to the last digit, and what they remember is not the same; so states say whose they are.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from services.signal.core.indicator import Indicator, IndicatorKey, make
from services.signal.core.indicators import BUILT_IN, REGISTRY

NATIVE = "native"

Maker = Callable[[IndicatorKey], Indicator]

MAKER: ContextVar[Maker | None] = ContextVar("MAKER", default=None)
"""What makes built-in indicators; None is the classes here."""


def make_indicator(key: IndicatorKey) -> Indicator:
    """Return a fresh indicator; raises BadParametersError."""
    maker = MAKER.get()
    return make(REGISTRY, key) if maker is None or key.name not in BUILT_IN else maker(key)


def fits(indicator: Indicator, state: Sequence[Any]) -> bool:
    """Return whether a state is one of this backend's: others begin with their backend's name."""
    found = state[0] if state and isinstance(state[0], str) else NATIVE
    return found == getattr(indicator, "BACKEND", NATIVE)
