"""scikit-learn classifiers: by skops, which builds only types that are known to be harmless, or by pickle, which may do anything.

A classifier has `predict_proba` and numeric `classes_`. Its features are its `feature_names_in_`, else those of
`signal.features`.
"""

import pickle
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.signal.core.features.engine import Vector
from services.signal.core.model import Model
from services.signal.hosts.models_text import ModelError, known_features, listed, missing


def skops_model(path: Path, data: bytes, wanted: tuple[str, ...]) -> Model:
    """Return the classifier in a skops file's bytes; raises ModelError, also for types that are not known to be harmless."""
    try:
        from skops.io import get_untrusted_types, loads
    except ModuleNotFoundError as error:
        raise missing(error) from error
    try:
        strangers = get_untrusted_types(data=data)
        found = None if strangers else loads(data, trusted=[])
    except Exception as error:
        raise ModelError(f"{path}: expected a skops file: {type(error).__name__}: {str(error)[:300]}") from error
    if strangers:
        raise ModelError(f"{path}: expected types of scikit-learn and numpy only, found {listed(strangers)}")
    return _classifier(path, found, wanted)


def pickle_model(path: Path, data: bytes, wanted: tuple[str, ...]) -> Model:
    """Return the classifier in a pickle's bytes, whose digest is pinned; raises ModelError."""
    try:
        found = pickle.loads(data)  # noqa: S301 - by explicit opt-in, of bytes with a pinned digest
    except Exception as error:
        raise ModelError(f"{path}: expected a pickle: {type(error).__name__}: {str(error)[:300]}") from error
    return _classifier(path, found, wanted)


def _classifier(path: Path, found: Any, wanted: tuple[str, ...]) -> Model:
    lacking = [name for name in ("predict_proba", "classes_", "n_features_in_") if not hasattr(found, name)]
    if lacking:
        text = f"expected a fitted classifier with {lacking[0]}, found a {type(found).__name__}"
        raise ModelError(f"{path}: {text}")
    names = getattr(found, "feature_names_in_", None)
    if names is None and not wanted:
        raise ModelError(f"{path}: it names no features; expected them in signal.features, found none")
    features = wanted if names is None else known_features(f"{path}: feature_names_in_", list(names))
    if found.n_features_in_ != len(features):
        raise ModelError(
            f"{path}: expected {len(features)} features ({listed(features)}), found {found.n_features_in_}"
        )
    try:
        classes = tuple(float(value) for value in found.classes_)
    except (TypeError, ValueError):
        raise ModelError(f"{path}: expected classes that are numbers, found {listed(list(found.classes_))}") from None
    return Model(path.name, features, classes, _Run(found))


class _Run:
    __slots__ = ("_predict",)

    def __init__(self, classifier: Any) -> None:
        self._predict = classifier.predict_proba

    def __call__(self, vector: Vector) -> Sequence[float]:
        with warnings.catch_warnings():
            # Given as rows, features have places and no names; that they are the right ones is known from loading.
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
            values: list[float] = self._predict([vector])[0].tolist()
        return values
