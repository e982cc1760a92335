"""Alerts beside a running stack: the kill switch, the breaker, a paused runner and a dead service, by webhook and mail."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from common.routes import ALERTS, EXECUTION, RISK_MANAGER, SERVICES, SIGNAL
from common.snapshots import read_snapshots
from tests.integration.harness import PROJECT, Stack, wait_until
from tests.integration.sinks import HttpSink, SmtpSink

pytest.importorskip("apprise")
SECRET = "s3cr3t-t0ken"
BROKEN = """
strategy = { name = "broken", evaluate_on = "tick" }
function detect_opportunity(m, c, i) error("cannot think") end
function filter_commitment(m, c, i) return nil end
function manage_position(m, c, i) return nil end
"""
CONFIG = """
[engine]
peer_timeout_ms = 1000
[data_source]
type = "simulated"
[data_source.simulated]
seed = 11
volatility = 0.001
tick_rate = 50
initial_price = 100
[market_data]
symbols = ["AAAUSDT"]
[signal]
update_interval_ms = 100
max_errors = 3
[risk]
max_position_size = 1000
enable_circuit_breaker = true
max_loss_threshold = 0.01
[[strategies]]
name = "ema_crossover"
script = "strategies/ema_crossover.lua"
[[strategies]]
name = "broken"
script = "broken.lua"
[alerts]
account_interval_ms = 200
retry_delay_ms = 100
[[alerts.channels]]
name = "hook"
url_env = "TEST_ALERTS_HOOK"
min_severity = "info"
burst = 100
[[alerts.channels]]
name = "mail"
url_file = "{folder}/mail.url"
min_severity = "critical"
kinds = ["kill_switch"]
[[alerts.channels]]
name = "stuck"
url_env = "TEST_ALERTS_STUCK"
min_severity = "info"
[[alerts.channels]]
name = "slow"
url_env = "TEST_ALERTS_SLOW"
min_severity = "info"
per_minute = 0.1
burst = 1
"""


@pytest.fixture
def hook() -> Iterator[HttpSink]:
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture
def slow() -> Iterator[HttpSink]:
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture
def mail() -> Iterator[SmtpSink]:
    sink = SmtpSink()
    yield sink
    sink.close()


@pytest.fixture
def stack(hook: HttpSink, slow: HttpSink, mail: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("TEST_ALERTS_HOOK", f"json://127.0.0.1:{hook.port}/{SECRET}")
    # It takes connections and never answers: whoever talks to it waits.
    stuck = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("TEST_ALERTS_STUCK", f"json://127.0.0.1:{stuck.getsockname()[1]}/{SECRET}")
    monkeypatch.setenv("TEST_ALERTS_SLOW", f"json://127.0.0.1:{slow.port}/{SECRET}")
    running = Stack()
    running.config.write_text(CONFIG.replace("{folder}", str(running.folder)))
    (running.folder / "broken.lua").write_text(BROKEN)
    address = f"mailto://127.0.0.1:{mail.port}?from=orrery@example.org&to=ops@example.org&mode=insecure"
    (running.folder / "mail.url").write_text(address)
    running.start(ALERTS, *SERVICES)
    running.wait_ready(ALERTS, *SERVICES)
    yield running
    running.close()
    stuck.close()


def orrery(stack: Stack, *words: str, code: int = 0) -> dict[str, Any]:
    arguments = [sys.executable, "-m", "orrery", *words, "--json", "--config", str(stack.config)]
    for override in stack.overrides:
        arguments += ["--set", override]
    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == code, done.stdout + done.stderr + stack.logs()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def arrival(sink: HttpSink, title: str) -> float:
    """Return when a title came first."""
    wait_until(lambda: title in sink.titles(), f"{title!r} among {sink.titles()}", 60)
    return next(at for at, _, body in sink.got if body["title"] == title)


def test_people_hear_of_what_goes_wrong_and_of_its_end(
    stack: Stack, hook: HttpSink, slow: HttpSink, mail: SmtpSink
) -> None:
    arrival(hook, "Orrery warning: runner_paused broken:AAAUSDT (firing)")
    arrival(hook, "Orrery critical: breaker_open account (firing)")
    began = time.monotonic()
    assert stack.ask(RISK_MANAGER, "kill", {"flatten": "yes", "reason": "fat finger"}, timeout_ms=30_000)
    # A letter to the channel that is stuck is given up after ten seconds: nobody has waited for that.
    assert arrival(hook, "Orrery critical: kill_switch account (firing)") - began < 5.0
    body = next(body for _, _, body in hook.got if body["title"].startswith("Orrery critical: kill_switch"))
    assert "killed by an operator (fat finger)" in body["message"]
    assert "cause: " in body["message"]
    assert body["type"] == "failure"
    wait_until(lambda: mail.mails, "a mail")
    assert "kill_switch" in mail.mails[0]
    assert "To: ops@example.org" in mail.mails[0]
    firing = {each["kind"] for each in orrery(stack, "alerts", "list")["firing"]}
    assert firing >= {"kill_switch", "breaker_open", "runner_paused"}
    assert stack.ask(RISK_MANAGER, "arm", timeout_ms=30_000)
    assert stack.ask(RISK_MANAGER, "reset_breaker", timeout_ms=30_000)
    arrival(hook, "Orrery critical: kill_switch account (resolved)")
    arrival(hook, "Orrery critical: breaker_open account (resolved)")
    stack.kill(SIGNAL)
    arrival(hook, "Orrery critical: service_silent signal (firing)")
    stack.start(SIGNAL)
    arrival(hook, "Orrery critical: service_silent signal (resolved)")
    arrival(hook, "Orrery warning: service_restarted signal")
    assert len(slow.got) == 1
    held = orrery(stack, "alerts", "list")["channels"]["slow"]
    assert held["held_total"] > 5
    assert SECRET not in stack.logs()
    assert all(path == f"/{SECRET}" for _, path, _ in hook.got)


def test_a_test_message_is_sent_and_a_failing_channel_is_tried_again(stack: Stack, hook: HttpSink) -> None:
    assert orrery(stack, "alerts", "test", "--channel", "hook") == {"ok": True, "channels": {"hook": ""}}
    hook.refusals = 2
    assert orrery(stack, "alerts", "test", "--channel", "hook")["ok"] is True
    assert hook.titles().count("Orrery info: test hook") == 2
    assert stack.ask(ALERTS, "alerts.test", {"channel": "nowhere"}) is None


def is_written_down(stack: Stack) -> bool:
    """Return whether a restart of the alerts would know that the paused runner was told, and of no letter to the hook."""
    kept = read_snapshots(stack.data_dir / ALERTS)
    if not kept:
        return False
    state = msgspec.msgpack.decode(kept[-1].core)
    waits = any(letter["channel"] == "hook" for letter in state["post"]["outbox"])
    return "runner_paused broken:AAAUSDT" in state["open"] and not waits


def test_what_happened_while_alerts_were_away_is_told_once(stack: Stack, hook: HttpSink) -> None:
    arrival(hook, "Orrery warning: runner_paused broken:AAAUSDT (firing)")
    wait_until(lambda: is_written_down(stack), "what was told is written down")
    stack.kill(ALERTS)
    assert stack.ask(RISK_MANAGER, "kill", {"reason": "meanwhile"}, timeout_ms=30_000) is not None
    stack.wait_ready(*SERVICES)
    stack.start(ALERTS)
    stack.wait_ready(ALERTS)
    arrival(hook, "Orrery critical: kill_switch account (firing)")
    assert stack.core(EXECUTION)["open_orders"] == 0
    orrery(stack, "alerts", "test", "--channel", "hook")
    assert hook.titles().count("Orrery critical: kill_switch account (firing)") == 1
    assert hook.titles().count("Orrery warning: runner_paused broken:AAAUSDT (firing)") == 1


def test_nobody_waits_for_alerts_that_hang(stack: Stack) -> None:
    stack.processes[ALERTS].send_signal(signal.SIGSTOP)
    before = stack.audit().intents
    wait_until(lambda: stack.audit().intents > before + 5, "strategies go on")
    stack.wait_ready(*SERVICES)
    answer = orrery(stack, "kill", "--reason", "still obeyed")
    assert all(each["ok"] and each["took_ms"] < 5_000 for each in answer["services"].values())


def test_a_channel_without_an_address_does_not_hold_the_stack_up() -> None:
    made = Stack(CONFIG.replace("peer_timeout_ms = 1000", "peer_timeout_ms = 10000"))
    try:
        (made.folder / "broken.lua").write_text(BROKEN)
        summary = orrery(made, "up", "--duration", "1")
        alerts = summary["services"][ALERTS]
        assert alerts["state"] == "degraded"
        assert "TEST_ALERTS_STUCK" in alerts["detail"]
        assert summary["services"][EXECUTION]["state"] == "ready"
    finally:
        made.close()
