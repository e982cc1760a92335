"""Models from files: ONNX, scikit-learn through skops, and pickle by explicit opt-in; each with a pinned SHA-256.

A file is read once, its digest compared before anything in it is interpreted. Pickle runs whatever its author wrote, so it
needs `signal.allow_pickle` as well. The packages come with the extra `ml` and are imported when a model is loaded.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sin
from pathlib import Path

from common.config.signal_keys import SignalKeys
from services.signal.core.features.catalogue import expanded
from services.signal.core.features.engine import Vector
from services.signal.core.features.feature import UnknownFeatureError
from services.signal.core.indicators import REGISTRY, register, unregister
from services.signal.core.model import MODEL, Model, model_kind
from services.signal.core.plugins import PluginFailedError
from services.signal.hosts.models_onnx import onnx_model
from services.signal.hosts.models_sklearn import pickle_model, skops_model
from services.signal.hosts.models_text import ModelError, listed

MAX_MODEL_BYTES = 256 * 1024 * 1024
"""Largest model file."""
PICKLE = (".pkl", ".pickle", ".joblib")
SUFFIXES = (".onnx", ".skops", *PICKLE)


def load_model(section: SignalKeys) -> Model:
    """Return the model of `signal.model_path`, tried on one vector of zeros.

    Raises:
        ModelError: there is none, or it cannot be used; the text names file or key, what was expected and what was found.
    """
    if not section.model_path:
        raise ModelError('expected a model file in signal.model_path, found ""')
    path, wanted = Path(section.model_path), _wanted(section)
    model = _of_format(path, _pinned(path, section), wanted, section)
    if wanted and model.features != wanted:
        text = f"{path}: expected the features of signal.features ({listed(wanted)})"
        raise ModelError(f"{text}, found {listed(model.features)}")
    _try(path, model)
    return model


def install_model(section: SignalKeys) -> None:
    """Make the configured model known as the indicator `model`; raises ModelError."""
    register(MODEL, model_kind(load_model(section)))


@contextmanager
def made_up_model() -> Iterator[None]:
    """Have some model for as long as the context lasts: strategies are tried with one that follows a wave."""
    before = REGISTRY.get(MODEL)
    register(MODEL, model_kind(Model("made up", ("return_1",), (-1.0, 0.0, 1.0), _Wave())))
    try:
        yield
    finally:
        unregister(MODEL)
        if before is not None:
            register(MODEL, before)


class _Wave:
    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, _vector: Vector) -> Sequence[float]:
        self._calls += 1
        up = 0.5 + 0.5 * sin(self._calls / 7.0)
        rest = (1.0 - up) / 4.0
        return (1.0 - up - rest, rest, up)


def _wanted(section: SignalKeys) -> tuple[str, ...]:
    try:
        return expanded(section.features)
    except UnknownFeatureError as error:
        raise ModelError(f"signal.features: {error}") from error


def _pinned(path: Path, section: SignalKeys) -> bytes:
    if not path.is_file():
        raise ModelError(f"signal.model_path: expected a model file, found none at {path}")
    if path.suffix not in SUFFIXES:
        raise ModelError(f"{path}: expected a file that ends in {', '.join(SUFFIXES)}")
    if path.suffix in PICKLE and not section.allow_pickle:
        text = "loading pickle runs code of its author; expected .onnx or .skops, or signal.allow_pickle = true"
        raise ModelError(f"{path}: {text} for a file that you made yourself")
    if path.stat().st_size > MAX_MODEL_BYTES:
        raise ModelError(f"{path}: expected at most {MAX_MODEL_BYTES} bytes, found {path.stat().st_size}")
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if section.model_sha256.lower() != digest:
        found = f"signal.model_sha256 = {section.model_sha256}" if section.model_sha256 else "no signal.model_sha256"
        raise ModelError(f"{path}: expected its SHA-256 {digest} pinned in the configuration, found {found}")
    return data


def _of_format(path: Path, data: bytes, wanted: tuple[str, ...], section: SignalKeys) -> Model:
    if path.suffix == ".onnx":
        return onnx_model(path, data)
    if path.suffix == ".skops":
        return skops_model(path, data, wanted)
    assert section.allow_pickle, "pickle is refused before its file is read"
    return pickle_model(path, data, wanted)


def _try(path: Path, model: Model) -> None:
    try:
        model.answer((0.0,) * len(model.features))
    except PluginFailedError as error:
        raise ModelError(f"{path}: tried on zeros: {error}") from error
