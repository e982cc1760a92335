"""The feature engine: one vector of named features per closed bar.

How it works: features that need the same indicator share it. Bar by bar and over whole columns the same functions see the
same numbers, so a model is trained on exactly what it is asked later.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from services.signal.core.ahead import update_many
from services.signal.core.features.catalogue import FEATURES, KINDS
from services.signal.core.features.feature import FeatureBar, UnknownFeatureError
from services.signal.core.indicator import Indicator, IndicatorKey, Value, make

Vector = tuple[float, ...]


class FeatureColumns(NamedTuple):
    """Bars as columns of one length, oldest first. imbalances: may be left empty."""

    opens: Sequence[float]
    highs: Sequence[float]
    lows: Sequence[float]
    closes: Sequence[float]
    volumes: Sequence[float]
    ends_ns: Sequence[int]
    imbalances: Sequence[float] = ()


class FeatureEngine:
    """Features in the order of `names`, which are single features, not groups. vector: the latest; None until all are warm."""

    __slots__ = ("_features", "_inputs", "_sources", "names", "vector")

    def __init__(self, names: Sequence[str]) -> None:
        """Make the indicators that the features need; UnknownFeatureError."""
        unknown = [name for name in names if name not in FEATURES]
        if unknown:
            raise UnknownFeatureError(f"expected features of {', '.join(FEATURES)}; found {unknown[0]}")
        self.names = tuple(names)
        features = [FEATURES[name] for name in names]
        keys = list(dict.fromkeys(feature.source for feature in features if feature.source is not None))
        self._sources: list[Indicator] = [make(KINDS, key) for key in keys]
        fields = FeatureBar._fields
        self._inputs = [[fields.index(name) for name in source.INPUTS] for source in self._sources]
        self._features = [(_place(keys, feature.source), feature.value) for feature in features]
        self.vector: Vector | None = None

    def update(self, bar: FeatureBar) -> Vector | None:
        """Take a closed bar; return the vector, None until every feature is warm."""
        values: list[Any] = [
            source.update(*[bar[place] for place in inputs])
            for source, inputs in zip(self._sources, self._inputs, strict=True)
        ]
        self.vector = self._of(values, bar)
        return self.vector

    def update_many(self, columns: FeatureColumns) -> list[Vector | None]:
        """Take bars as columns; return what `update` answers for each."""
        bars = list(map(FeatureBar, *(columns if columns.imbalances else columns[:-1])))
        given = [columns[place] for place in range(len(columns))]
        series: list[Sequence[Value]] = [
            update_many(source, [given[place] for place in inputs])
            for source, inputs in zip(self._sources, self._inputs, strict=True)
        ]
        rows = zip(*series, strict=True) if series else ((),) * len(bars)
        vectors = [self._of(values, bar) for values, bar in zip(rows, bars, strict=True)]
        if vectors:
            self.vector = vectors[-1]
        return vectors

    def _of(self, values: Sequence[Any], bar: FeatureBar) -> Vector | None:
        if None in values:
            return None
        return tuple([value(None if place is None else values[place], bar) for place, value in self._features])

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self.vector, [source.state() for source in self._sources])

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned, from an engine of the same names."""
        vector, sources = state
        self.vector = None if vector is None else tuple(vector)
        for source, saved in zip(self._sources, sources, strict=True):
            source.restore(saved)


def _place(keys: Sequence[IndicatorKey], source: IndicatorKey | None) -> int | None:
    return None if source is None else keys.index(source)
