"""A request is over by a clock that both ends share, whatever their walls show."""

from typing import Any

import msgspec
import pytest

from common.bus import deadlines
from common.bus.deadlines import is_over, request_for
from common.clock import monotonic_ns

HOUR_NS = 3_600_000_000_000
SECOND_NS = 1_000_000_000


class Wall:
    """A wall clock that is wrong by `offset_ns`."""

    def __init__(self, offset_ns: int) -> None:
        self._offset_ns = offset_ns

    def now_ns(self) -> int:
        return 1_700_000_000 * SECOND_NS + self._offset_ns

    def seen(self, event_ns: int) -> None:
        raise AssertionError(event_ns)


@pytest.mark.parametrize("offset_ns", [-HOUR_NS, 0, HOUR_NS])
def test_walls_that_differ_do_not_matter(offset_ns: int) -> None:
    if not deadlines.MACHINE:
        pytest.skip("this system does not name its boots")
    assert not is_over(request_for("status", None, SECOND_NS, Wall(0)), Wall(offset_ns))
    assert is_over(request_for("status", None, -1, Wall(0)), Wall(offset_ns))


def test_a_machine_without_a_name_goes_by_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "MACHINE", "")
    request = request_for("status", None, SECOND_NS, Wall(0))
    assert request.machine == ""
    assert not is_over(request, Wall(SECOND_NS))
    assert is_over(request, Wall(SECOND_NS + 1))


def test_another_machine_does_not_judge() -> None:
    request = request_for("status", None, -HOUR_NS, Wall(0))
    elsewhere = msgspec.structs.replace(request, machine="another", deadline_ns=monotonic_ns() - HOUR_NS)
    assert not is_over(elsewhere, Wall(HOUR_NS))


@pytest.mark.parametrize("arguments", [None, {"topic": "intents"}])
def test_a_retry_keeps_its_id_and_another_request_gets_another(arguments: dict[str, Any] | None) -> None:
    first = request_for("replay", arguments, SECOND_NS, Wall(0))
    again = request_for("replay", arguments, SECOND_NS, Wall(0), first.id)
    assert (again.id, again.arguments) == (first.id, arguments or {})
    assert request_for("replay", arguments, SECOND_NS, Wall(0)).id != first.id
