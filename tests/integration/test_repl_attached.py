"""`orrery repl --attach` and `orrery events follow` against a running stack: looked at from outside, nothing changes."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orrery.errors import EXIT_INTERRUPTED
from tests.integration.harness import PROJECT, Stack, wait_until
from tests.integration.test_runner_changes import CONFIG, PULSE, RUNNER, shown


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    running = Stack(CONFIG)
    source = PULSE.replace("function detect", "local steps = { 1 << 40 }\nfunction detect", 1)
    source = source.replace("context.seen = ", "steps[#steps % 9 + 1] = market_data.close\n  context.seen = ")
    (running.folder / "pulse.lua").write_text(source)
    running.start()
    running.wait_ready()
    wait_until(lambda: running.audit().fills >= 2, "two fills")
    yield running
    running.close()


def begun(stack: Stack, *arguments: str) -> "subprocess.Popen[str]":
    settings = [part for override in stack.overrides for part in ("--set", override)]
    command = [sys.executable, "-m", "orrery", *arguments, "--json", "--config", str(stack.config), *settings]
    return subprocess.Popen(command, cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process: "subprocess.Popen[str]") -> tuple[int, list[dict[str, Any]], str]:
    out, error = process.communicate(timeout=200)
    return process.returncode, [json.loads(line) for line in out.splitlines()], error


def attached(stack: Stack, script: str) -> list[dict[str, Any]]:
    code, told, error = ended(begun(stack, "repl", "--attach", "--runner", "pulse", "-e", script))
    assert code == 0, error
    return told


def test_a_running_runner_is_looked_at_and_asked(stack: Stack) -> None:
    before = shown(stack)
    told = attached(
        stack,
        "state; position; bars 7; context; orders; account; history; list; why; = #steps, context.seen;"
        " = market_data.close - indicators.sma(5); context.seen = -5; = context.seen; steps = nil;"
        " = detect_opportunity(market_data, context, indicators).signal",
    )
    by_line = {each["command"]: each for each in told}
    assert by_line["state"]["bars"] >= before["bars"]
    assert len(by_line["bars 7"]["bars"]) == 7
    assert by_line["context"]["variables"]
    assert by_line["= #steps, context.seen"]["values"][1] >= 1
    assert by_line["= context.seen"]["values"][0] > 0
    assert abs(by_line["= market_data.close - indicators.sma(5)"]["values"][0]) < 50
    assert by_line["why"]["standing"]["runner"]
    after = shown(stack)
    assert after["errors"] == 0
    assert after["remembers"]["context"]["seen"] > before["remembers"]["context"]["seen"]
    assert after["evaluations"] > before["evaluations"], "it went on meanwhile"


def test_only_its_own_words_change_it(stack: Stack) -> None:
    assert attached(stack, "pause")[0]["paused"]
    assert shown(stack)["paused"]
    assert not attached(stack, "resume")[0]["paused"]


def test_a_script_fails_where_a_line_fails(stack: Stack) -> None:
    code, told, _ = ended(begun(stack, "repl", "--attach", "-e", "state; while true do end; state"))
    assert code == 1
    assert [each["ok"] for each in told] == [True, False]
    assert "instructions" in told[1]["error"]
    assert ended(begun(stack, "repl", "--attach", "--runner", "nobody", "-e", "state"))[0] != 0


class Following:
    """`orrery events follow` until it is told to end: by then `events` has all that it printed."""

    def __init__(self, stack: Stack, *arguments: str) -> None:
        self._process = begun(stack, "events", "follow", *arguments)
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.events.append(json.loads(line))

    def kinds(self) -> set[str]:
        return {each["kind"] for each in list(self.events)}

    def fills(self) -> set[str]:
        return {each["message"]["id"] for each in list(self.events) if each["kind"] == "fill"}

    def end(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self._process.send_signal(signal.SIGINT)
        with self._process as process:
            try:
                return process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            finally:
                self._reader.join()


def test_several_follow_the_same_events_at_once(stack: Stack) -> None:
    usual = {"state", "signal", "order", "position", "account", "fill"}
    first = Following(stack)
    second = Following(stack, "--kind", "fill", "--kind", "bar", "--symbol", "AAAUSDT")
    third = begun(stack, "repl", "--attach", "-e", "follow 2")
    try:
        wait_until(lambda: first.kinds() >= usual and second.kinds() >= {"fill", "bar"}, "all kinds", 120)
        wait_until(lambda: first.fills() & second.fills(), "fills that both saw", 120)
    finally:
        codes = first.end(), second.end()
    assert codes == (EXIT_INTERRUPTED, EXIT_INTERRUPTED)
    all_events, kinds = first.events, first.kinds()
    assert kinds <= {*usual, "error"}
    assert second.kinds() == {"fill", "bar"}
    assert {each["message"]["symbol"] for each in second.events} == {"AAAUSDT"}
    numbers = [each["number"] for each in all_events if each["topic"] == "intents"]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    code_3, told, error_3 = ended(third)
    assert code_3 == 0, error_3
    assert told[-1]["events"] > 0
    assert all(each["kind"] in (*kinds, "bar") for each in told[:-1])
    assert ended(begun(stack, "events", "follow", "--duration", "0.2"))[0] == 0


def test_health_and_ticks_can_be_followed_and_counted(stack: Stack) -> None:
    code, told, error = ended(begun(stack, "events", "follow", "-k", "health", "-k", "tick", "--count", "300"))
    assert code == 0, error
    assert len(told) == 300
    assert {each["kind"] for each in told} <= {"health", "tick"}
    code, told, error = ended(
        begun(stack, "events", "follow", "--runner", RUNNER, "-k", "state", "-k", "order", "-n", "6")
    )
    assert code == 0, error
    assert {each["message"]["runner"] for each in told} == {RUNNER}
    assert ended(begun(stack, "events", "follow", "--kind", "nosuch"))[0] == 2
