"""The whole stack through drawn faults: nothing lost, nothing doubled; and the parts that make the faults."""

import ctypes
import errno
import os
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import zmq

from common.routes import SERVICES
from orrery.chaos.children import children_named
from orrery.chaos.lying import LIES, LyingProcess, lost_and_doubled
from orrery.chaos.plan import NEEDS_SHIM, Fault, steps
from orrery.chaos.processes import PROJECT
from orrery.chaos.proxy import Proxy
from orrery.chaos.run import run
from orrery.chaos.shim import NoCompilerError, Shim, build
from orrery.chaos.stage import STRATEGY, VenueKind
from orrery.lying_venue.truth import Truth
from orrery.validating.output import problems_of
from services.signal.loading import validate

KILLS = 30
SEED = 20261121


@pytest.fixture
def shim(tmp_path: Path) -> Shim:
    try:
        return Shim(build(tmp_path), tmp_path / "control")
    except NoCompilerError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("venue", VenueKind)
def test_kills_lose_and_double_nothing_with_orders_of_every_type_in_play(venue: VenueKind) -> None:
    outcome = run(KILLS, SEED, venue)
    assert outcome.problems == [], outcome
    assert outcome.kills == KILLS
    in_play = ("fills of a part", "last fills", "guarded entries", "entry orders", "exit orders", "cancelled")
    types = ("market orders", "limit orders", "stop orders")
    assert not [name for name in (*in_play, *types) if not outcome.flow.get(name)], outcome.flow
    assert bool(outcome.lies) is (venue is VenueKind.LYING)


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
        pub.send(b"the last hello")
        while sub.recv_multipart() != [b"the last hello"]:
            continue
        proxy.is_bad = is_bad
        for number in range(count):
            pub.send_multipart([b"n", b"%d" % number])
        got: list[int] = []
        is_whole = False
        while not is_whole or sub.poll(100):  # and nothing comes behind the last
            frames = sub.recv_multipart() if sub.poll(10) else [b""]
            if frames[0] == b"n":
                got.append(int(frames[1]))
            is_whole = len(got) >= count - proxy.counters["dropped"] + proxy.counters["doubled"]
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


def test_children_and_their_children_are_found_by_name() -> None:
    grandchild = f"{sys.executable} -c 'import time; time.sleep(60)' marked-grandchild & echo $!; wait"
    with subprocess.Popen(["/bin/sh", "-c", grandchild], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        number = int(child.stdout.readline())
        assert children_named(os.getpid(), "marked-grandchild") == sorted([child.pid, number])
        assert children_named(number, "marked-grandchild") == []
        os.kill(number, 9)


TRADED = ("order", 1, Decimal(2), Decimal(100), Decimal("0.2"))


def truth(**changed: object) -> Truth:
    nothing = Truth(orders=0, open=0, repeated=[], fills=[], positions={}, cash=Decimal(0), lies={})
    return msgspec.structs.replace(nothing, **changed)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (truth(), []),
        (truth(fills=[TRADED]), ["1 fills lost: order: 2"]),
        (truth(repeated=["order"]), ["1 orders reached it twice: order"]),
        (truth(positions={"AAA": Decimal("0.001")}), ["risk holds 0 AAA, the lying venue 0.001"]),
        (truth(cash=Decimal("-0.01")), ["the fills cost 0, at the lying venue 0.01"]),
    ],
)
def test_what_the_venue_did_and_nobody_told_is_found(found: Truth, words: list[str], tmp_path: Path) -> None:
    problems = list(lost_and_doubled(tmp_path, found))
    assert [word in problem for word, problem in zip(words, problems, strict=True)] == [True] * len(words)


def test_the_lying_venue_tells_the_truth_to_whoever_tries_it(tmp_path: Path) -> None:
    venue = LyingProcess(tmp_path, PROJECT, 3)
    venue.start()
    try:
        assert LIES.lost > 0
        assert venue.truth(be_honest=True).fills == []
    finally:
        venue.close()


def test_the_strategy_is_what_validate_calls_good() -> None:
    assert problems_of(validate(STRATEGY), STRATEGY.read_text()) == []
