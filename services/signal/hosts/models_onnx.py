"""ONNX models through onnxruntime, on one thread, so that a run costs one core and its sums have one order.

A model has one input, float32 of shape (1 or any, number of features), and an output `probabilities`, or just one, of shape
(1 or any, number of classes). Its metadata has `orrery.features`, a JSON list of names, and `orrery.classes`, a JSON list
of numbers.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.signal.core.features.engine import Vector
from services.signal.core.model import Model
from services.signal.hosts.models_text import ModelError, known_features, missing

FEATURES_KEY, CLASSES_KEY = "orrery.features", "orrery.classes"
PROBABILITIES = "probabilities"


def onnx_model(path: Path, data: bytes) -> Model:
    """Return the model in a file's bytes; raises ModelError."""
    session = _session(path, data)
    metadata = session.get_modelmeta().custom_metadata_map
    features = known_features(f"{path}: metadata {FEATURES_KEY}", _json_list(path, metadata, FEATURES_KEY))
    classes = _json_list(path, metadata, CLASSES_KEY)
    if not classes or not all(isinstance(value, int | float) for value in classes):
        raise ModelError(f"{path}: metadata {CLASSES_KEY}: expected a list of numbers, found {classes}")
    inputs, outputs = session.get_inputs(), [output.name for output in session.get_outputs()]
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 2:
        found = "; ".join(f"{each.name} {each.type} {each.shape}" for each in inputs)
        raise ModelError(f"{path}: expected one input of float32, one row of features, found {found}")
    columns = inputs[0].shape[1]
    if isinstance(columns, int) and columns != len(features):
        raise ModelError(f"{path}: expected an input of {len(features)} features as its metadata says, found {columns}")
    if len(outputs) != 1 and PROBABILITIES not in outputs:
        raise ModelError(f"{path}: expected an output {PROBABILITIES}, found {', '.join(outputs)}")
    output = outputs[0] if len(outputs) == 1 else PROBABILITIES
    return Model(path.name, features, tuple(float(value) for value in classes), _Run(session, inputs[0].name, output))


class _Run:
    __slots__ = ("_array", "_input", "_outputs", "_session", "_type")

    def __init__(self, session: Any, input_: str, output: str) -> None:
        import numpy as np

        self._session, self._input, self._outputs = session, input_, [output]
        self._array, self._type = np.array, np.float32

    def __call__(self, vector: Vector) -> Sequence[float]:
        (found,) = self._session.run(self._outputs, {self._input: self._array([vector], dtype=self._type)})
        values: list[float] = found.reshape(-1).tolist()
        return values


def _session(path: Path, data: bytes) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise missing(error) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{path}: expected an ONNX model: {str(error)[:300]}") from error


def _json_list(path: Path, metadata: dict[str, str], key: str) -> list[Any]:
    text = metadata.get(key)
    try:
        found = None if text is None else json.loads(text)
    except ValueError:
        found = text
    if not isinstance(found, list):
        there = ", ".join(sorted(metadata)) or "none"
        raise ModelError(f"{path}: metadata {key}: expected a JSON list, found {text!r} (keys there: {there})")
    return found
