"""Trials in child processes: whatever a plug-in does on made-up bars, it is told what, and the next file is tried."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from common.config.models import SignalSection
from services.signal.adapters.bounded import Bounds, Child, Lost, run
from services.signal.checking import Checked, Job, Verdict, answer, check_all
from services.signal.core.backend import MAKER
from services.signal.core.indicator import Indicator, IndicatorKey
from services.signal.core.indicators import REGISTRY, unregister
from services.signal.hosts.plugin_files import PluginError, install
from services.signal.trying import bounds_of, try_all
from tests.unit.signal.trying import plugins

STEP_MS = 300
MADE_UP = "strategies/mine.lua: strategy mine: tried on made-up bars: "


@pytest.fixture(autouse=True)
def _without_plugin() -> Iterator[None]:
    yield
    unregister("bad")


def job(source: str, section: SignalSection, *, is_strict: bool = False) -> Job:
    return Job(source.encode(), "strategies/mine.lua", "mine", {}, section.model_dump(mode="json"), is_strict)


def checked(plugin: Path) -> Checked:
    """Return the verdicts on a strategy that uses the plug-in, and on one that does not."""
    section = SignalSection(indicators=[str(plugin)], worker_timeout_ms=STEP_MS)
    return check_all([job(plugins.user_of(plugin.stem), section), job(plugins.PLAIN, section)], section)


@pytest.mark.parametrize(
    ("plugin", "error"),
    [
        (plugins.SPIN, f"{MADE_UP}bar 31, indicators.bad of bad.py: expected an answer within 0.3 s, found none"),
        (plugins.SLEEP, f"{MADE_UP}bar 1, indicators.bad of bad.py: expected an answer within 0.3 s, found none"),
        (plugins.EXIT, "bad of bad.py: expected an answer, found its process ended by exit code 3"),
        (plugins.QUIET_EXIT, "bad of bad.py: expected an answer, found its process ended by exit code 0"),
        (plugins.CRASH, "bad of bad.py: expected an answer, found its process ended by signal SIGSEGV"),
        (plugins.BALLOON, "bad of bad.py: expected at most 1024 MiB of memory, found more"),
        (plugins.RAISE, "mine.lua: an indicator failed on made-up bars: bad.py: ValueError: none today"),
        (plugins.SYSTEM_EXIT, "mine.lua: an indicator failed on made-up bars: bad.py: SystemExit: 3"),
    ],
    ids=["spin", "sleep", "exit", "quiet exit", "crash", "balloon", "raise", "sys.exit"],
)
def test_a_plug_in_that_fails_a_trial_is_named_and_the_next_file_is_tried(
    tmp_path: Path, plugin: str, error: str
) -> None:
    (bad, good), unloadable = checked(plugins.put(tmp_path, plugin))
    assert bad.error.endswith(error)
    assert bad.in_trial
    assert bad.spec is not None
    assert good.error == ""
    assert good.spec is not None
    assert unloadable == {}
    assert "bad" not in REGISTRY


def test_a_plug_in_in_lua_that_spins_is_ended_by_its_quota(tmp_path: Path) -> None:
    (bad, good), _ = checked(plugins.put(tmp_path, plugins.LUA_SPIN, "bad.lua"))
    assert "bad.lua:2: more than 1000000 instructions in one call" in bad.error
    assert bad.in_trial
    assert good.spec is not None


@pytest.mark.parametrize(
    ("plugin", "found"),
    [(plugins.LOADING_EXIT, "ended by exit code 3"), (plugins.LOADING_BALLOON, "1024 MiB of memory, found more")],
    ids=["exit", "balloon"],
)
def test_a_plug_in_that_does_not_survive_loading_is_left_out(tmp_path: Path, plugin: str, found: str) -> None:
    path = plugins.put(tmp_path, plugin)
    (bad, good), unloadable = checked(path)
    assert found in unloadable[str(path)]
    assert unloadable[str(path)] in bad.error
    assert bad.in_trial
    assert good.spec is not None


def test_a_plug_in_that_hangs_while_it_is_loaded_is_left_out(tmp_path: Path) -> None:
    path = plugins.put(tmp_path, plugins.LOADING_SPIN)
    tried = try_all([lambda: b"done"], [path], Bounds(0.1, load_s=0.2))
    assert [outcome.told for outcome in tried.outcomes] == [b"done"]
    assert "bad.py being loaded: expected an answer within 0.2 s, found none" in tried.unloadable[str(path)]


def test_a_plug_in_that_is_none_is_an_error_also_without_strategies(tmp_path: Path) -> None:
    path = plugins.put(tmp_path, "x = 1\n")
    with pytest.raises(PluginError, match=r"bad.py: expected a function compute"):
        try_all([], [path], Bounds(1.0))


def test_what_is_found_in_a_child_is_what_is_found_here(tmp_path: Path) -> None:
    section = SignalSection(indicators=[str(plugins.put(tmp_path, plugins.GOOD))])
    asked = job(plugins.user_of(), section, is_strict=True)
    (verdict,), _ = check_all([asked], section)
    assert verdict.error == ""
    assert verdict.spec is not None
    assert [key.name for key in verdict.spec.indicators] == ["bad"]
    assert msgspec.json.decode(answer(msgspec.json.encode(asked)), type=Verdict) == verdict


def test_a_plug_in_that_was_left_out_says_why_when_it_is_asked(tmp_path: Path) -> None:
    path = plugins.put(tmp_path, plugins.LOADING_EXIT)
    install([path], {str(path): "it ended"})
    indicator = REGISTRY["bad"](7.0)
    indicator.restore((1, 2))
    assert indicator.state() == (1, 2)
    with pytest.raises(Exception, match="it ended"):
        indicator.update(1.0)


def test_a_trial_never_talks_to_a_program_of_the_parent() -> None:
    def refuse(key: IndicatorKey) -> Indicator:
        raise AssertionError(f"{key.title}: made for the parent")

    section = SignalSection()
    token = MAKER.set(refuse)
    try:
        (verdict,), _ = check_all([job(plugins.user_of("sma").replace("sma()", "sma(5)"), section)], section)
    finally:
        MAKER.reset(token)
    assert verdict.error == ""


def burn(child: Child) -> None:
    number = 0
    while True:
        number += 1
        child.note(str(number % 7))


def test_processor_time_in_all_is_bounded_too() -> None:
    lost = run(burn, Bounds(60.0, cpu_s=0.2), lambda _data: None)
    assert lost is not None
    assert lost.text == "expected at most 0.2 s of processor time in all, found more"


def test_the_clock_is_the_last_bound() -> None:
    lost = run(burn, Bounds(60.0, wall_s=0.2), lambda _data: None)
    assert lost is not None
    assert lost.text == "expected to be done within 0.2 s, found that it was not"


def test_what_was_told_before_the_end_arrives() -> None:
    found: list[bytes] = []

    def tell(child: Child) -> None:
        for number in range(3):
            child.tell(bytes([number]) * 100_000)
        child.note("here")
        raise SystemExit

    lost = run(tell, Bounds(5.0), found.append)
    assert [len(data) for data in found] == [100_000] * 3
    assert isinstance(lost, Lost)
    assert lost.at == "here"


def test_a_trial_has_no_more_time_than_the_watchdog_gives() -> None:
    assert bounds_of(SignalSection(worker_timeout_ms=250)).step_s == 0.25
