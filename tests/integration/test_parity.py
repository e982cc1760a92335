"""Lock-step: a recording through the real processes and through the backtester, equal to the byte, or the first difference."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from common.config.load import LoadedConfig
from orrery.__main__ import main
from orrery.commands.replay import recorded_settings
from orrery.data.recording_inputs import RecordingInputs
from orrery.options import load
from orrery.parity.lockstep import Played, plan_of, play_backtest, play_stack
from orrery.parity.processes import Processes, ProcessesError, private_settings
from orrery.parity.recording_report import RecordingReport, report_of, strategy_settings
from services.backtest.market_feed import market_messages
from services.market_data.adapters.recording_lines import line_of
from tests.integration.harness import PROJECT

FIXTURES = PROJECT / "tests" / "fixtures" / "binance"
DOT = FIXTURES / "dotusdt_20210404_ws.jsonl.gz"
BTC = FIXTURES / "btcusdt_20240808_ws.jsonl.gz"
STRATEGIES = sorted((PROJECT / "strategies").glob("*.lua"))
EMA = PROJECT / "strategies" / "ema_crossover.lua"


def settings_of(recording: Path, strategies: list[Path]) -> list[str]:
    """Return the overrides of a run, but for the addresses."""
    settings = [*strategy_settings(strategies), "data_source.type=file", f"data_source.file.path={recording}"]
    return [*settings, *recorded_settings(recording, load(None, settings), None)]


@pytest.fixture(scope="module")
def played() -> Iterator[tuple[LoadedConfig, Played]]:
    """Yield a recording that the running stack has played."""
    with tempfile.TemporaryDirectory(prefix="orr-") as folder:
        settings = [*settings_of(DOT, [EMA]), *private_settings(Path(folder))]
        loaded = load(None, settings)
        yield loaded, play_stack(loaded, settings, Path(folder), None)


def backtested(recording: Path, strategy: Path, *overrides: str, limit: int | None = None) -> Played:
    """Return what the backtester makes of a recording."""
    config = load(None, [*settings_of(recording, [strategy]), *overrides]).config
    return play_backtest(config, plan_of(config), limit)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, RecordingReport]:
    """Return the exit code and the report of the command."""
    code = main(["parity", "--json", *arguments])
    return code, msgspec.json.decode(capsys.readouterr().out, type=RecordingReport)


@pytest.mark.slow
def test_the_stack_equals_the_backtest(played: tuple[LoadedConfig, Played]) -> None:
    loaded, stack = played
    report = report_of(loaded, stack, backtested(DOT, EMA))
    assert report.difference is None
    assert report.equal
    assert report.events == 1_091
    counts = {stream.name: stream.stack for stream in report.streams}
    assert min(counts.values()) > 0, counts
    assert report.stack_equity == report.backtest_equity


@pytest.mark.slow
def test_a_second_run_of_the_stack_gives_the_same_digests(
    played: tuple[LoadedConfig, Played], capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = asked(capsys, "--recording", str(DOT), "--strategy", str(EMA))
    assert (code, report.equal) == (0, True)
    assert {each.name: each.stack_digest for each in report.streams} == {
        each.name: played[1].flow.digest(each.name) for each in report.streams
    }


@pytest.mark.slow
def test_orrery_backtest_prints_the_digests_of_the_stack(
    played: tuple[LoadedConfig, Played], capsys: pytest.CaptureFixture[str]
) -> None:
    config = ["--config", str(PROJECT / "config" / "system.toml"), "--fee", "0.001", "--slippage", "0.0001"]
    assert main(["backtest", "-s", str(EMA), "-d", str(DOT), "--timeframe", "250ms", "--json", *config]) == 0
    shown = msgspec.json.decode(capsys.readouterr().out)
    flow = played[1].flow
    assert shown["digests"] == {name: flow.digest(name) for name in ("intents", "decisions", "reports")}


@pytest.mark.slow
def test_a_strategy_that_was_changed_between_is_found(played: tuple[LoadedConfig, Played], tmp_path: Path) -> None:
    loaded, stack = played
    changed = tmp_path / "ema_crossover.lua"
    changed.write_text(EMA.read_text().replace("max_quantity = { default = 5", "max_quantity = { default = 4"))
    difference = report_of(loaded, stack, backtested(DOT, changed)).difference
    assert difference is not None
    assert difference.what == "message 1 of intents"
    assert [field.partition(":")[0] for field in difference.fields] == ["quantity"]
    assert difference.causes[0].startswith("Bar(")


@pytest.mark.slow
def test_another_fee_is_found_where_it_first_shows(played: tuple[LoadedConfig, Played]) -> None:
    loaded, stack = played
    report = report_of(loaded, stack, backtested(DOT, EMA, "execution.taker_fee_bps=9"))
    assert report.difference is not None
    assert report.difference.what.endswith("of reports")
    assert report.difference.fields[0].startswith("fee")
    assert [cause.partition("(")[0] for cause in report.difference.causes[:2]] == ["ApprovedOrder", "OrderIntent"]
    assert [each.name for each in report.streams if each.is_equal][:2] == ["market", "intents"]


@pytest.mark.slow
def test_a_shorter_run_is_found(played: tuple[LoadedConfig, Played]) -> None:
    loaded, stack = played
    report = report_of(loaded, stack, backtested(DOT, EMA, limit=1_000))
    assert not report.equal
    assert report.difference is not None
    assert report.difference.what.endswith("of market")


@pytest.mark.slow
def test_orders_and_reports_on_their_way_arrive_at_the_same_moments(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ("fill_model=queue", "latency_ns=30000000", "response_latency_ns=20000000")
    slow = [part for each in settings for part in ("--set", f"execution.{each}")]
    code, report = asked(capsys, "--recording", str(BTC), "--limit", "1200", *slow)
    assert report.difference is None
    assert (code, report.equal) == (0, True)
    assert {each.name: each.stack for each in report.streams}["fills"] > 0


def recorded_messages() -> Iterator[bytes]:
    """Yield the lines that `orrery record` would have written while the fixture was played."""
    market_data = load(None, settings_of(DOT, [EMA])).config.market_data
    inputs = RecordingInputs(DOT)
    core = inputs.core(market_data, market_data.symbols)
    return (line_of(message) for _, message in market_messages(core, inputs, inputs.ask))


def market_rows() -> Iterator[bytes]:
    """Yield lines of the market-data shape that anybody may write: quotes alone."""
    for number in range(900):
        bid = 100 + number % 37 / 10 - number % 11 / 4
        row = {"timestamp": 1_700_000_000 + number / 10, "instrument": "X", "best_bid": bid, "best_ask": bid + 0.5}
        yield msgspec.json.encode(row)


@pytest.mark.slow
@pytest.mark.parametrize("lines", [recorded_messages, market_rows])
def test_recordings_of_messages_and_of_quotes_alone(
    lines: Callable[[], Iterator[bytes]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "day.jsonl"
    recording.write_bytes(b"".join(line.rstrip() + b"\n" for line in lines()))
    code, report = asked(capsys, "--recording", str(recording), "--strategy", str(EMA))
    assert report.difference is None
    assert (code, report.equal) == (0, True)
    assert {each.name: each.stack for each in report.streams}["fills"] > 0


@pytest.mark.slow
def test_all_strategies_on_a_recording_with_several_symbols(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = shared_data / "binance" / "com" / "cf_20210404_btc_eth_dot_ws.jsonl.gz"
    scripts = [part for script in STRATEGIES for part in ("--strategy", str(script))]
    model = PROJECT / "strategies" / "models" / "btcusdt_1s.onnx"
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    settings = ["--set", f"signal.model_path={model}", "--set", f"signal.model_sha256={digest}"]
    code, report = asked(capsys, "--recording", str(recording), "--limit", "2000", *scripts, *settings)
    assert report.difference is None
    assert (code, report.equal, report.events) == (0, True, 2_000)
    assert len(report.symbols) == 3
    assert {each.name: each.stack for each in report.streams}["fills"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "expected one of --session and --recording"),
        (["--recording", "a", "--session", "b"], "expected one of --session and --recording"),
        (["--session", "tests", "--limit", "3"], "--limit"),
        (["--recording", "nowhere.jsonl"], "nowhere.jsonl: expected a recording"),
        (["--recording", str(PROJECT / "README.md")], "README.md"),
        (["--recording", str(DOT), "--recording", str(PROJECT / "README.md")], "README.md"),
        (["--recording", str(DOT), "--strategy", "none.lua"], "none.lua: expected a Lua file"),
        (["--recording", str(DOT), "--strategy", str(PROJECT / "README.md")], "README.md"),
        (["--recording", str(DOT), "--symbol", "ABCUSDT"], "expected some of DOTUSDT"),
        (["--recording", str(DOT), "--set", "risk.max_open_positions=none"], "risk.max_open_positions"),
    ],
)
def test_what_cannot_be_used_is_named(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_services_in_lockstep_play_recordings_only(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="orr-") as folder:
        settings = [*private_settings(Path(folder)), "data_source.type=simulated"]
        processes = Processes(load(None, settings), settings, Path(folder))
        processes.start()
        try:
            with pytest.raises(ProcessesError, match="expected file in lock-step, found simulated"):
                processes.wait("market_data")
        finally:
            processes.kill()
