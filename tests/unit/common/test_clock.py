"""The wall clock of a shell never goes back and never stands still, whatever the machine does to its own."""

import pytest

from common.clock import EventClock, WallClock

SECOND_NS = 1_000_000_000


class Machine:
    """Both clocks of a machine, in the hands of a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall_ns, self.steady_ns = 1_700_000_000 * SECOND_NS, 5 * SECOND_NS
        monkeypatch.setattr("common.clock.time.time_ns", lambda: self.wall_ns)
        monkeypatch.setattr("common.clock.time.monotonic_ns", lambda: self.steady_ns)

    def passes(self, seconds: int) -> None:
        self.wall_ns += seconds * SECOND_NS
        self.steady_ns += seconds * SECOND_NS


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_it_shows_what_the_machine_shows(machine: Machine) -> None:
    wall = WallClock()
    assert wall.now_ns() == machine.wall_ns
    machine.passes(3)
    assert wall.now_ns() == machine.wall_ns


def test_set_back_it_goes_on_until_the_machine_has_caught_up(machine: Machine) -> None:
    wall = WallClock()
    before_ns = wall.now_ns()
    machine.wall_ns -= 10 * SECOND_NS
    assert wall.now_ns() == before_ns
    machine.passes(4)
    assert wall.now_ns() == before_ns + 4 * SECOND_NS
    machine.passes(4)
    assert wall.now_ns() == before_ns + 8 * SECOND_NS
    machine.wall_ns = before_ns + 9 * SECOND_NS
    assert wall.now_ns() == machine.wall_ns
    machine.passes(1)
    assert wall.now_ns() == machine.wall_ns


def test_set_back_twice(machine: Machine) -> None:
    wall = WallClock()
    before_ns = wall.now_ns()
    for _ in range(2):
        machine.wall_ns -= 10 * SECOND_NS
        machine.passes(1)
        wall.now_ns()
    machine.passes(1)
    assert wall.now_ns() == before_ns + 2 * SECOND_NS


def test_an_event_clock_shows_the_latest_event() -> None:
    events = EventClock(5)
    events.seen(9)
    events.seen(7)
    assert events.now_ns() == 9
