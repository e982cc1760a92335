"""`orrery replay --at`: the state of every service printed, and the difference between two moments or two sessions."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from common.messages import Fill
from orrery.__main__ import main
from orrery.redrive.diffing import Changed, changes
from orrery.redrive.moments import end, moment_of_event
from orrery.redrive.services import rebuild_platform
from orrery.redrive.session import Session
from services.event_store.core.projection.fold import Projection
from tests.unit.redrive.sessions import T0, Made, made, store_in


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("session"))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Return exit code and JSON of `orrery replay`."""
    exit_code = main(["replay", *arguments, "--json"])
    return exit_code, json.loads(capsys.readouterr().out)


def test_the_end_has_the_hashes_of_the_services(live: Made, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, state = said(capsys, "--session", str(live.folder))
    assert exit_code == 0
    assert state["differences"] == []
    assert state["services"]["risk_manager"]["state"] == live.services["risk_manager"].core.status()
    assert (
        state["projection"]["state"]["accounts"]["USDT"]["cash"]
        == state["services"]["risk_manager"]["state"]["cash"]["USDT"]
    )
    assert main(["replay", "--session", str(live.folder), "--at", "end"]) == 0
    text = capsys.readouterr().out
    assert state["services"]["signal"]["sha256"] in text
    assert "agrees with the services" in text
    assert max(map(len, text.splitlines()[1:])) <= 100


def test_two_moments_differ_where_something_happened(live: Made, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = str(T0 + 30 * 1_000_000_000), str(T0 + 31 * 1_000_000_000)
    exit_code, found = said(capsys, "--session", str(live.folder), "--at", one, "--diff", two)
    assert exit_code == 1
    assert {change["path"] for change in found["changes"]} >= {"signal.bars"}
    exit_code, found = said(capsys, "--session", str(live.folder), "--at", one, "--diff", one)
    assert (exit_code, found["equal"], found["changes"]) == (0, True, [])
    assert main(["replay", "--session", str(live.folder), "--at", one, "--diff", "end"]) == 1
    assert "figures differ" in capsys.readouterr().out


def test_two_sessions_are_compared(live: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(live.folder, copy)
    assert said(capsys, "--session", str(live.folder), "--diff", str(copy))[0] == 0
    other = made(tmp_path / "other", 190)
    exit_code, found = said(capsys, "--session", str(live.folder), "--diff", str(other.folder))
    assert (exit_code, found["equal"]) == (1, False)


def test_an_event_of_the_store_is_a_moment(live: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "session"
    shutil.copytree(live.folder, folder)
    store_in(folder, live.published)
    session, count = Session(folder), len(live.published)
    for number in (1, count // 2, count):
        platform = rebuild_platform(session, moment_of_event(session, str(number)))
        expected = Projection()
        for message in live.published[:number]:
            expected.apply(message)
        assert platform.projection.digest() == expected.digest()
        assert platform.source == "event store"
    platform = rebuild_platform(session, moment_of_event(session, str(count)))
    assert platform.projection.flow_digest() == rebuild_platform(session, end()).projection.flow_digest()
    assert said(capsys, "--session", str(folder), "--to-seq", str(count))[1]["sequence"] == count
    exit_code, state = said(capsys, "--session", str(folder))
    assert (exit_code, state["store"]["events"], state["store"]["unequal"]) == (0, count, [])
    assert state["store"]["flow_sha256"] == state["projection"]["flow_sha256"]
    assert main(["replay", "--session", str(folder)]) == 0
    assert "folds to the same order flow" in capsys.readouterr().out
    assert main(["replay", "--session", str(folder), "--to-seq", str(count + 1)]) == 2
    assert "found that it ends before" in capsys.readouterr().err


def test_a_store_that_lost_something_is_found(live: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "session"
    shutil.copytree(live.folder, folder)
    lost = next(number for number, message in enumerate(live.published) if isinstance(message, Fill))
    store_in(folder, [*live.published[:lost], *live.published[lost + 1 :]])
    exit_code, state = said(capsys, "--session", str(folder))
    assert (exit_code, state["store"]["unequal"]) == (1, ["holdings", "orders"])


def test_options_that_do_not_go_together_are_refused(live: Made, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(live.folder)
    for arguments, text in (
        ([], "expected --file FILE to play, or --at TIME"),
        (["--file", "x.jsonl", "--session", folder], "expected either a recording to play or a session"),
        (["--session", folder, "--at", "end", "--to-seq", "1"], "expected one of them"),
        (["--session", folder, "--to-seq", "1"], "expected an event store for --to-seq"),
        (["--session", "/nowhere"], "expected the data folder of a session"),
    ):
        assert main(["replay", *arguments]) == 2
        assert text in capsys.readouterr().err


def test_figures_are_named_by_their_path() -> None:
    before = {"a": 1, "runners": [{"id": "x", "state": "idle"}], "gone": None, "list": [1]}
    after = {"a": 2, "runners": [{"id": "x", "state": "idle"}], "list": [1, 5]}
    assert changes(before, after) == [Changed("a", 1, 2), Changed("list[1]", None, 5)]
