"""Re-drive: a session that ran freely, with kills, cut journals and a changed configuration, comes again to the byte."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from common.codec import decode, encode
from common.journal import Journal, read_folder
from common.messages import Fill, OrderIntent
from common.records import first_numbers, frame, path_of
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SERVICES, SIGNAL
from common.sessions import FILE_NAME, read_starts
from orrery.__main__ import main
from orrery.chaos.market import FAST_MARKET
from orrery.parity.session_report import SessionReport
from tests.integration.harness import PROJECT, Stack, is_through, wait_until

pytestmark = pytest.mark.slow

STRATEGY = (PROJECT / "strategies" / "ema_crossover.lua").read_text()
CONFIG = f"""{FAST_MARKET}
[[strategies]]
name = "ema"
script = "{{script}}"
timeframe = "50ms"
"""


CUTS = [f"engine.{each}" for each in ("snapshot_every=200", "journal_segment_bytes=8192", "journal_keep_segments=1")]
"""What makes a service forget its oldest inputs soon."""


def more_fills(stack: Stack, count: int) -> None:
    """Wait until so many further fills were reported."""
    goal = stack.audit().fills + count
    wait_until(lambda: stack.audit().fills >= goal, f"{count} further fills")


def restart(stack: Stack, service: str, overrides: list[str]) -> None:
    """Kill a service at once and start it with these overrides."""
    stack.kill(service)
    stack.overrides = overrides
    stack.start(service)
    stack.wait_ready(service)


def run(stack: Stack) -> None:
    """Let the stack trade, with kills and changes, and end it: execution by a kill too."""
    plain = list(stack.overrides)
    stack.start(MARKET_DATA, SIGNAL, EXECUTION)
    stack.overrides = [*plain, *CUTS]
    stack.start(RISK_MANAGER)
    stack.wait_ready()
    more_fills(stack, 4)
    restart(stack, SIGNAL, plain)
    more_fills(stack, 2)
    restart(stack, RISK_MANAGER, [*plain, *CUTS, "risk.max_open_positions=9"])
    more_fills(stack, 2)
    restart(stack, EXECUTION, [*plain, "execution.retry_attempts=4"])
    more_fills(stack, 2)
    inbox = stack.data_dir / RISK_MANAGER / "inbox"
    wait_until(lambda: first_numbers(inbox)[0] > 1, "old inputs of risk cut away")
    stack.stop(MARKET_DATA, SIGNAL)
    wait_until(lambda: is_through(stack.audit()), "order flow at rest")
    stack.stop(RISK_MANAGER)
    stack.kill(EXECUTION)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("session")
    script = folder / "ema.lua"
    script.write_text(STRATEGY)
    stack = Stack(CONFIG.format(script=script))
    try:
        run(stack)
        shutil.copytree(stack.data_dir, folder / "data")
    finally:
        stack.close()
    return folder


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    """Return a copy of the session that may be damaged."""
    shutil.copytree(recorded / "data", tmp_path / "data")
    return tmp_path / "data"


def asked(capsys: pytest.CaptureFixture[str], session: Path, *more: str) -> tuple[int, SessionReport]:
    """Return the exit code and the report of the command."""
    code = main(["parity", "--session", str(session), "--json", *more])
    return code, msgspec.json.decode(capsys.readouterr().out, type=SessionReport)


def last_file(folder: Path) -> Path:
    """Return the latest file of a journal that has records."""
    return [path for first in first_numbers(folder) if (path := path_of(folder, first)).stat().st_size][-1]


def rewrite(folder: Path, number: int, payload: bytes) -> None:
    """Write another payload under a record's number, with a checksum that fits."""
    first = max(each for each in first_numbers(folder) if each <= number)
    behind = min((each for each in first_numbers(folder) if each > number), default=None)
    records = [
        (at, payload if at == number else old)
        for at, old in read_folder(folder)
        if at >= first and (behind is None or at < behind)
    ]
    path_of(folder, first).write_bytes(b"".join(frame(at, body) + body for at, body in records))


def test_a_session_with_kills_comes_again_to_the_byte(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = asked(capsys, session)
    assert (code, report.equal, report.difference) == (0, True, None)
    by_name = {each.service: each for each in report.services}
    assert list(by_name) == [name for name in SERVICES if name != MARKET_DATA]
    assert by_name[RISK_MANAGER].first_input > 1, "old inputs were cut, so a snapshot is the beginning"
    assert [by_name[name].first_input for name in (SIGNAL, EXECUTION)] == [1, 1]
    assert [by_name[name].configurations for name in (SIGNAL, EXECUTION)] == [1, 2]
    assert all(each.digest == each.redriven_digest and each.outputs for each in report.services)
    assert len(read_starts(session / RISK_MANAGER)) == 2
    assert len(read_starts(session / SIGNAL)) == 1


def test_the_report_for_people_has_digests(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", "--session", str(session)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("sha256 ") == 3
    assert shown.rstrip().endswith("equal, byte for byte")


def test_one_changed_output_is_found_with_its_causes(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outbox = session / EXECUTION / "outbox"
    number, fill = next(
        (number, message)
        for number, payload in reversed(list(read_folder(outbox)))
        if isinstance(message := decode(payload), Fill)
    )
    rewrite(outbox, number, encode(msgspec.structs.replace(fill, price=fill.price + 1)))
    code, report = asked(capsys, session)
    assert code == 1
    assert report.difference is not None
    assert report.difference.what.startswith(f"output {number} of {EXECUTION}, behind input ")
    assert [field.partition(":")[0] for field in report.difference.fields] == ["price"]
    assert [cause.partition("(")[0] for cause in report.difference.causes[:2]] == ["ApprovedOrder", "OrderIntent"]


def test_one_flipped_byte_of_an_output_is_found(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outbox = session / RISK_MANAGER / "outbox"
    path = last_file(outbox)
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(bytes(data))
    code, report = asked(capsys, session)
    assert code == 1
    assert report.difference is not None
    assert str(path) in report.difference.where
    assert report.difference.found


def test_one_flipped_byte_of_an_input_makes_it_unusable(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inbox = session / EXECUTION / "inbox"
    path = last_file(inbox)
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(bytes(data))
    assert main(["parity", "--session", str(session)]) == 2
    assert str(path) in capsys.readouterr().err


def test_an_input_that_nobody_sent_is_found(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outbox = session / SIGNAL / "outbox"
    number, intent = next(
        (number, message)
        for number, payload in reversed(list(read_folder(outbox)))
        if isinstance(message := decode(payload), OrderIntent)
    )
    rewrite(outbox, number, encode(msgspec.structs.replace(intent, reason=intent.reason + "!")))
    code, report = asked(capsys, session)
    assert code == 1
    found = {each.service: each.difference for each in report.services if each.difference is not None}
    assert found[SIGNAL].what.startswith(f"output {number} of {SIGNAL}")
    assert f"intents #{number}" in found[RISK_MANAGER].what


def test_a_lost_end_is_found(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outbox = session / EXECUTION / "outbox"
    path = last_file(outbox)
    path.write_bytes(path.read_bytes()[:-3])
    code, report = asked(capsys, session)
    assert code == 1
    assert report.difference is not None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [("crossed back", "turned", 0), ("max_quantity = { default = 5", "max_quantity = { default = 4", 1)],
    ids=["words", "quantity"],
)
def test_a_strategy_that_was_changed_between_and_not_kept_is_named(
    session: Path, recorded: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, expected: int
) -> None:
    script = recorded / "ema.lua"
    shutil.rmtree(session / SIGNAL / "sources")
    script.write_text(STRATEGY.replace(old, new))
    try:
        code, report = asked(capsys, session)
    finally:
        script.write_text(STRATEGY)
    assert code == expected
    assert any(str(script) in note for note in report.services[0].notes)
    difference = report.services[0].difference
    assert expected == 0 or (difference is not None and "quantity" in difference.fields[0])


def test_a_strategy_that_was_changed_between_is_driven_as_it_was_kept(
    session: Path, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = recorded / "ema.lua"
    script.write_text(STRATEGY.replace("max_quantity = { default = 5", "max_quantity = { default = 4"))
    try:
        code, report = asked(capsys, session)
    finally:
        script.write_text(STRATEGY)
    assert (code, report.services[0].difference) == (0, None)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (shutil.rmtree, "expected the data folder of a session"),
        (lambda session: [shutil.rmtree(each) for each in session.iterdir()], "found no journals"),
        (lambda session: (session / SIGNAL / FILE_NAME).unlink(), "give it with --config"),
        (lambda session: (session / SIGNAL / FILE_NAME).write_text("{}\n"), "line 1"),
        (lambda session: shutil.rmtree(session / RISK_MANAGER / "snapshots"), "expected a snapshot"),
    ],
    ids=["none", "empty", "unknown config", "damaged config", "no snapshot"],
)
def test_what_cannot_be_used_is_named(
    session: Path, damage: Callable[[Path], object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(session)
    assert main(["parity", "--session", str(session)]) == 2
    assert said in capsys.readouterr().err


def test_a_session_that_still_runs_is_refused(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(session / EXECUTION / "inbox")
    try:
        assert main(["parity", "--session", str(session)]) == 2
        assert "in use by process" in capsys.readouterr().err
    finally:
        journal.abandon()
