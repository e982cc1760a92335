"""A watched file is taken when it stays as it is, and once: half a file may be a whole one."""

from pathlib import Path

import pytest

from orrery.runners import watching


class LooksOverError(Exception):
    """There is nothing more to be seen."""


def test_a_file_that_is_being_written_is_taken_when_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = iter([(1, 9, 1), (2, 0, 1), (2, 5, 1), None, (3, 9, 2), (3, 9, 2), (3, 9, 2), (3, 9, 2)])
    seen: list[tuple[int, int, int] | None] = []
    given: list[int] = []

    def look(_file: Path) -> tuple[int, int, int] | None:
        for stamp in stamps:
            seen.append(stamp)
            return stamp
        raise LooksOverError

    monkeypatch.setattr(watching, "_stamp", look)
    monkeypatch.setattr(watching, "POLL_S", 0.0)
    with pytest.raises(LooksOverError):
        watching.follow_file(Path("x.lua"), lambda: given.append(len(seen)), None)
    assert given == [6], "at the second look that finds the last version"
