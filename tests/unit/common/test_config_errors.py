"""A configuration that cannot be used says where, which key, what was expected and what was found."""

from pathlib import Path

import pytest

from common.config.load import ConfigError, load_config

STRATEGY = "\n[[strategies]]\nname = 'range'\nscript = 'range.lua'\n"


def errors(folder: Path, text: str, *overrides: str, name: str = "config.toml", **environ: str) -> list[str]:
    """Return the problems of a configuration, with the folder's name taken out."""
    path = folder / name
    path.write_text(text + (STRATEGY if name.endswith(".toml") and "[[strategies]]" not in text else ""))
    (folder / "range.lua").write_text("return\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides, environ)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


SINGLE = {
    "unknown key": (
        "[risk]\nmax_positon_size = 1",
        "config.toml:2: risk.max_positon_size: expected a key that exists, found unknown key 'max_positon_size' "
        "(did you mean max_position_size?)",
    ),
    "unknown section": (
        "[rsk]\n",
        "config.toml:1: rsk: expected a key that exists, found unknown key 'rsk' (did you mean risk?)",
    ),
    "key of another section": (
        "[engine]\nmax_position_size = 1",
        "config.toml:2: engine.max_position_size: expected a key that exists, found unknown key 'max_position_size' "
        "(it belongs to [risk])",
    ),
    "wrong type": (
        "[engine]\n\nmax_symbols = 'ten'",
        'config.toml:3: engine.max_symbols: expected an integer, at least 1 and at most 100 000, found "ten"',
    ),
    "number as text": (
        "[risk]\nmax_position_size = '10'",
        'config.toml:2: risk.max_position_size: expected a number, above 0, found "10"',
    ),
    "negative limit": (
        "[risk]\nmax_position_size = -1",
        "config.toml:2: risk.max_position_size: expected a number, above 0, found -1",
    ),
    "not a number": (
        "[data_source.simulated]\ninitial_price = nan",
        "config.toml:2: data_source.simulated.initial_price: expected a number, above 0, found NaN",
    ),
    "number beyond all markets": (
        "[risk]\nmax_notional_exposure = 1e400",
        "config.toml:2: risk.max_notional_exposure: expected a number, above 0, found 1E+400 "
        "(the first digit at most 30 places from the point)",
    ),
    "number below all markets": (
        "[[instruments]]\nsymbol = 'X'\ntick_size = 1e-400",
        "config.toml:3: instruments[0].tick_size: expected a number, above 0, found 1E-400 "
        "(the first digit at most 30 places from the point)",
    ),
    "true as integer": (
        "[engine]\nmax_symbols = true",
        "config.toml:2: engine.max_symbols: expected an integer, at least 1 and at most 100 000, found true",
    ),
    "value instead of section": ("risk = 3", "config.toml:1: risk: expected a table, found 3"),
    "word not in the list": (
        "[engine]\nlog_level = 'loud'",
        'config.toml:2: engine.log_level: expected one of debug, info, warning, error, found "loud"',
    ),
    "source of another version": (
        "[data_source]\ntype = 'coinbase'",
        "config.toml:2: data_source.type: expected one of simulated, binance, file, found "
        '"coinbase" (coinbase is not available in this version)',
    ),
    "exchange of another version": (
        "[market_data]\nexchange = 'kraken'",
        "config.toml:2: market_data.exchange: expected one of simulated, binance, file, found kraken "
        "(not available in this version)",
    ),
    "live trading": (
        "[execution]\npaper_trading = false",
        "config.toml:2: execution.paper_trading: expected true, found false "
        "(only paper trading is available in this version)",
    ),
    "element of a list": (
        "[market_data]\nsymbols = [\n  'BTCUSDT',\n  7,\n]",
        "config.toml:4: market_data.symbols[1]: expected a string, found 7",
    ),
    "missing key": (
        "[[strategies]]\nname = 'x'",
        "config.toml:1: strategies[0].script: expected a string, not empty, found nothing",
    ),
    "missing script": (
        "[[strategies]]\nname = 'x'\nscript = 'nowhere.lua'",
        "config.toml:3: strategies[0].script: expected a Lua file, found none at nowhere.lua",
    ),
    "bad timeframe": (
        "[[strategies]]\nname = 'x'\nscript = 'range.lua'\ntimeframe = '7 parsecs'",
        "config.toml:4: strategies[0].timeframe: timeframe '7 parsecs': expected a number and one of ms s m h d w, "
        "such as '1m'",
    ),
    "same name twice": (
        "[[strategies]]\nname = 'x'\nscript = 'range.lua'\n[[strategies]]\nname = 'x'\nscript = 'range.lua'",
        "config.toml:5: strategies[1].name: expected distinct names, found x again",
    ),
    "strategy on an unknown symbol": (
        "[market_data]\nsymbols = ['BTCUSDT']" + STRATEGY + "symbols = ['ETHUSDT']",
        "config.toml:6: strategies[0].symbols: expected symbols of market_data.symbols, found ETHUSDT",
    ),
    "too many symbols": (
        "[engine]\nmax_symbols = 1\n[market_data]\nsymbols = ['A', 'B']",
        "config.toml:4: market_data.symbols: expected at most engine.max_symbols (1) symbols, found 2",
    ),
    "delays the wrong way round": (
        "[market_data]\nreconnect_delay_ms = 50\nreconnect_delay_max_ms = 20",
        "config.toml:3: market_data.reconnect_delay_max_ms: expected at least reconnect_delay_ms (50), found 20",
    ),
    "file without a path": (
        "[data_source]\ntype = 'file'",
        'config.toml:1: data_source.file.path: expected the path of a recording, found ""',
    ),
    "open bind without keys": (
        "[signal]\nzmq_publish_address = 'tcp://0.0.0.0:5556'",
        "config.toml:2: signal.zmq_publish_address: expected engine.keys_dir (orrery keygen) for an address outside "
        "loopback, found tcp://0.0.0.0:5556 without keys",
    ),
    "address of no form": (
        "[signal]\nzmq_publish_address = 'localhost:5556'",
        "config.toml:2: signal.zmq_publish_address: expected tcp://host:port or ipc://path, found localhost:5556",
    ),
    "one address for two": (
        "[market_data]\nzmq_publish_address = 'tcp://127.0.0.1:7000'\n"
        "[signal]\nzmq_publish_address = 'tcp://127.0.0.1:7000'",
        "config.toml:4: signal.zmq_publish_address: expected an address of its own, found tcp://127.0.0.1:7000 of "
        "market_data.zmq_publish_address",
    ),
    "one metrics port for two": (
        "[signal]\nmetrics_port = 9101",
        "config.toml:2: signal.metrics_port: expected an address of its own, found 127.0.0.1:9101 of "
        "market_data.metrics_port",
    ),
    "websocket of no form": (
        "[market_data]\nwebsocket_url = 'stream.binance.com'",
        "config.toml:2: market_data.websocket_url: expected a URL of ws:// or wss://, found stream.binance.com",
    ),
    "TOML syntax": (
        "[risk]\nmax_position_size = = 1",
        "config.toml:2: expected TOML, found at column 21: Invalid value",
    ),
}


@pytest.mark.parametrize(("text", "expected"), SINGLE.values(), ids=SINGLE.keys())
def test_one_problem_one_line(text: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = errors(tmp_path, text)
    assert found.split(" at nowhere.lua", maxsplit=1)[0] == expected.split(" at nowhere.lua", maxsplit=1)[0]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = errors(tmp_path, "[risk]\nfoo = 1\nmax_open_positions = 0\n[engine]\nlog_level = 3")
    assert [line.split(": ")[:2] for line in found] == [
        ["config.toml:2", "risk.foo"],
        ["config.toml:5", "engine.log_level"],
        ["config.toml:3", "risk.max_open_positions"],
    ]


def test_overrides_are_named_as_the_place(tmp_path: Path) -> None:
    assert errors(tmp_path, "", "risk.max_open_positions=0") == [
        "--set risk.max_open_positions: risk.max_open_positions: expected an integer, at least 1, found 0"
    ]
    assert errors(tmp_path, "", ORRERY__RISK__MAX_POSITION_SIZE="lots") == [
        'environment ORRERY__RISK__MAX_POSITION_SIZE: risk.max_position_size: expected a number, above 0, found "lots"'
    ]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("risk", "--set risk: expected section.key=value, found no ="),
        ("=3", "--set =3: expected section.key=value, found no key"),
        (
            "engine.log_level.deep=3",
            "--set engine.log_level.deep: engine.log_level.deep: expected a key inside a table",
        ),
        ("strategies[9].name=x", "--set strategies[9].name: strategies[9].name: expected a key inside a table"),
    ],
)
def test_settings_that_lead_nowhere(setting: str, expected: str, tmp_path: Path) -> None:
    (found,) = errors(tmp_path, "[engine]\nlog_level = 'info'", setting)
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"risk": {"max_position_size": -1}}',
            "config.json:1: risk.max_position_size: expected a number, above 0, found -1",
        ),
        ('{\n  "risk": {\n    "nope": 1\n  }\n}', "config.json:3: risk.nope: expected a key that exists"),
        ('{"risk": {},\n "risk": {}}', "config.json:2: risk: expected once, found twice"),
        ('{"risk": }', "config.json:1: expected JSON, found at column 10: Expecting value"),
        ('{"risk": NaN}', "config.json: expected JSON, found: NaN is not a JSON number"),
        ("[1]", "config.json:1: expected an object with sections, found list"),
        ("[" * 100_000, "config.json: expected a configuration, found one nested too deeply"),
    ],
)
def test_json_says_the_line_too(text: str, expected: str, tmp_path: Path) -> None:
    (found,) = errors(tmp_path, text, name="config.json")
    assert found.startswith(expected)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"# ok\n# \xe9\n")
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    expected = {
        "missing.toml": "expected a readable file, found: No such file or directory",
        ".": "expected a readable file, found: Is a directory",
        "latin.toml": "expected UTF-8 text, found byte 0xe9",
        "big.toml": "expected at most 1000000 bytes, found more",
    }
    for name, text in expected.items():
        with pytest.raises(ConfigError, match=text):
            load_config(tmp_path / name)
