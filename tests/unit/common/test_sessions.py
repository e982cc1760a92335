"""What a service ran with is written once for each configuration, and never with a secret."""

from pathlib import Path

import pytest

from common.config.models import Config
from common.journal import JournalError
from common.redaction import REDACTED
from common.sessions import FILE_NAME, read_starts, start_of, write_start


def test_a_start_is_written_when_something_changed(tmp_path: Path) -> None:
    script = tmp_path / "a.lua"
    script.write_text("one")
    first = Config.model_validate({"strategies": [{"name": "a", "script": str(script)}]})
    write_start(tmp_path, start_of(first, inputs=0, base=0, began_ns=1))
    write_start(tmp_path, start_of(first, inputs=5, base=2, began_ns=2))
    script.write_text("two")
    write_start(tmp_path, start_of(first, inputs=7, base=2, began_ns=3))
    other = first.model_copy(update={"risk": first.risk.model_copy(update={"max_open_positions": 1})})
    write_start(tmp_path, start_of(other, inputs=9, base=9, began_ns=4))
    starts = read_starts(tmp_path)
    assert [(start.inputs, start.base) for start in starts] == [(0, 0), (7, 2), (9, 9)]
    assert Config.model_validate(starts[-1].config) == other
    assert starts[0].scripts != starts[1].scripts


def test_secrets_are_left_out(tmp_path: Path) -> None:
    config = Config.model_validate({"market_data": {"websocket_url": "wss://venue/?api_key=abcdef123456"}})
    write_start(tmp_path, start_of(config, inputs=0, base=0, began_ns=1))
    text = (tmp_path / FILE_NAME).read_text()
    assert "abcdef123456" not in text
    assert REDACTED in text


def test_a_folder_without_the_file_has_no_starts(tmp_path: Path) -> None:
    assert read_starts(tmp_path) == []


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    config = Config()
    write_start(tmp_path, start_of(config, inputs=0, base=0, began_ns=1))
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b"{]")
    with pytest.raises(JournalError, match=r"session.jsonl: line 2: expected a start"):
        read_starts(tmp_path)
