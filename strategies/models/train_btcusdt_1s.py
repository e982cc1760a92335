"""Train `btcusdt_1s.onnx` on the bars of `btcusdt_1s.csv`: will the close be higher or lower in ten bars?

    python -m strategies.models.train_btcusdt_1s [FOLDER]

Multinomial logistic regression on standardised features, fitted by Newton's method to the end, so that nothing is left to
chance; the standardisation is folded into the weights, which are rounded to four digits, so that machines whose sums end
in other bits make the same file. The first 70 % of the bars train; what is found for the rest is printed. It is an example
of how a model is made, carried and pinned: five minutes of one morning teach nothing about another day.

Source: T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", section 4.4.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from services.signal.core.features.catalogue import expanded
from services.signal.core.features.engine import FeatureColumns, FeatureEngine
from services.signal.hosts.models_onnx import CLASSES_KEY, FEATURES_KEY, PROBABILITIES

FOLDER = Path(__file__).resolve().parent
NAME = "btcusdt_1s"
FEATURES = expanded(["rsi", "macd", "bb", "volume", "returns", "volatility", "bar_imbalance"])
CLASSES = (-1.0, 0.0, 1.0)
HORIZON = 10
TRAINED_SHARE = 0.7
RIDGE = 1.0
STEPS = 25
DIGITS = 4
NS_PER_SECOND = 1_000_000_000

Array = npt.NDArray[np.float64]


class Sample(NamedTuple):
    """Vectors, and the class that followed each: -1 for a fall of more than usual over HORIZON bars, 1 for a rise, else 0."""

    vectors: Array
    labels: Array


class Weights(NamedTuple):
    """What is learned: probabilities are softmax(vector @ matrix + offset)."""

    matrix: npt.NDArray[np.float32]
    offset: npt.NDArray[np.float32]


def read_columns(path: Path) -> FeatureColumns:
    """Return the bars of the CSV file; a bar is named by its first second."""
    with path.open() as file:
        rows = [[float(value) for value in row.values()] for row in csv.DictReader(file)]
    starts, opens, highs, lows, closes, volumes = zip(*rows, strict=True)
    return FeatureColumns(opens, highs, lows, closes, volumes, [int(start + 1) * NS_PER_SECOND for start in starts])


def make_sample(columns: FeatureColumns) -> Sample:
    """Return what can be learned from: every bar with a vector and HORIZON bars behind it."""
    found = FeatureEngine(FEATURES).update_many(columns)[:-HORIZON]
    closes = np.array(columns.closes)
    later = closes[HORIZON:] / closes[:-HORIZON] - 1.0
    usable = np.array([vector is not None for vector in found])
    moves = later[usable]
    usual = float(np.median(np.abs(moves)))
    labels = np.where(moves > usual, 1.0, np.where(moves < -usual, -1.0, 0.0))
    return Sample(np.array([vector for vector in found if vector is not None]), labels)


def fit(sample: Sample) -> Weights:
    """Return the weights that make the labels likeliest, held back by a ridge."""
    mean, scale = sample.vectors.mean(axis=0), sample.vectors.std(axis=0)
    x = np.column_stack([(sample.vectors - mean) / scale, np.ones(len(sample.labels))])
    wanted = (sample.labels[:, None] == np.array(CLASSES)).astype(float)
    held = RIDGE * np.append(np.ones(len(FEATURES)), 1e-3)
    weights = np.zeros((x.shape[1], len(CLASSES)))
    for _ in range(STEPS):
        weights -= _newton_step(x, wanted, weights, held)
    matrix = weights[:-1] / scale[:, None]
    return Weights(_rounded(matrix), _rounded(weights[-1] - mean @ matrix))


def _newton_step(x: Array, wanted: Array, weights: Array, held: Array) -> Array:
    shares = softmax(x @ weights)
    count, classes = x.shape[1], len(CLASSES)
    gradient = x.T @ (shares - wanted) + held[:, None] * weights
    curvature = np.zeros((classes, count, classes, count))
    for one in range(classes):
        for other in range(classes):
            weight = shares[:, one] * ((one == other) - shares[:, other])
            curvature[one, :, other, :] = (x * weight[:, None]).T @ x
        curvature[one, :, one, :] += np.diag(held)
    square = curvature.reshape(classes * count, classes * count)
    step = np.linalg.solve(square, gradient.T.reshape(-1)).reshape(classes, count).T
    return step.astype(np.float64)


def softmax(scores: Array) -> Array:
    """Return the probabilities of scores, row by row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _rounded(values: Array) -> npt.NDArray[np.float32]:
    return np.array([f"{value:.{DIGITS - 1}e}" for value in values.reshape(-1)], dtype=np.float32).reshape(values.shape)


def as_onnx(weights: Weights) -> bytes:
    """Return the model file: one Gemm and one Softmax, with features and classes in the metadata."""
    from onnx import TensorProto, checker, helper, numpy_helper

    features, classes = weights.matrix.shape
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["features", "matrix", "offset"], ["scores"]),
            helper.make_node("Softmax", ["scores"], [PROBABILITIES], axis=1),
        ],
        NAME,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, features])],
        [helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, [1, classes])],
        [numpy_helper.from_array(weights.matrix, "matrix"), numpy_helper.from_array(weights.offset, "offset")],
    )
    model = helper.make_model(graph, producer_name="orrery", opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {FEATURES_KEY: json.dumps(FEATURES), CLASSES_KEY: json.dumps(CLASSES)})
    checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def hits(weights: Weights, sample: Sample) -> float:
    """Return how often the likeliest class was the right one."""
    found: Any = softmax(sample.vectors @ weights.matrix + weights.offset).argmax(axis=1)
    return float((np.array(CLASSES)[found] == sample.labels).mean())


def main(folder: Path = FOLDER) -> str:
    """Train, write the model into a folder, print what was found; return the file's SHA-256."""
    sample = make_sample(read_columns(FOLDER / f"{NAME}.csv"))
    behind = int(len(sample.labels) * TRAINED_SHARE)
    # The labels of the last vectors before the cut reach beyond it: they are left out of the training.
    train = Sample(sample.vectors[: behind - HORIZON], sample.labels[: behind - HORIZON])
    rest = Sample(sample.vectors[behind:], sample.labels[behind:])
    weights = fit(train)
    data = as_onnx(weights)
    (folder / f"{NAME}.onnx").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    share = max(float((rest.labels == value).mean()) for value in CLASSES)
    sys.stdout.write(
        f"{len(train.labels)} vectors trained, {hits(weights, train):.1%} right; {len(rest.labels)} kept apart, "
        f"{hits(weights, rest):.1%} right (always the commonest class: {share:.1%})\n{digest}  {NAME}.onnx\n"
    )
    return digest


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
