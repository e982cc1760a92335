"""Logs go where the config says, at each component's level, with ids and without secrets."""

import json
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from common.config.models import EngineSection
from common.config.tree import ConfigError
from common.logs import correlated, get_logger, setup_logging
from common.redaction import REDACTED, protect, redact_text


@pytest.fixture(autouse=True)
def _own_handlers() -> Iterator[None]:
    """Give the other tests their log handlers back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def setup(path: Path, **keys: Any) -> Path:
    """Log to a file as JSON, with other keys of [engine] as given."""
    setup_logging(EngineSection(log_file=str(path / "{service}.log"), log_format="json", **keys), "signal")
    return path / "signal.log"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_is_one_json_object(tmp_path: Path) -> None:
    path = setup(tmp_path)
    get_logger("bus").info("gap closed", topic="quote.BTCUSDT", missing=3)
    (line,) = lines(path)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("timestamp"))
    assert line == {
        "event": "gap closed",
        "level": "info",
        "service": "signal",
        "component": "bus",
        "topic": "quote.BTCUSDT",
        "missing": 3,
    }


def test_each_component_has_its_level(tmp_path: Path) -> None:
    path = setup(tmp_path, log_level="warning", log_levels={"bus": "debug"})
    for component in ("bus", "journal"):
        get_logger(component).debug("quiet")
        get_logger(component).warning("loud")
    assert [(line["component"], line["event"]) for line in lines(path)] == [
        ("bus", "quiet"),
        ("bus", "loud"),
        ("journal", "loud"),
    ]
    path = setup(tmp_path, log_level="warning")
    get_logger("bus").debug("quiet again")
    assert len(lines(path)) == 3


def test_ids_stand_in_every_line_inside(tmp_path: Path) -> None:
    path = setup(tmp_path)
    log = get_logger("core")
    with correlated(runner="ema:BTCUSDT"), correlated(order="ema:BTCUSDT-1"):
        log.info("inside")
    log.info("outside")
    inside, outside = lines(path)
    assert (inside["runner"], inside["order"]) == ("ema:BTCUSDT", "ema:BTCUSDT-1")
    assert "runner" not in outside


def test_libraries_and_warnings_come_along(tmp_path: Path) -> None:
    path = setup(tmp_path)
    logging.getLogger("websockets.client").info("chatter")
    logging.getLogger("websockets.client").error("broken: %s", "frame")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", UserWarning, stacklevel=1)
    assert [line["component"] for line in lines(path)] == ["library", "library"]
    assert lines(path)[0]["event"] == "broken: frame"


def test_files_rotate_and_old_ones_go(tmp_path: Path) -> None:
    setup(tmp_path, log_file_max_bytes=10_000, log_file_count=2)
    for number in range(300):
        get_logger("bus").info("x" * 200, number=number)
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert sorted(sizes) == ["signal.log", "signal.log.1", "signal.log.2"]
    assert max(sizes.values()) <= 10_000


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigError, match=r"engine\.log_file: expected a file that signal can write, found .*taken"):
        setup(tmp_path / "taken")


def test_console_lines_are_plain_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging(EngineSection(), "risk_manager")
    get_logger("main").info("running", pid=7)
    error = capsys.readouterr().err
    assert re.search(r"\[info +\] running +component=main pid=7 service=risk_manager\n", error)
    assert "\x1b" not in error


def test_secrets_never_reach_the_log(tmp_path: Path) -> None:
    public, secret = (key.decode() for key in zmq.curve_keypair())
    protect("hunter2hunter2")
    path = setup(tmp_path)
    log = get_logger("venue")
    log.info(
        "named", api_key="A1", secretKey="A1", nested={"token": "A1", "list": [{"password": "A1"}]}, signature=b"A1"
    )
    log.info(
        "in text", url="https://x/order?symbol=BTCUSDT&signature=A1A1&timestamp=1", header="Authorization: Bearer A1"
    )
    log.info("known value hunter2hunter2", error=ValueError("hunter2hunter2"))
    log.info("curve", text=f'secret-key = "{secret}"', bare=secret, public=public)
    try:
        int("apiKey=A1A1")
    except ValueError:
        log.exception("failed")
    text = path.read_text()
    assert "A1" not in text
    assert "hunter2" not in text
    assert secret not in text.encode().decode("unicode_escape")
    assert text.count(REDACTED.strip("[]")) >= 10


@pytest.mark.parametrize(
    "text",
    [
        "risk.max_position_size: expected a key that exists, found unknown key 'foo'",
        "data_source.binance.api_key_env: environment variable MY_KEY is not set",
        "/var/lib/orrery/data/signal/outbox/0000000001.log",
        "7b502c3a1f48c8609ae212cdfb639dee39673f5e",
        "ipc:///run/orrery/risk_manager_commands",
        "tcp://127.0.0.1:5555",
        "quote:BTCUSDT:123456789",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    assert redact_text(text) == text
