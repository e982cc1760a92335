"""What no single key can be checked for: keys against each other and against the world around."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from common.config.conform import UNAVAILABLE, Problem
from common.config.endpoints import all_endpoints, is_private
from common.config.locate import KeyPath
from common.config.models import Config, SourceType
from common.config.places import source_type, uses_file
from common.routes import ALERTS, EVENT_STORE, EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL

SECTIONS = {
    MARKET_DATA: "market_data",
    SIGNAL: "signal",
    RISK_MANAGER: "risk",
    EXECUTION: "execution",
    EVENT_STORE: "event_store",
    ALERTS: "alerts",
}
"""Service to the name of its section."""

LONGEST_IPC_PATH = 107
"""Bytes of a Unix socket's path that the kernel takes."""

_TRANSPORTS = ("tcp://", "ipc://", "inproc://")


def problems(config: Config) -> Iterator[Problem]:
    """Yield what contradicts itself in a configuration whose every key is valid by itself."""
    yield from _sources(config)
    yield from _symbols(config)
    yield from _strategies(config)
    yield from _addresses(config)
    yield from _clashes(config)
    yield from _deadlines(config)
    market_data = config.market_data
    if market_data.reconnect_delay_max_ms < market_data.reconnect_delay_ms:
        text = f"expected at least reconnect_delay_ms ({market_data.reconnect_delay_ms})"
        path = ("market_data", "reconnect_delay_max_ms")
        yield Problem(path, f"{text}, found {market_data.reconnect_delay_max_ms}")


def warnings(config: Config, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what works but is probably not what was meant."""
    model = config.signal.model_path
    if model and not Path(model).is_file():
        yield Problem(("signal", "model_path"), f"no file at {model}; only a strategy that uses a model needs it")
    for name in UNAVAILABLE:
        if name in config.data_source.model_fields_set:
            yield Problem(("data_source", name), f"{name} is not available in this version; the section is unused")
    for index, channel in enumerate(config.alerts.channels):
        if channel.url_env and not environ.get(channel.url_env):
            text = f"environment variable {channel.url_env} is not set; nothing is sent by channel {channel.name}"
            yield Problem(("alerts", "channels", index, "url_env"), text)
        if channel.url_file and not Path(channel.url_file).is_file():
            text = f"no file at {channel.url_file}; nothing is sent by channel {channel.name}"
            yield Problem(("alerts", "channels", index, "url_file"), text)
    for key in ("api_key_env", "secret_key_env"):
        variable = getattr(config.data_source.binance, key)
        if variable and source_type(config) == "binance" and not environ.get(variable):
            text = f"environment variable {variable} is not set; public market data needs none, so the run goes on"
            yield Problem(("data_source", "binance", key), text)


def _sources(config: Config) -> Iterator[Problem]:
    name, known = source_type(config), get_args(SourceType)
    if name not in known:
        text = f"expected one of {', '.join(known)}, found {name} (not available in this version)"
        yield Problem(("market_data", "exchange"), text)
    if uses_file(config) and not config.data_source.file.path:
        yield Problem(("data_source", "file", "path"), 'expected the path of a recording, found ""')
    if name == "binance":
        for key, schemes in (("websocket_url", ("ws://", "wss://")), ("rest_url", ("http://", "https://"))):
            url = getattr(config.market_data, key)
            if url and not url.startswith(schemes):
                yield Problem(("market_data", key), f"expected a URL of {' or '.join(schemes)}, found {url}")


def _symbols(config: Config) -> Iterator[Problem]:
    found, most = len(config.market_data.symbols), config.engine.max_symbols
    if found > most:
        text = f"expected at most engine.max_symbols ({most}) symbols, found {found}"
        yield Problem(("market_data", "symbols"), text)
    listed = [instrument.symbol for instrument in config.instruments]
    for index, symbol in enumerate(listed):
        if symbol in listed[:index]:
            yield Problem(("instruments", index, "symbol"), f"expected each symbol once, found {symbol} again")


def _strategies(config: Config) -> Iterator[Problem]:
    names = [strategy.name for strategy in config.strategies]
    for index, strategy in enumerate(config.strategies):
        if strategy.name in names[:index]:
            yield Problem(("strategies", index, "name"), f"expected distinct names, found {strategy.name} again")
        for symbol, count in Counter(strategy.symbols).items():
            path: KeyPath = ("strategies", index, "symbols")
            if count > 1:
                yield Problem(path, f"expected distinct symbols, found {symbol} {count} times")
            if symbol not in config.market_data.symbols:
                yield Problem(path, f"expected symbols of market_data.symbols, found {symbol}")


def _deadlines(config: Config) -> Iterator[Problem]:
    signal = config.signal
    longest = signal.worker_timeout_ms
    if signal.indicator_backend == "ocaml" and signal.workers and signal.indicator_deadline_ms >= longest:
        text = f"expected less than worker_timeout_ms ({longest}), after which a worker is killed"
        yield Problem(("signal", "indicator_deadline_ms"), f"{text}, found {signal.indicator_deadline_ms}")


def _addresses(config: Config) -> Iterator[Problem]:
    for service, at in all_endpoints(config).items():
        for key, address in (("zmq_publish_address", at.bind_publish), ("zmq_command_address", at.bind_command)):
            path = (SECTIONS[service], key)
            if not _well_formed(address):
                yield Problem(path, f"expected tcp://host:port or ipc://path, found {address}")
            elif len(address.removeprefix("ipc://").encode()) > LONGEST_IPC_PATH:
                yield Problem(path, f"expected an ipc path of at most {LONGEST_IPC_PATH} bytes, found {address}")
            elif not is_private(address) and not config.engine.keys_dir:
                text = f"expected engine.keys_dir (orrery keygen) for an address outside loopback, found {address}"
                yield Problem(path, f"{text} without keys")


def _well_formed(address: str) -> bool:
    if not address.startswith(_TRANSPORTS):
        return False
    host, colon, port = address.partition("://")[2].rpartition(":")
    return not address.startswith("tcp://") or bool(host and colon and (port.isdecimal() or port == "*"))


def _clashes(config: Config) -> Iterator[Problem]:
    """Two services may share a port only where each has a host of its own."""
    taken: dict[tuple[str, str], str] = {}
    for service, at in all_endpoints(config).items():
        section = SECTIONS[service]
        host = getattr(config, section).host
        bound = (
            ("zmq_publish_address", at.bind_publish),
            ("zmq_command_address", at.bind_command),
            ("metrics_port", f"{at.metrics_host}:{at.metrics_port}"),
        )
        for key, address in bound:
            other = taken.setdefault((host, address), f"{section}.{key}")
            if other != f"{section}.{key}":
                yield Problem((section, key), f"expected an address of its own, found {address} of {other}")
