"""When the simulated market opened, as it is kept over restarts."""

import os
from pathlib import Path

import pytest

from services.market_data.__main__ import RESUME_WITHIN_NS, simulation_start

T0 = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    ("restarted_ns", "opened_ns"),
    [
        (T0, T0),
        (T0 + RESUME_WITHIN_NS - 1, T0),
        (T0 + RESUME_WITHIN_NS, T0 + RESUME_WITHIN_NS),
        (T0 - 1, T0 - 1),
    ],
)
def test_it_opens_anew_after_a_long_time_or_when_the_clock_was_set_back(
    restarted_ns: int, opened_ns: int, tmp_path: Path
) -> None:
    assert simulation_start(tmp_path / "data", T0) == T0
    assert simulation_start(tmp_path / "data", restarted_ns) == opened_ns


def test_it_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            simulation_start(tmp_path, T0)
    assert simulation_start(tmp_path, T0 + 1) == T0 + 1
