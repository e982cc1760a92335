"""The registry of commands, their help, and errors as one line with exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from common.routes import ALL_SERVICES
from orrery import commands
from orrery.__main__ import app, main

PROMISED = {
    "up", "status", "run", "market-data", "signal", "risk-manager", "execution", "stand-in", "record", "replay",
    "validate", "config", "keygen", "audit",
}  # fmt: skip


def test_every_file_is_a_command_and_every_promise_is_kept() -> None:
    folder = Path(commands.__file__).parent
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--"}
    registered = {each.name for each in app.registered_commands} | {each.name for each in app.registered_groups}
    assert files == registered == set(commands.command_names())
    assert files >= PROMISED


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    told = capsys.readouterr().out
    assert "Usage: orrery" in told
    if name not in {"config", "stand-in"}:
        assert "Example" in told


@pytest.mark.parametrize("words", [["config", "check"], ["config", "show"], ["stand-in", "binance"]])
def test_commands_of_commands_have_help_with_an_example(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    assert "Example" in capsys.readouterr().out


def test_underscores_do_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["risk_manager", "--help"]) == 0
    assert "Run the risk manager alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["statsu"], "Did you mean 'status'?"),
        (["up", "--durations", "3"], "--duration"),
        (["up", "--duration", "soon"], "valid number"),
        (["keygen"], "Missing option '--out'"),
        (["config", "check", "--config", "nowhere.toml"], "nowhere.toml: expected a readable file"),
        (["config", "check", "--set", "risk.max_position=1"], "max_position_size"),
        (["config", "show", "--section", "risky"], "expected one of engine, market_data"),
        (["run", "--config", "config/system.toml", "--dashboard", "8080"], "dashboard comes in a later version"),
        (["replay", "--file", "nowhere.jsonl"], "nowhere.jsonl: expected a recording"),
        (["replay", "--file", "README.md", "--realtime", "--speed", "3"], "expected one of them"),
    ],
)
def test_an_error_is_told_in_a_line_without_traceback(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.err.startswith("orrery: ")
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_keys_are_made_once_and_secrets_never_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keygen", "--out", str(tmp_path)]) == 0
    pairs = len(ALL_SERVICES) + 1
    assert f"{pairs} key pairs made" in capsys.readouterr().out
    secrets = {path: path.read_text() for path in tmp_path.glob("*.key_secret")}
    assert len(secrets) == pairs
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
    assert main(["keygen", "--out", str(tmp_path), "--json"]) == 0
    told = capsys.readouterr().out
    assert '"made":[]' in told
    assert secrets == {path: path.read_text() for path in tmp_path.glob("*.key_secret")}
    assert not any(
        line.split('"')[1] in told for text in secrets.values() for line in text.splitlines() if "secret-key" in line
    )


def test_help_does_not_load_the_stack(project_root: Path) -> None:
    heavy = ("zmq", "pydantic", "numpy", "lupa", "prometheus_client", "websockets", "msgspec")
    script = f"import sys, orrery.__main__; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=project_root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
