"""A configuration loads from TOML and JSON, with overrides, and follows its strategies."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from common.config.load import ConfigError, LoadedConfig, load_config
from common.config.models import Config
from common.config.overrides import with_metrics_port

CONFIGS = Path(__file__).resolve().parents[3] / "config"
STRATEGY = """
[[strategies]]
name = "range"
script = "range.lua"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty working folder with one strategy file in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "range.lua").write_text("return\n")
    return tmp_path


def load(folder: Path, text: str, *overrides: str, suffix: str = ".toml", **environ: str) -> LoadedConfig:
    path = folder / f"config{suffix}"
    path.write_text(text + (STRATEGY if suffix == ".toml" and "[[strategies]]" not in text else ""))
    return load_config(path, overrides, environ)


def test_numbers_of_the_file_are_exact(folder: Path) -> None:
    config = load(folder, "[risk]\nmax_position_size = 0.10\nmax_loss_threshold = 12").config
    assert str(config.risk.max_position_size) == "0.10"
    assert config.risk.max_loss_threshold == Decimal(12)


def test_toml_and_json_give_the_same(folder: Path) -> None:
    script = str(folder / "range.lua")
    toml = f"[engine]\nmax_symbols = 7\n[[strategies]]\nname = 'r'\nscript = '{script}'\nparams = {{ k = 1.5 }}\n"
    as_json = {"engine": {"max_symbols": 7}, "strategies": [{"name": "r", "script": script, "params": {"k": 1.5}}]}
    assert load(folder, toml).config == load(folder, json.dumps(as_json), suffix=".json").config


def test_environment_beats_the_file_and_set_beats_both(folder: Path) -> None:
    text = "[risk]\nmax_open_positions = 1\nmax_position_size = 1\n[engine]\ndata_dir = 'a'"
    environ = {"ORRERY__RISK__MAX_OPEN_POSITIONS": "2", "ORRERY__RISK__MAX_POSITION_SIZE": "2.5", "PATH": "x"}
    loaded = load(folder, text, "risk.max_open_positions=3", **environ)
    assert loaded.config.risk.max_open_positions == 3
    assert loaded.config.risk.max_position_size == Decimal("2.5")
    assert loaded.sources["risk.max_open_positions"] == "--set risk.max_open_positions"
    assert loaded.sources["risk.max_position_size"] == "environment ORRERY__RISK__MAX_POSITION_SIZE"
    assert loaded.sources["engine.data_dir"] == f"{folder / 'config.toml'}:5"


@pytest.mark.parametrize("value", ['["BTCUSDT", "SOLUSDT"]', "BTCUSDT,SOLUSDT", "BTCUSDT, SOLUSDT"])
def test_lists_may_be_toml_or_separated_by_commas(folder: Path, value: str) -> None:
    assert load(folder, "", f"market_data.symbols={value}").config.market_data.symbols == ["BTCUSDT", "SOLUSDT"]


@pytest.mark.parametrize("value", ["123", '"123"'])
def test_text_that_looks_like_a_number_stays_text_where_text_is_wanted(folder: Path, value: str) -> None:
    assert load(folder, "", f"engine.data_dir={value}").config.engine.data_dir == "123"


def test_set_reaches_into_maps_and_lists(folder: Path) -> None:
    overrides = (
        "data_source.simulated.initial_prices.BTCUSDT=60000.5",
        "engine.log_levels.bus=debug",
        "strategies[0].params.fast=5",
        "strategies.0.name=renamed",
    )
    config = load(folder, "", *overrides).config
    assert config.data_source.simulated.initial_prices == {"BTCUSDT": 60000.5}
    assert config.engine.log_levels == {"bus": "debug"}
    assert (config.strategies[0].name, config.strategies[0].params) == ("renamed", {"fast": 5})


def test_environment_keeps_the_case_of_symbols(folder: Path) -> None:
    environ = {"ORRERY__DATA_SOURCE__SIMULATED__INITIAL_PRICES__BTCUSDT": "5"}
    config = load(folder, "", **environ).config
    assert config.data_source.simulated.initial_prices == {"BTCUSDT": 5.0}


def test_symbols_follow_the_strategies_where_market_data_names_none(folder: Path) -> None:
    text = STRATEGY + "symbols = ['SOLUSDT', 'BTCUSDT']\n"
    assert load(folder, text).config.market_data.symbols == ["SOLUSDT", "BTCUSDT"]


@pytest.mark.parametrize("where", ["conf/nested", "conf", "."])
def test_a_script_is_found_beside_the_file_above_it_and_here(folder: Path, where: str) -> None:
    (folder / "conf" / "nested").mkdir(parents=True)
    (folder / "range.lua").rename(folder / where / "range.lua")
    path = folder / "conf" / "nested" / "config.toml"
    path.write_text(STRATEGY)
    assert load_config(path).config.strategies[0].script == str(folder / where / "range.lua")


def test_a_recording_becomes_an_absolute_path(folder: Path) -> None:
    (folder / "ticks.jsonl").write_text("{}\n")
    config = load(folder, "[data_source]\ntype = 'file'\nfile = { path = 'ticks.jsonl' }").config
    assert config.data_source.file.path == str(folder / "ticks.jsonl")


@pytest.mark.parametrize("path", sorted(CONFIGS.iterdir()), ids=lambda path: path.name)
def test_every_configuration_of_the_project_loads(path: Path) -> None:
    config = load_config(path).config
    assert all(Path(strategy.script).is_file() for strategy in config.strategies)


def test_the_demo_and_the_json_form_load(project_root: Path) -> None:
    demo = load_config(project_root / "config" / "system.toml").config
    assert demo.data_source.type == "simulated"
    loaded = load_config(project_root / "config" / "system.json")
    assert loaded.config.risk.trailing_stop_percent == Decimal("1.5")
    assert [warning.partition(": ")[2] for warning in loaded.warnings] == [
        "signal.model_path: no file at models/signal_model.pkl; only a strategy that uses a model needs it"
    ]


def test_the_default_is_the_working_folders_configuration(folder: Path) -> None:
    (folder / "config").mkdir()
    (folder / "config" / "system.toml").write_text("[engine]\nmax_symbols = 77\n" + STRATEGY)
    loaded = load_config()
    assert (loaded.config.engine.max_symbols, loaded.path) == (77, Path("config/system.toml"))


def test_missing_credentials_are_named(folder: Path) -> None:
    text = "[data_source]\ntype = 'binance'\n[data_source.binance]\napi_key_env = 'MY_KEY'"
    (warning,) = load(folder, text).warnings
    assert "data_source.binance.api_key_env: environment variable MY_KEY is not set" in warning
    assert load(folder, text, MY_KEY="x").warnings == []


def test_a_section_of_a_venue_that_is_not_there_yet_is_a_warning(folder: Path) -> None:
    (warning,) = load(folder, "[data_source.alpaca]\napi_key_env = 'APCA_API_KEY_ID'").warnings
    assert warning.endswith(
        "config.toml:1: data_source.alpaca: alpaca is not available in this version; the section is unused"
    )


def test_prometheus_port_moves_one_service() -> None:
    config = with_metrics_port(Config(), "risk", {"PROMETHEUS_PORT": "9200"})
    assert (config.risk.metrics_port, config.signal.metrics_port) == (9200, 0)
    assert with_metrics_port(config, "risk", {"PROMETHEUS_PORT": ""}) is config


@pytest.mark.parametrize("text", ["x", "0", "70000", "-1", "²"])
def test_prometheus_port_must_be_a_port(text: str) -> None:
    with pytest.raises(ConfigError, match="environment PROMETHEUS_PORT: expected a port"):
        with_metrics_port(Config(), "risk", {"PROMETHEUS_PORT": text})
