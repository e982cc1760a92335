"""Models: loaded by what they carry and only with their digest; each refusal names file, expected and found."""

import hashlib
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, override

import msgspec
import numpy as np
import pytest

from common.config.models import SignalSection
from services.signal.core.bank import IndicatorBank
from services.signal.core.indicators import REGISTRY, unregister
from services.signal.core.model import MODEL, MODEL_KEY, Model, model_kind
from services.signal.core.plugins import PluginFailedError
from services.signal.hosts.models import install_model, load_model, made_up_model
from services.signal.hosts.models_onnx import CLASSES_KEY, FEATURES_KEY
from services.signal.hosts.models_text import ModelError
from tests.unit.signal.support import bar

EXAMPLE = Path(__file__).resolve().parents[4] / "strategies" / "models" / "btcusdt_1s.onnx"
NAMES = ("rsi", "return_1")


def section(path: Path, **changes: Any) -> SignalSection:
    """Return a configuration of the model at a path, with its digest."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return SignalSection(**{"model_path": str(path), "model_sha256": digest} | changes)


def onnx_file(path: Path, metadata: dict[str, str] | None = None, columns: int = 2) -> Path:
    """Write a model of two features whose scores are (0, 0, 10 * return_1)."""
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    weights = np.zeros((columns, 3), dtype=np.float32)
    weights[1, 2] = 10.0
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["s"]), helper.make_node("Softmax", ["s"], ["p"], axis=1)],
        "small",
        [helper.make_tensor_value_info("x", kind, [1, columns])],
        [helper.make_tensor_value_info("p", kind, [1, 3])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    given = {FEATURES_KEY: json.dumps(NAMES), CLASSES_KEY: "[-1, 0, 1]"} if metadata is None else metadata
    helper.set_model_props(model, given)
    path.write_bytes(model.SerializeToString())
    return path


def classifier() -> Any:
    """Return a fitted classifier of two features without names."""
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 2))
    return linear.LogisticRegression().fit(x, np.sign(x[:, 1]))


def skops_file(path: Path, found: Any) -> Path:
    """Write a classifier with skops."""
    pytest.importorskip("skops.io").dump(found, path)
    return path


def test_an_onnx_model_answers_the_likeliest_class(tmp_path: Path) -> None:
    model = load_model(section(onnx_file(tmp_path / "m.onnx")))
    assert (model.features, model.classes) == (NAMES, (-1.0, 0.0, 1.0))
    signal, confidence = model.answer((0.5, 0.3))
    powers = np.exp([0.0, 0.0, 3.0])
    assert signal == 1.0
    assert confidence == pytest.approx(powers[2] / powers.sum(), rel=1e-6)
    assert model.answer((0.5, -0.3))[0] == -1.0  # of equals the first


def test_the_example_is_loaded() -> None:
    pytest.importorskip("onnxruntime")
    model = load_model(
        section(EXAMPLE, features=["rsi", "macd", "bb", "volume", "returns", "volatility", "bar_imbalance"])
    )
    assert len(model.features) == 12
    assert EXAMPLE.stat().st_size < 50_000


def test_a_classifier_from_skops_answers_as_it_does_itself(tmp_path: Path) -> None:
    found = classifier()
    model = load_model(section(skops_file(tmp_path / "m.skops", found), features=list(NAMES)))
    signal, confidence = model.answer((0.1, 2.0))
    assert signal == 1.0
    assert confidence == pytest.approx(found.predict_proba([[0.1, 2.0]])[0][1], rel=1e-12)


def test_a_classifier_names_its_own_features(tmp_path: Path) -> None:
    found = classifier()
    found.feature_names_in_ = np.array(NAMES, dtype=object)
    path = skops_file(tmp_path / "m.skops", found)
    assert load_model(section(path)).features == NAMES
    with pytest.raises(
        ModelError, match=r"m\.skops: expected the features of signal\.features \(rsi\), found rsi, return_1"
    ):
        load_model(section(path, features=["rsi"]))


def test_pickle_is_read_only_by_opt_in_and_with_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(classifier()))
    with pytest.raises(ModelError, match=r"m\.pkl: loading pickle runs code .* signal\.allow_pickle = true"):
        load_model(section(path, features=list(NAMES)))
    with pytest.raises(ModelError, match=r"m\.pkl: expected its SHA-256 .*, found no signal\.model_sha256"):
        load_model(section(path, features=list(NAMES), allow_pickle=True, model_sha256=""))
    assert load_model(section(path, features=list(NAMES), allow_pickle=True)).answer((0.0, 3.0))[0] == 1.0


class Trap:
    """Counts how often it is made from a pickle."""

    sprung = 0

    @override
    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return (spring, ())


def spring() -> None:
    Trap.sprung += 1


def test_nothing_in_a_file_runs_before_its_digest_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(Trap()))
    for changes in ({}, {"allow_pickle": True, "model_sha256": "0" * 64}):
        with pytest.raises(ModelError):
            load_model(section(path, **changes))
    assert Trap.sprung == 0


def test_strange_types_in_skops_are_refused(tmp_path: Path) -> None:
    path = skops_file(tmp_path / "m.skops", {"trap": Trap()})
    with pytest.raises(ModelError, match=r"m\.skops: expected types of scikit-learn and numpy only, found .*Trap"):
        load_model(section(path))


def test_a_wrong_digest_is_refused_with_both(tmp_path: Path) -> None:
    path = onnx_file(tmp_path / "m.onnx")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelError, match=rf"m\.onnx: expected its SHA-256 {digest} .*found signal\.model_sha256 = abc"):
        load_model(section(path, model_sha256="abc"))


@pytest.mark.parametrize(
    ("metadata", "columns", "text"),
    [
        ({FEATURES_KEY: '["rsi", "moon"]', CLASSES_KEY: "[0, 1, 2]"}, 2, r"expected features of rsi, .*; found moon"),
        ({FEATURES_KEY: '["rsi"]', CLASSES_KEY: "[0, 1, 2]"}, 2, r"expected an input of 1 features .*, found 2"),
        (
            {CLASSES_KEY: "[0, 1, 2]"},
            2,
            r"orrery\.features: expected a JSON list, found None \(keys there: orrery\.classes\)",
        ),
        ({FEATURES_KEY: "rsi", CLASSES_KEY: "[0, 1, 2]"}, 2, r"orrery\.features: expected a JSON list, found 'rsi'"),
        ({FEATURES_KEY: '["rsi", "atr"]', CLASSES_KEY: '["up"]'}, 2, r"expected a list of numbers, found \['up'\]"),
        (
            {FEATURES_KEY: '["rsi", "atr"]', CLASSES_KEY: "[0, 1]"},
            2,
            r"expected 2 probabilities, one a class, found \[0\.3",
        ),
    ],
)
def test_a_model_that_does_not_carry_what_it_must_is_refused(
    tmp_path: Path, metadata: dict[str, str], columns: int, text: str
) -> None:
    with pytest.raises(ModelError, match=rf"m\.onnx: .*{text}"):
        load_model(section(onnx_file(tmp_path / "m.onnx", metadata, columns)))


@pytest.mark.parametrize("name", ["m.onnx", "m.skops", "m.pkl"])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, name: str) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("skops")
    path = tmp_path / name
    path.write_bytes(b"no model at all")
    with pytest.raises(ModelError, match=rf"{name}: expected (an ONNX model|a skops file|a pickle)"):
        load_model(section(path, allow_pickle=True))


def test_missing_files_and_unknown_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"signal\.model_path: expected a model file, found none at .*none\.onnx"):
        load_model(section(tmp_path / "none.onnx"))
    (tmp_path / "m.h5").write_bytes(b"")
    with pytest.raises(ModelError, match=r"m\.h5: expected a file that ends in \.onnx, \.skops"):
        load_model(section(tmp_path / "m.h5"))
    with pytest.raises(ModelError, match=r'signal\.model_path, found ""'):
        load_model(SignalSection())


@pytest.mark.parametrize(("name", "package"), [("m.onnx", "onnxruntime"), ("m.skops", "skops")])
def test_without_its_package_it_says_which_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    (tmp_path / name).write_bytes(b"")
    for each in (package, f"{package}.io"):
        monkeypatch.setitem(sys.modules, each, None)
    with pytest.raises(ModelError, match=rf"the packages of the extra `ml`; found no {package}"):
        load_model(section(tmp_path / name))


def test_a_model_that_fails_later_is_named() -> None:
    def fail(_vector: tuple[float, ...]) -> list[float]:
        raise ArithmeticError("no")

    with pytest.raises(PluginFailedError, match=r"m\.onnx: ArithmeticError: no"):
        Model("m.onnx", NAMES, (0.0, 1.0), fail).answer((1.0, 2.0))
    with pytest.raises(PluginFailedError, match=r"m\.onnx: expected 2 probabilities, one a class, found \[nan, 1\.0\]"):
        Model("m.onnx", NAMES, (0.0, 1.0), lambda _: [float("nan"), 1.0]).answer((1.0, 2.0))


def test_as_an_indicator_it_is_fed_shown_saved_and_restored(tmp_path: Path) -> None:
    install_model(section(onnx_file(tmp_path / "m.onnx")))
    try:
        bars = [bar(number, 100.0 + number * number % 7) for number in range(40)]
        arguments: list[float | None] = []
        bank = IndicatorBank(arguments, [MODEL_KEY])
        seen = []
        for each in bars:
            bank.update(each)
            seen.append(tuple(arguments))
        assert [pair == (None, None) for pair in seen] == [True] * 14 + [False] * 26
        again: list[float | None] = []
        other = IndicatorBank(again, [MODEL_KEY])
        for each in bars[:20]:
            other.update(each)
        saved = msgspec.msgpack.decode(msgspec.msgpack.encode(other.save()))
        third: list[float | None] = []
        fresh = IndicatorBank(third, [MODEL_KEY])
        fresh.restore([(MODEL_KEY, saved[0][1])], lambda _key: ())
        assert tuple(third) == seen[19]
        for each in bars[20:]:
            fresh.update(each)
        assert tuple(third) == seen[-1]
    finally:
        unregister(MODEL)


def test_it_sees_the_sizes_of_the_latest_quote() -> None:
    asked: list[tuple[float, ...]] = []

    def note(vector: tuple[float, ...]) -> list[float]:
        asked.append(vector)
        return [1.0]

    indicator: Any = model_kind(Model("m", ("quote_imbalance",), (1.0,), note))()
    indicator.update(1.0, 1.0, 1.0, 1.0, 1.0, 1)
    indicator.see_sizes(3.0, 1.0)
    indicator.update(1.0, 1.0, 1.0, 1.0, 1.0, 2)
    indicator.see_sizes(0.0, 0.0)
    indicator.update(1.0, 1.0, 1.0, 1.0, 1.0, 3)
    assert asked == [(0.0,), (0.5,), (0.0,)]


def test_a_trial_leaves_nothing_behind() -> None:
    with made_up_model():
        assert MODEL in REGISTRY
    assert MODEL not in REGISTRY
