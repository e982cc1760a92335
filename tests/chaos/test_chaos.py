"""The whole stack through drawn faults: nothing lost, nothing doubled; and the parts that make the faults."""

import ctypes
import errno
import os
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import zmq

from common.routes import SERVICES
from orrery.chaos.plan import NEEDS_SHIM, Fault, steps
from orrery.chaos.proxy import Proxy
from orrery.chaos.run import run
from orrery.chaos.shim import NoCompilerError, Shim, build

KILLS = 200
SEED = 20261121


@pytest.fixture
def shim(tmp_path: Path) -> Shim:
    try:
        return Shim(build(tmp_path), tmp_path / "control")
    except NoCompilerError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_hundred_kills_lose_and_double_nothing() -> None:
    outcome = run(KILLS, SEED)
    assert outcome.problems == [], outcome
    assert outcome.kills == KILLS
    assert outcome.fills > 0


def test_the_same_seed_draws_the_same_faults() -> None:
    assert list(steps(7, 50, SERVICES)) == list(steps(7, 50, SERVICES))
    assert list(steps(7, 50, SERVICES)) != list(steps(8, 50, SERVICES))


@pytest.mark.parametrize("kills", [1, 17, 400])
def test_exactly_so_many_processes_are_ended(kills: int) -> None:
    drawn = list(steps(3, kills, SERVICES))
    assert sum(step.kills for step in drawn) == kills
    assert all(set(step.services) <= set(SERVICES) for step in drawn)


def test_every_fault_is_drawn_and_those_left_out_are_not() -> None:
    assert {step.fault for step in steps(3, 500, SERVICES)} == set(Fault)
    kept = [fault for fault in Fault if fault not in NEEDS_SHIM]
    assert {step.fault for step in steps(3, 500, SERVICES, kept)} == set(kept)


def behind(shim: Shim, text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-c", text]  # alone: what measures coverage would write files too
    return subprocess.run(command, env=shim.environment(), capture_output=True, text=True, timeout=60, check=False)


WRITE = "import os; fd = os.open({path!r}, os.O_CREAT | os.O_WRONLY); os.{call}; print('written')"


@pytest.mark.parametrize("call", ["write(fd, bytes(1000))", "pwrite(fd, bytes(1000), 0)"])
def test_a_full_disk_refuses_and_an_empty_one_does_not(shim: Shim, tmp_path: Path, call: str) -> None:
    text = WRITE.format(path=str(tmp_path / "data"), call=call)
    shim.set("disk_full", 1)
    refused = behind(shim, text)
    assert os.strerror(errno.ENOSPC) in refused.stderr
    shim.set("disk_full", 0)
    assert behind(shim, text).stdout == "written\n"
    assert shim.counters()["refused_writes"] == 1


@pytest.mark.parametrize("call", ["write(fd, bytes(1000))", "pwrite(fd, bytes(1000), 0)"])
def test_a_torn_write_leaves_half_and_ends_the_process(shim: Shim, tmp_path: Path, call: str) -> None:
    shim.set("torn", 1)
    ended = behind(shim, WRITE.format(path=str(tmp_path / "data"), call=call))
    assert (ended.returncode, ended.stdout) == (-9, "")
    assert (tmp_path / "data").stat().st_size == 500
    assert (shim.get("torn"), shim.counters()["torn_writes"]) == (0, 1)


@pytest.mark.parametrize("call", ["fsync(fd)", "fdatasync(fd)"])
def test_a_sync_that_fails(shim: Shim, tmp_path: Path, call: str) -> None:
    shim.set("sync_failing", 1)
    failed = behind(shim, WRITE.format(path=str(tmp_path / "data"), call=call))
    assert os.strerror(errno.EIO) in failed.stderr
    assert shim.counters()["refused_syncs"] == 1


def test_a_clock_that_jumps_and_one_that_does_not(shim: Shim) -> None:
    shim.set("clock_offset_ns", 3_600_000_000_000)
    began = time.monotonic_ns()
    wall, steady = behind(shim, "import time; print(time.time_ns(), time.monotonic_ns())").stdout.split()
    assert abs(int(wall) - time.time_ns() - 3_600_000_000_000) < 60_000_000_000
    assert began < int(steady) < time.monotonic_ns()


def heard_through(is_bad: bool, count: int, tmp_path: Path) -> tuple[list[int], dict[str, int]]:
    source, offered = f"ipc://{tmp_path}/a.pub", f"ipc://{tmp_path}/a.net"
    proxy = Proxy({"a": (source, offered)}, seed=5)
    with zmq.Context() as context, context.socket(zmq.PUB) as pub, context.socket(zmq.SUB) as sub:
        pub.sndhwm = sub.rcvhwm = 0
        pub.bind(source)
        sub.connect(offered)
        sub.subscribe(b"")
        while not sub.poll(10):
            pub.send(b"hello")
        proxy.is_bad = is_bad
        for number in range(count):
            pub.send_multipart([b"n", b"%d" % number])
        got = []
        while sub.poll(500):
            frames = sub.recv_multipart()
            if frames[0] == b"n":
                got.append(int(frames[1]))
    proxy.close()
    return got, proxy.counters


def test_a_good_network_passes_everything_in_order(tmp_path: Path) -> None:
    got, counters = heard_through(is_bad=False, count=500, tmp_path=tmp_path)
    assert got == list(range(500))
    assert (counters["dropped"], counters["doubled"], counters["delayed"]) == (0, 0, 0)


def test_a_bad_network_drops_doubles_and_changes_the_order(tmp_path: Path) -> None:
    got, counters = heard_through(is_bad=True, count=500, tmp_path=tmp_path)
    times = Counter(got)
    assert 500 - len(times) == counters["dropped"] > 0
    assert sum(count == 2 for count in times.values()) == counters["doubled"] > 0
    assert any(later < earlier for earlier, later in pairwise(got))


def test_the_layout_is_that_of_the_library(shim: Shim) -> None:
    shim.set("clock_offset_ns", -5)
    for name in ("disk_full", "sync_failing", "torn"):
        shim.set(name, 1)
    assert shim.get("clock_offset_ns") == -5
    assert [shim.get(name) for name in ("disk_full", "sync_failing", "torn")] == [1, 1, 1]
    assert ctypes.sizeof(ctypes.c_int64) + 6 * ctypes.sizeof(ctypes.c_int32) == 32
