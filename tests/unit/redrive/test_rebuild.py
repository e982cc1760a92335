"""Services rebuilt at any moment: the same states as the live ones had, from any snapshot, anywhere."""

import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from common.journal import JournalError
from common.messages import Fill, MarketState
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL
from common.sessions import FILE_NAME
from orrery.errors import CommandLineError
from orrery.redrive.journals import inputs
from orrery.redrive.moments import end, moment_of, shown_time
from orrery.redrive.rebuild import Rebuilder, Until
from orrery.redrive.services import rebuild_platform
from orrery.redrive.session import Session
from tests.unit.redrive.sessions import BAR_NS, MARKET_T0, T0, Made, made, store_in


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("session"))


@pytest.fixture
def session(live: Made) -> Session:
    return Session(live.folder)


def digests(session: Session, at: str = "end") -> dict[str, str]:
    """Return the SHA-256 of each service and of the projection."""
    platform = rebuild_platform(session, moment_of(session, at))
    found = {rebuilt.service: rebuilt.digest() for rebuilt in platform.services}
    return {**found, "projection": platform.projection.digest()}


def test_the_end_is_the_state_the_services_had(live: Made, session: Session) -> None:
    platform = rebuild_platform(session, end())
    for rebuilt in platform.services:
        service = live.services[rebuilt.service]
        assert rebuilt.core.snapshot() == service.core.snapshot()
        assert (rebuilt.inputs, rebuilt.outputs) == (service.inbox.last_number, service.outbox.last_number)
    assert platform.on_their_way == []
    assert platform.differences == []
    assert platform.core(RISK_MANAGER) is not None
    assert platform.core("dashboard") is None


def test_every_moment_is_the_same_from_a_snapshot_and_from_the_beginning(session: Session) -> None:
    met, bases = 0, set[int]()
    for service in session.services:
        for number in (1, 150, 205, 206, 300):
            near = Rebuilder(session, service).rebuild(Until(number=number))
            whole = Rebuilder(session, service, from_first=True).rebuild(Until(number=number))
            assert near.core.snapshot() == whole.core.snapshot()
            assert near.outputs == whole.outputs
            assert near.heard == whole.heard
            assert whole.base == 0
            met, bases = max(met, whole.met), bases | {near.base}
    assert met > 0
    assert len(bases) > 3


def test_projection_and_services_agree_at_every_rest(session: Session) -> None:
    for second in range(0, 200, 7):
        moment = moment_of(session, str(T0 + second * 1_000_000_000 + 999_000_000))
        platform = rebuild_platform(session, moment)
        assert platform.on_their_way == []
        assert platform.differences == []


def test_what_is_on_its_way_is_said(live: Made, session: Session) -> None:
    intent = next(
        number for number, told in enumerate(inputs(session.inbox(RISK_MANAGER)), 1) if told.recorded.topic == "intents"
    )
    told = list(inputs(session.inbox(RISK_MANAGER)))[intent - 1]
    moment = moment_of(session, str(told.recorded.now_ns - 1))
    platform = rebuild_platform(session, moment)
    assert platform.on_their_way == ["1 intents of signal to risk_manager"]
    assert platform.differences == []
    assert live.published


def test_market_time_is_understood(session: Session) -> None:
    moment = moment_of(session, shown_time(MARKET_T0 + 60 * BAR_NS))
    assert moment.market_ns == MARKET_T0 + 60 * BAR_NS
    assert moment.at_ns == T0 + 59 * 1_000_000_000 + 1_050_000
    assert moment_of(session, shown_time(MARKET_T0 + 10_000 * BAR_NS)).at_ns == end().at_ns
    with pytest.raises(CommandLineError, match=r"begin at 2023-11-14T22:13:20\.000050Z, its market data at 2020-09-13"):
        moment_of(session, "2001-01-01")
    with pytest.raises(CommandLineError, match="--at yesterday: expected a time as ISO text"):
        moment_of(session, "yesterday")
    with pytest.raises(CommandLineError, match="expected an event store for --to-seq"):
        moment_of(session, "#3")


def test_a_copy_elsewhere_in_another_process_gives_the_same_hashes(
    live: Made, session: Session, project_root: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "another place" / "clone"
    for room in ("common", "config", "orrery", "services", "strategies", "tests"):
        shutil.copytree(project_root / room, clone / room, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    shutil.copy(project_root / "pyproject.toml", clone)
    copy = tmp_path / "copied session"
    shutil.copytree(live.folder, copy)
    code = (
        "import sys; from pathlib import Path; from tests.unit.redrive.test_rebuild import Session, digests\n"
        "print(digests(Session(Path(sys.argv[1])), sys.argv[2]))"
    )
    at = str(T0 + 77 * 1_000_000_000)
    for seed, zone in (("0", "Asia/Tokyo"), ("31337", "America/New_York")):
        environment = {
            "PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "TZ": zone, "LANG": "tr_TR.UTF-8", "HOME": str(tmp_path),
            "PYTHONPATH": str(clone), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        found = subprocess.run(
            [sys.executable, "-c", code, str(copy), at], cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        assert found.stdout.strip() == str(digests(session, at))


def test_old_inputs_that_are_deleted_limit_how_far_back_it_goes(live: Made, tmp_path: Path) -> None:
    made_ = Made(tmp_path)
    made_.status(MarketState.LIVE)
    for _ in range(3):
        made_.play(60)
        made_.save()
    for service in made_.services.values():
        service.forget()
    made_.close()
    session = Session(tmp_path)
    rebuilt = Rebuilder(session, SIGNAL, from_first=True).rebuild(Until())
    assert rebuilt.core.snapshot() == made_.services[SIGNAL].core.snapshot()
    assert rebuilt.base > 0
    middle = moment_of(session, str(T0 + 130 * 1_000_000_000))
    platform = rebuild_platform(session, middle)
    assert platform.source.startswith("journals, without the runners' transitions")
    assert platform.differences == []
    store_in(tmp_path, made_.published)
    with_store = platform
    for moment in (middle, end()):
        with_store = rebuild_platform(session, moment)
        assert with_store.source == "journals, the runners' transitions of the event store"
        assert with_store.differences == []
        assert with_store.projection.state.runners
    assert with_store.store is not None
    assert with_store.store.unequal == []
    whole = rebuild_platform(Session(live.folder), middle)
    assert [each.digest() for each in platform.services] == [each.digest() for each in whole.services]
    with pytest.raises(CommandLineError, match="the oldest snapshot stands after input"):
        Rebuilder(session, SIGNAL).rebuild(Until(number=50))


def rate_of(fill: Fill) -> Decimal:
    """Return the fee of a fill as a fraction of its value."""
    return fill.fee / (fill.price * fill.quantity)


def test_a_restart_with_another_configuration_is_driven_with_it(tmp_path: Path) -> None:
    first = made(tmp_path, 60)
    again = Made(tmp_path, fee_bps="20", bar=60, numbers=first.numbers)
    again.play(60)
    again.save()
    again.close()
    assert {rate_of(fill) for fill in first.of(Fill)} == {Decimal("0.001")}
    assert {rate_of(fill) for fill in again.of(Fill)} == {Decimal("0.002")}
    session = Session(tmp_path)
    assert len(session.starts(EXECUTION)) == 2
    for service in session.services:
        rebuilt = Rebuilder(session, service, from_first=True).rebuild(Until())
        assert rebuilt.core.snapshot() == again.services[service].core.snapshot()
        assert rebuilt.met == 2
    assert rebuild_platform(session, end()).differences == []


def test_a_strategy_that_moved_is_found_and_a_changed_one_refused(tmp_path: Path, project_root: Path) -> None:
    scripts = tmp_path / "old" / "strategies"
    scripts.mkdir(parents=True)
    script = scripts / "ema_crossover.lua"
    shutil.copy(project_root / "strategies" / "ema_crossover.lua", script)
    live = made(tmp_path / "session", 60, script=script)
    before = digests(Session(live.folder))
    script.unlink()
    assert digests(Session(live.folder)) == before
    script.write_text((project_root / "strategies" / "ema_crossover.lua").read_text() + "\n-- changed\n")
    assert digests(Session(live.folder)) == before
    path = live.folder / SIGNAL / FILE_NAME
    path.write_bytes(path.read_bytes().replace(b"ema_crossover.lua", b"ema_crosssover.lua"))
    with pytest.raises(CommandLineError, match="expected the strategy that ran, found no such file"):
        digests(Session(live.folder))


def test_a_state_that_was_not_so_is_not_believed(tmp_path: Path) -> None:
    live = made(tmp_path, 60)
    path = tmp_path / RISK_MANAGER / FILE_NAME
    path.write_bytes(path.read_bytes().replace(b'"initial_cash":"100000"', b'"initial_cash":"100001"'))
    with pytest.raises(JournalError, match="is not the one of the snapshot"):
        Rebuilder(Session(live.folder), RISK_MANAGER, from_first=True).rebuild(Until())


def test_what_is_no_session_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandLineError, match="expected the data folder of a session"):
        Session(tmp_path)
    (tmp_path / SIGNAL / "inbox").mkdir(parents=True)
    with pytest.raises(CommandLineError, match="give it with --config"):
        Rebuilder(Session(tmp_path), SIGNAL)
