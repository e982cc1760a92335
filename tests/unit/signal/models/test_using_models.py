"""A strategy that uses a model: runs with the configured one, is refused without; the model can be trained again."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.config.load import load_config
from common.config.models import Config, SignalSection, StrategySection
from services.signal.core.indicators import REGISTRY, unregister
from services.signal.core.model import MODEL
from services.signal.loading import StrategyFileError, build_runners

ROOT = Path(__file__).resolve().parents[4]
MODELS = ROOT / "strategies" / "models"
EXAMPLE = MODELS / "btcusdt_1s.onnx"


@pytest.fixture(autouse=True)
def _no_model() -> Iterator[None]:
    yield
    unregister(MODEL)


def config(script: str, signal: SignalSection) -> Config:
    """Return a configuration of one strategy on one symbol."""
    strategies = [StrategySection(name="one", script=str(ROOT / "strategies" / script), symbols=["BTCUSDT"])]
    return Config(strategies=strategies, signal=signal)


def test_the_configured_model_is_loaded_where_a_strategy_uses_one() -> None:
    pytest.importorskip("onnxruntime")
    digest = hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    signal = SignalSection(model_path=str(EXAMPLE), model_sha256=digest)
    (runner,) = build_runners(config("ml_signal.lua", signal))
    assert [key.name for key in runner.strategy.indicators] == [MODEL]
    assert MODEL in REGISTRY


@pytest.mark.parametrize(
    ("signal", "text"),
    [
        (SignalSection(), r'expected a model file in signal\.model_path, found ""'),
        (
            SignalSection(model_path="gone/signal_model.pkl"),
            r"expected a model file, found none at gone/signal_model\.pkl",
        ),
        (SignalSection(model_path=str(EXAMPLE)), r"found no signal\.model_sha256"),
    ],
)
def test_without_one_it_is_refused_by_name(signal: SignalSection, text: str) -> None:
    with pytest.raises(StrategyFileError, match=rf"strategies/ml_signal\.lua: indicators\.model\(\): .*{text}"):
        build_runners(config("ml_signal.lua", signal))


def test_a_missing_model_that_nobody_uses_is_a_warning(tmp_path: Path) -> None:
    signal = SignalSection(model_path="gone/signal_model.pkl")
    assert len(build_runners(config("momentum.lua", signal))) == 1
    path = tmp_path / "system.toml"
    path.write_text('[signal]\nmodel_path = "gone/signal_model.pkl"\n')
    loaded = load_config(path)
    assert any("no file at gone/signal_model.pkl" in warning for warning in loaded.warnings)


def test_a_model_is_found_beside_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"")
    path = tmp_path / "system.toml"
    path.write_text('[signal]\nmodel_path = "mine.onnx"\n')
    loaded = load_config(path)
    assert (loaded.config.signal.model_path, loaded.warnings) == (str(tmp_path / "mine.onnx"), [])


def test_training_gives_the_same_weights_again(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from strategies.models.train_btcusdt_1s import main

    digest = main(tmp_path)
    made, kept = (onnx.load(path) for path in (tmp_path / EXAMPLE.name, EXAMPLE))
    assert [each.SerializeToString() for each in made.graph.initializer] == [
        each.SerializeToString() for each in kept.graph.initializer
    ]
    assert {entry.key: entry.value for entry in made.metadata_props} == {
        entry.key: entry.value for entry in kept.metadata_props
    }
    assert digest == hashlib.sha256((tmp_path / EXAMPLE.name).read_bytes()).hexdigest()


def test_the_page_pins_the_example() -> None:
    assert hashlib.sha256(EXAMPLE.read_bytes()).hexdigest() in (ROOT / "docs" / "models.md").read_text()


def test_the_sample_has_a_bar_for_every_second() -> None:
    with (MODELS / "btcusdt_1s.csv").open() as file:
        seconds = [int(row["timestamp"]) for row in csv.DictReader(file)]
    assert seconds == list(range(seconds[0], seconds[0] + len(seconds)))
