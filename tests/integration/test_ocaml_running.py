"""The OCaml program beside a running stack: killed, stopped, and nobody trades otherwise for it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from common.routes import SIGNAL
from services.signal.hosts.ocaml import find_program
from tests.integration.harness import PROJECT, Stack, wait_until

pytestmark = pytest.mark.skipif(
    find_program(PROJECT) is None, reason="ocaml-indicators is not built: `make ocaml` builds it where dune is"
)
CROSSING = """
strategy = { name = "crossing" }
function detect_opportunity(m, c, i)
  local fast, slow, rsi, range = i.ema(2), i.ema(5), i.rsi(3), i.atr(4)
  if fast and slow and rsi and range and fast > slow then return { signal = "up", seen = fast - slow + range } end
end
function filter_commitment(m, c, i) return { action = "enter_long", price = m.close, quantity = 0.01 } end
function manage_position(m, c, i)
  if i.ema(2) < i.ema(5) then return { action = "exit", price = m.close, reason = "down" } end
end
"""
CONFIG = """
[data_source]
type = "simulated"
[data_source.simulated]
seed = 3
tick_rate = 60
initial_price = 100
[market_data]
symbols = ["AAAUSDT", "BBBUSDT"]
[signal]
update_interval_ms = 50
indicator_verify_every = 2
indicator_deadline_ms = 1900
indicator_backend = "{backend}"
workers = {workers}
[[strategies]]
name = "crossing"
script = "{script}"
"""


def stack_with(backend: str, workers: int) -> Stack:
    stack = Stack()
    script = stack.folder / "crossing.lua"
    script.write_text(CROSSING)
    stack.config.write_text(CONFIG.format(backend=backend, script=script, workers=workers))
    return stack


@pytest.fixture
def native() -> Iterator[Stack]:
    stack = stack_with("native", workers=1)
    yield stack
    stack.close()


@pytest.fixture(params=[0, 1], ids=["own process", "worker"])
def ocaml(request: pytest.FixtureRequest) -> Iterator[Stack]:
    stack = stack_with("ocaml", workers=request.param)
    yield stack
    stack.close()


def indicators(stack: Stack) -> dict[str, Any]:
    answer = wait_until(lambda: stack.ask(SIGNAL), "status of signal")
    shown: dict[str, Any] = answer["indicators"]
    return shown


def reaches(stack: Stack, key: str, count: int) -> bool:
    shown = indicators(stack)
    return bool((shown if shown["backend"] == "ocaml" else shown["verifier"])[key] >= count)


def counted(stack: Stack, event: str) -> int:
    shown = indicators(stack)
    count: int = (shown if shown["backend"] == "ocaml" else shown["verifier"])["program"][event]
    return count


def strike(stack: Stack, number: signal.Signals) -> None:
    shown = indicators(stack)
    os.kill((shown if shown["backend"] == "ocaml" else shown["verifier"])["program"]["pid"], number)


def bars(stack: Stack) -> int:
    taken: int = stack.core(SIGNAL)["bars"]
    return taken


def goes_on(stack: Stack) -> None:
    before, fills = bars(stack), stack.audit().fills
    wait_until(lambda: bars(stack) > before + 20 and stack.audit().fills > fills, "further bars and fills")


def test_the_verifier_loses_its_program_twice_and_trading_goes_on(native: Stack) -> None:
    native.start()
    native.wait_ready()
    wait_until(partial(reaches, native, "equal", 20), "twenty checks")
    # The verifier's program gives way to everybody: on a busy machine it may be given up without being struck.
    before = {event: counted(native, event) for event in ("deaths", "starts", "hangs")}
    strike(native, signal.SIGKILL)
    goes_on(native)
    wait_until(lambda: counted(native, "deaths") > before["deaths"], "a death that is counted")
    wait_until(lambda: counted(native, "starts") > before["starts"], "another program")
    wait_until(partial(reaches, native, "equal", indicators(native)["verifier"]["equal"] + 5), "further checks")
    strike(native, signal.SIGSTOP)
    goes_on(native)
    wait_until(lambda: counted(native, "hangs") > before["hangs"], "a hang that is counted")
    shown = indicators(native)["verifier"]
    assert shown["different"] == 0
    assert shown["unanswered"] > 0
    assert native.is_ready(SIGNAL)


def test_the_backend_dies_and_hangs_and_no_digit_changes(ocaml: Stack) -> None:
    ocaml.start()
    ocaml.wait_ready()
    wait_until(partial(reaches, ocaml, "values", 100), "a hundred values")
    strike(ocaml, signal.SIGKILL)
    goes_on(ocaml)
    strike(ocaml, signal.SIGSTOP)
    goes_on(ocaml)
    shown = indicators(ocaml)
    assert (shown["program"]["deaths"], shown["program"]["hangs"], shown["program"]["starts"]) == (1, 1, 3)
    assert (shown["fallbacks"], shown["different"]) == (0, 0)
    ocaml.kill(SIGNAL)
    ocaml.start(SIGNAL)
    ocaml.wait_ready()
    goes_on(ocaml)
    assert set(ocaml.stop_in_turn(SIGNAL).values()) == {0}
    command = [sys.executable, "-m", "orrery", "parity", "--session", str(ocaml.data_dir)]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
