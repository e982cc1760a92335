"""How far two implementations' values are apart, measured by what they are made of."""

from collections.abc import Sequence

from services.signal.core.indicator import Value

TOLERANCE = 1e-9
"""Values that are further apart, as a fraction of their size, are different."""
WITHOUT_UNIT = frozenset({"adx", "cci", "roc", "rsi", "stochastic"})
"""Indices and percentages: measured by 100, since they are near 0 as often as not."""
OF_VOLUME = frozenset({"avg_volume", "obv"})
"""Those measured by the volume that they add up."""


class Measure:
    """Measures two values of one indicator at one bar.

    How it works: the size is the largest of the outputs and the prices they come from. A difference of two averages may be
    as small as one likes, and its rounding is still that of the averages.
    """

    __slots__ = ("_at", "_least")

    def __init__(self, name: str, inputs: Sequence[str]) -> None:
        left_out = {"start_ns"} if name in OF_VOLUME else {"start_ns", "volume"}
        is_free = name in WITHOUT_UNIT
        self._least = 100.0 if is_free else 0.0
        self._at = () if is_free else tuple(at for at, field in enumerate(inputs) if field not in left_out)

    def apart(self, one: Value, other: Value, row: Sequence[float]) -> float:
        """Return the largest difference of the outputs as a fraction of their size; infinity where one value is none."""
        if one is None or other is None:
            return 0.0 if one is other else float("inf")
        ones = one if isinstance(one, tuple) else (one,)
        others = other if isinstance(other, tuple) else (other,)
        largest = max(abs(a - b) for a, b in zip(ones, others, strict=True))
        size = max(self._least, *[abs(row[at]) for at in self._at], *map(abs, ones), *map(abs, others))
        return largest / size if size > 0.0 else largest
