"""The comparison with other engines: what it asks of them, and that nothing is left out without a word."""

import re
from pathlib import Path

import msgspec
import pytest

from benchmarks.__main__ import names
from benchmarks.peers import bars
from benchmarks.peers.catalogue import OURS, PEERS, WORKLOADS, chosen
from benchmarks.peers.engines.ours import SCRIPT
from benchmarks.peers.environment import REQUIREMENTS, last_line
from benchmarks.peers.measure import Measured, measure
from benchmarks.peers.table import lines, notes
from services.signal.loading import load_strategy

ENGINES = REQUIREMENTS.parent / "engines"
HELPERS = {"__init__", "frames", "run"}
MEASURED = Measured(
    engine="ours", kind="k", workload="w", bars=100, is_ours=True, is_event_driven=True, fills_at_next_open=True
)


def test_every_engine_has_its_file_and_every_file_its_engine() -> None:
    assert {engine.module for engine in (OURS, *PEERS)} == {path.stem for path in ENGINES.glob("*.py")} - HELPERS
    assert {engine.package for engine in PEERS} == {path.stem for path in REQUIREMENTS.iterdir()}


def test_our_strategy_takes_the_averages_of_every_workload() -> None:
    for workload in WORKLOADS:
        params = {"fast": workload.fast, "slow": workload.slow}
        keys = load_strategy(SCRIPT, params=params).indicators
        assert {key.parameters for key in keys} == {(workload.fast,), (workload.slow,)}


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.iterdir()), ids=lambda path: path.stem)
def test_requirements_are_exact_versions_and_nothing_else(path: Path) -> None:
    pins = path.read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9.]+", pin) for pin in pins)
    assert any(pin.startswith(f"{path.stem}==") for pin in pins)


def test_peers_are_chosen_by_name() -> None:
    assert chosen("") == list(PEERS)
    assert {engine.package for engine in chosen("backtrader, vectorbt")} == {"backtrader", "vectorbt"}
    with pytest.raises(ValueError, match="--peers nobody: expected some of"):
        chosen("backtrader,nobody")


def test_ours_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    bars.write(tmp_path / "bars.npz", 2_000)
    measured = measure(OURS, WORKLOADS[0], tmp_path / "bars.npz", repeats=2).beside(MEASURED, 2_000)
    assert measured.fault == ""
    assert len(measured.seconds) == 2
    assert measured.orders is not None
    assert measured.orders > 50
    assert measured.peak_mib > 10
    assert measured.as_dict()["bars_per_second"] == measured.median


def test_a_missing_peer_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "vectorbt.txt").write_text("no-such-file.whl\n")
    monkeypatch.setattr("benchmarks.peers.environment.REQUIREMENTS", tmp_path)
    monkeypatch.setattr("benchmarks.peers.environment.ENVIRONMENTS", tmp_path / "made")
    monkeypatch.setattr("benchmarks.peers.environment._fault", lambda _: "no such thing")
    measured = measure(chosen("vectorbt")[0], WORKLOADS[0], tmp_path / "bars.npz", repeats=1)
    assert measured.fault == "not installed: no such thing"
    assert "vectorbt: not installed: no such thing" in lines([measured], WORKLOADS[0], "title")


def test_equity_must_agree_where_fills_are_the_same() -> None:
    ours = msgspec.structs.replace(MEASURED, seconds=(0.5, 1.0, 2.0), final_equity=100.0)
    peer = msgspec.structs.replace(ours, engine="peer", is_ours=False, seconds=(2.0,), final_equity=100.02)
    close = msgspec.structs.replace(peer, engine="close", fills_at_next_open=False)
    compared = [each.beside(ours, 100) for each in (ours, peer, close)]
    assert [each.disagrees for each in compared] == [False, True, False]
    assert (ours.median, ours.best) == (100.0, 200.0)
    text = "\n".join(lines(compared, WORKLOADS[0], "title"))
    assert "peer: DISAGREES" in text
    assert "close: DISAGREES" not in text
    assert text.count("+0.02") == 2
    assert [line[:5] for line in notes([*compared, *compared])] == ["", "ours:", "peer:", "close"]
    assert "ours / peer: 2.00 (owed 2, aim 5)" in text
    assert re.search(r"^ours +- +100 +200 +3 +2\.00", text, re.MULTILINE)


def test_the_fastest_peer_is_named_and_the_fastest_on_the_same_strategy_beside_it() -> None:
    ours = msgspec.structs.replace(MEASURED, seconds=(1.0,))
    other, slow, bound = (
        msgspec.structs.replace(ours, engine=name, is_ours=False, seconds=(seconds,), **changes)
        for name, seconds, changes in (
            ("other", 0.5, {"is_same_strategy": False}),
            ("slow", 4.0, {}),
            ("bound", 0.1, {"is_event_driven": False}),
        )
    )
    text = "\n".join(lines([each.beside(each, 100) for each in (ours, other, slow, bound)], WORKLOADS[1], "title"))
    assert "ours / other, on another strategy: 0.50 (owed 5, aim 20)" in text
    assert "ours / slow: 4.00 (owed 5, aim 20)" in text
    assert "ours / bound" not in text
    assert "ours / " not in "\n".join(lines([ours], WORKLOADS[0], "title"))


def test_the_last_word_of_a_failure_is_kept() -> None:
    assert last_line("WARNING: a\nERROR: the reason\nnotice\n") == "ERROR: the reason"
    assert last_line("Traceback\nValueError: bad\n\n") == "ValueError: bad"
    assert last_line("") == ""


def test_the_comparison_is_no_benchmark_of_its_own_accord() -> None:
    assert "peers" not in names()
