"""Going through data step by step, with looks and ways back in between, is the run of `orrery backtest`."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.repl.errors import ReplError
from tests.unit.repl.support import CROSSING, backtested, command, session, state, typed, written

LOOKS = (
    "state", "bar", "bars 3", "indicators", "context", "position", "orders", "account", "history", "prints", "why",
    "list", "info", "fills", "result", "= indicators.rsi(14)", "x = 5", "= detect_opportunity(market_data, context, indicators)",
    "nosuch()",
)  # fmt: skip
MOVES = ("step", "step 7", "tick", "tick 3", "back", "back 5", "until fill", "until state", "goto 40", "restart")
RECORDING = Path("tests") / "fixtures" / "binance" / "btcusdt_20240808_ws.jsonl.gz"


@pytest.mark.parametrize("seed", [4, 11])
def test_a_whole_file_by_steps_is_the_backtest(tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int) -> None:
    strategy, data = tmp_path / "crossing.lua", written(tmp_path, 300, seed)
    strategy.write_text(CROSSING)
    expected = backtested(capsys, strategy, [data])
    assert expected["fills"] > 10, "a run without fills proves nothing"
    script = "; ".join(
        ["step 50", "account", "until fill", "why", "back 20", "tick 2", "= indicators.sma(5)", "run", "result"]
    )
    code, told, error = command(capsys, "repl", str(strategy), "--data", str(data), "-e", script)
    assert (code, error) == (0, "")
    result = told[-1]
    assert (result["digest"], result["fills"]) == (expected["digest"], expected["fills"])
    assert float(result["final_equity"]) == expected["final_equity"]


def test_a_recording_by_steps_is_the_backtest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strategy = tmp_path / "crossing.lua"
    strategy.write_text(CROSSING.replace("warmup = 5", 'timeframe = "1s", warmup = 5'))
    expected = backtested(capsys, strategy, [RECORDING])
    assert expected["fills"] > 4, "a run without fills proves nothing"
    script = "step 20; why; tick 30; back 5; until fill; account; orders; = indicators.sma(3); run; result"
    code, told, error = command(capsys, "repl", str(strategy), "--data", str(RECORDING), "-e", script)
    assert (code, error) == (0, "")
    assert (told[-1]["digest"], told[-1]["fills"]) == (expected["digest"], expected["fills"])


def test_two_symbols_by_steps_are_the_backtest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strategy = tmp_path / "crossing.lua"
    strategy.write_text(CROSSING)
    data = [written(tmp_path, 120, 4), written(tmp_path, 120, 5, "ETHUSDT")]
    expected = backtested(capsys, strategy, data)
    files = [part for path in data for part in ("--data", str(path))]
    script = "step 30; use crossing:ETHUSDT; back 4; until fill; run; result"
    code, told, error = command(capsys, "repl", str(strategy), *files, "-e", script)
    assert (code, error) == (0, "")
    assert told[-1]["digest"] == expected["digest"]
    assert told[1]["runner"] == "crossing:ETHUSDT"


@settings(max_examples=10)
@given(moves=st.lists(st.sampled_from(MOVES), max_size=6), looks=st.lists(st.sampled_from(LOOKS), max_size=4))
def test_wherever_one_has_been_a_bar_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, moves: list[str], looks: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    straight = session(folder, CROSSING, written(folder, 60))
    typed(straight, "step 45")
    winding = session(folder, CROSSING, written(folder, 60))
    for move in moves:
        typed(winding, move)
        for look in looks:
            before = state(winding)
            with suppress(ReplError):
                typed(winding, look)
            assert state(winding) == before, look
    typed(winding, "goto 45")
    assert state(winding) == state(straight)
