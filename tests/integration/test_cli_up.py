"""`orrery up` with the real services: the summary, readiness, restarts, and ends of every kind."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.config.checks import SECTIONS
from common.routes import ALL_SERVICES
from tests.integration.harness import PROJECT, Stack, wait_until

CONFIG = """
[data_source]
type = "simulated"
[data_source.simulated]
seed = 11
volatility = 0.001
tick_rate = 50
initial_price = 100
[market_data]
symbols = ["AAAUSDT", "BBBUSDT"]
[signal]
update_interval_ms = 100
"""
PROMISED_KEYS = {
    "ticks", "bars", "intents", "orders", "refusals", "fills", "realised_pnl", "unrealised_pnl", "services",
}  # fmt: skip


@pytest.fixture
def stack() -> Iterator[Stack]:
    made = Stack(CONFIG)
    yield made
    made.close()


@pytest.fixture
def other() -> Iterator[Stack]:
    made = Stack(CONFIG)
    yield made
    made.close()


type Orrery = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def orrery() -> Iterator[Orrery]:
    """Return a function that starts a command; what still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "orrery", *arguments]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=PROJECT, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        if process.stdout is not None and not process.stdout.closed:
            process.communicate()


def outcome(process: subprocess.Popen[str], seconds: float = 200.0) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error of a command that ends by itself."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def settings(stack: Stack) -> list[str]:
    return ["--config", str(stack.config), *[word for override in stack.overrides for word in ("--set", override)]]


def pids(stack: Stack) -> dict[str, int]:
    """Return the process ids of the services that answer."""
    answers = {name: stack.ask(name) for name in ALL_SERVICES}
    return {name: answer["pid"] for name, answer in answers.items() if answer is not None}


def wait_all_ready(stack: Stack) -> dict[str, int]:
    wait_until(lambda: all(stack.is_ready(name) for name in ALL_SERVICES), "all ready")
    return pids(stack)


def told_ready(orrery: Orrery, stack: Stack) -> dict[str, Any] | None:
    """Return what `orrery status` says, once all of them answer it in time and are ready."""
    code, out, _ = outcome(orrery("status", *settings(stack), "--json"))
    health: dict[str, Any] = json.loads(out)
    assert (code == 0) is (health["stack"] == "ready")
    return health if code == 0 else None


def summary_of(out: str) -> dict[str, Any]:
    """Return the one JSON object on standard output."""
    summary: dict[str, Any] = json.loads(out)
    assert out.count("\n") == 1
    return summary


def test_a_run_of_some_seconds_trades_and_sums_up(orrery: Orrery, stack: Stack) -> None:
    code, out, err = outcome(orrery("up", *settings(stack), "--duration", "6", "--json"))
    assert code == 0, err
    summary = summary_of(out)
    assert summary.keys() >= PROMISED_KEYS
    assert {name: line["state"] for name, line in summary["services"].items()} == dict.fromkeys(ALL_SERVICES, "ready")
    assert {name: line["restarts"] for name, line in summary["services"].items()} == dict.fromkeys(ALL_SERVICES, 0)
    assert summary["ticks"] > 500
    assert summary["bars"] > 50
    assert summary["fills"] > 0
    assert isinstance(summary["realised_pnl"], float)
    audit = stack.audit()
    assert audit.problems == []
    assert audit.undecided_intents == audit.unreported_orders == []
    counted = (audit.intents, audit.approved, audit.refused, audit.fills)
    assert counted == (summary["intents"], summary["orders"], summary["refusals"], summary["fills"])


def test_a_second_run_counts_its_own_and_keeps_the_account(orrery: Orrery, stack: Stack) -> None:
    _, out, _ = outcome(orrery("up", *settings(stack), "--duration", "3", "--json"))
    first = summary_of(out)
    _, out, _ = outcome(orrery("up", *settings(stack), "--duration", "0.5", "--json"))
    second = summary_of(out)
    audit = stack.audit()
    assert audit.problems == []
    assert audit.fills == first["fills"] + second["fills"]
    assert audit.intents == first["intents"] + second["intents"]


def test_ctrl_c_ends_it_gracefully_and_status_tells_before_and_after(orrery: Orrery, stack: Stack) -> None:
    run = orrery("up", *settings(stack))
    wait_all_ready(stack)
    health = wait_until(lambda: told_ready(orrery, stack), "a status that says so")
    assert health["services"].keys() == set(ALL_SERVICES)
    run.send_signal(signal.SIGINT)
    code, out, err = outcome(run)
    assert code == 0, err
    assert "realised" in out
    code, out, _ = outcome(orrery("status", *settings(stack)))
    assert code == 1
    assert out.startswith("stack down")
    assert out.count("unreachable") == len(ALL_SERVICES)


def test_a_killed_service_comes_back_and_the_run_goes_on(orrery: Orrery, stack: Stack) -> None:
    run = orrery("up", *settings(stack), "--json")
    before = wait_all_ready(stack)
    for name in ("risk_manager", "market_data"):
        os.kill(before[name], signal.SIGKILL)
        wait_until(lambda name=name: stack.is_ready(name) and pids(stack).get(name) != before[name], f"{name} again")  # type: ignore[misc]  # bound now
    wait_all_ready(stack)
    run.terminate()
    code, out, err = outcome(run)
    assert code == 0, err
    summary = summary_of(out)
    restarts = {name: line["restarts"] for name, line in summary["services"].items()}
    assert restarts == {**dict.fromkeys(ALL_SERVICES, 0), "market_data": 1, "risk_manager": 1}
    assert stack.audit().problems == []


def test_services_end_with_a_killed_supervisor(orrery: Orrery, stack: Stack) -> None:
    run = orrery("up", *settings(stack))
    watched = [os.pidfd_open(pid) for pid in wait_all_ready(stack).values()]
    run.kill()
    run.communicate()
    for descriptor in watched:
        assert select.select([descriptor], [], [], 60.0)[0], "a service outlives its supervisor"
        os.close(descriptor)


def test_a_second_stack_on_the_same_addresses_or_journals_is_refused(
    orrery: Orrery, stack: Stack, other: Stack
) -> None:
    run = orrery("up", *settings(stack))
    wait_all_ready(stack)
    code, _, err = outcome(orrery("up", *settings(stack), "--json"))
    assert (code, "Traceback" in err) == (2, False)
    assert "expected a free address" in err
    elsewhere = ["--set", f"engine.data_dir={stack.data_dir}"]
    code, _, err = outcome(orrery("up", *settings(other), *elsewhere, "--json"))
    assert (code, "Traceback" in err) == (2, False)
    assert "one process at a time" in err
    stack.wait_ready(*ALL_SERVICES)
    run.terminate()
    assert outcome(run)[0] == 0


def quotes(path: Path) -> Path:
    """Write 600 quotes in the documented shape."""
    lines = []
    for second in range(600):
        bid = 100 + (second * 7919 % 997) / 100
        line = {"timestamp": 1_700_000_000 + second, "instrument": "XUSDT", "best_bid": bid, "best_ask": bid + 0.01}
        lines.append(json.dumps(line))
    path.write_text("\n".join(lines))
    return path


def test_a_recording_is_replayed_to_its_end(orrery: Orrery, stack: Stack, tmp_path: Path) -> None:
    stack.config.write_text(CONFIG.replace("symbols", "# symbols"))
    kept = tmp_path / "kept"
    arguments = ["replay", "--file", str(quotes(tmp_path / "q.jsonl")), "--data-dir", str(kept), "--json"]
    code, out, err = outcome(orrery(*arguments, *settings(stack)))
    assert code == 0, err
    summary = summary_of(out)
    assert summary["ticks"] == 600
    assert list(summary["market"]) == ["XUSDT"]
    assert (kept / "risk_manager" / "outbox").is_dir()
    code, _, err = outcome(orrery(*arguments, *settings(stack)))
    assert code == 2
    assert "expected a new or empty folder" in err


def test_a_replay_of_symbols_that_are_not_followed_is_refused(orrery: Orrery, stack: Stack, tmp_path: Path) -> None:
    code, _, err = outcome(orrery("replay", "--file", str(quotes(tmp_path / "q.jsonl")), *settings(stack)))
    assert code == 2
    assert "market_data.symbols: expected some of XUSDT, found AAAUSDT, BBBUSDT" in err


def test_beyond_loopback_operators_need_their_key(
    orrery: Orrery, stack: Stack, free_ports: Callable[[int], list[int]]
) -> None:
    keys = stack.folder / "keys"
    assert outcome(orrery("keygen", "--out", str(keys)))[0] == 0
    ports = iter(free_ports(2 * len(SECTIONS)))
    stack.overrides.append(f"engine.keys_dir={keys}")
    for section in SECTIONS.values():
        stack.overrides += [
            f"{section}.zmq_publish_address=tcp://0.0.0.0:{next(ports)}",
            f"{section}.zmq_command_address=tcp://0.0.0.0:{next(ports)}",
        ]
    run = orrery("up", *settings(stack), "--json")
    wait_until(lambda: outcome(orrery("status", *settings(stack)))[0] == 0, "all ready, as the operator sees it")
    (keys / "operator.key_secret").unlink()
    code, _, err = outcome(orrery("status", *settings(stack)))
    assert (code, "Traceback" in err) == (2, False)
    assert "operator.key_secret: no secret key of operator" in err
    run.terminate()
    code, out, err = outcome(run)
    assert code == 0, err
    assert summary_of(out)["ticks"] > 0


def test_an_audit_of_the_journals_tells_whether_all_adds_up(orrery: Orrery, stack: Stack) -> None:
    code, _, err = outcome(orrery("audit", *settings(stack)))
    assert (code, "expected the data folder of a run" in err) == (2, True)
    assert outcome(orrery("up", *settings(stack), "--duration", "3", "--json"))[0] == 0
    code, out, _ = outcome(orrery("audit", *settings(stack), "--json"))
    audit = json.loads(out)
    assert (code, audit["problems"]) == (0, [])
    code, out, _ = outcome(orrery("audit", "--data-dir", str(stack.data_dir)))
    assert code == 0
    assert f"fills {audit['fills']}" in out
    assert "all adds up" in out
