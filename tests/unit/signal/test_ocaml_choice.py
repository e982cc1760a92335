"""Which backend computes indicators: the configuration says it, cores and backtests follow, snapshots know whose they are."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.registry import CollectorRegistry

from common.config.checks import problems
from common.config.models import Config
from orrery.__main__ import main
from services.signal.core.asker import MARKET_FIELDS
from services.signal.core.backend import MAKER
from services.signal.core.indicator import IndicatorKey
from services.signal.core.signal_core import SignalCore
from services.signal.hosts import ocaml_backend, ocaml_watch
from services.signal.hosts.ocaml import OcamlUnavailableError, find_program
from services.signal.hosts.ocaml_backend import OcamlIndicator, close_backends, use_backend
from services.signal.hosts.ocaml_watch import OcamlWatch
from services.signal.loading import StrategyFileError
from services.signal.metrics import SignalMetrics
from services.signal.service import make_core
from tests.unit.signal.support import INSTRUMENTS, ScriptedHost, bar, runner_spec, strategy

needs_program = pytest.mark.skipif(
    find_program(ocaml_backend.PROJECT) is None, reason="ocaml-indicators is not built: `make ocaml` builds it"
)
KEYS = (IndicatorKey("ema", (5,)), IndicatorKey("bollinger", (4, 2)), IndicatorKey("atr", (3,)))
CROSSING = """
function detect_opportunity(m, c, i) local e = i.ema(3); if e and m.close > e then return { signal = "up" } end end
function filter_commitment(m, c, i) return { action = "enter_long", price = m.close, quantity = 1 } end
function manage_position(m, c, i)
  local rsi = i.rsi(5); if rsi and rsi < 60 then return { action = "exit", price = m.close, reason = "weak" } end
end
"""


@pytest.fixture(autouse=True)
def _native_again() -> Iterator[None]:
    yield
    MAKER.set(None)
    close_backends()


def config_of(backend: str) -> Config:
    return Config.model_validate({"signal": {"indicator_backend": backend, "indicator_deadline_ms": 20_000}})


def fresh_core() -> SignalCore:
    return SignalCore([runner_spec(strategy(indicators=KEYS))], lambda _spec: ScriptedHost(), INSTRUMENTS)


def feed(core: SignalCore, first: int, behind: int) -> None:
    for number in range(first, behind):
        core.handle(bar(number, 100.0 + number * 7 % 13), 1)


def values(core: SignalCore) -> list[float | None]:
    (runner,) = core.roster.runners.values()
    return list(runner.asker.arguments[MARKET_FIELDS:])


@needs_program
def test_cores_made_after_the_choice_ask_ocaml() -> None:
    backend = use_backend(config_of("ocaml").signal)
    assert backend is not None
    assert use_backend(config_of("ocaml").signal) is backend, "one program for all cores of a process"
    core = fresh_core()
    feed(core, 0, 30)
    (runner,) = core.roster.runners.values()
    assert all(isinstance(indicator, OcamlIndicator) for _, indicator in runner.asker.bank.shown())
    assert (backend.counters.equal, backend.counters.different) == (30 * len(KEYS), 0)
    assert use_backend(config_of("native").signal) is None
    assert MAKER.get() is None


@needs_program
def test_a_snapshot_goes_on_in_its_backend_to_the_last_digit() -> None:
    use_backend(config_of("ocaml").signal)
    whole, first, second = fresh_core(), fresh_core(), fresh_core()
    feed(whole, 0, 150)
    feed(first, 0, 77)
    second.restore(first.snapshot())
    feed(second, 77, 150)
    assert values(second) == values(whole)
    assert second.snapshot() == whole.snapshot()


@needs_program
@pytest.mark.parametrize(("before", "after"), [("ocaml", "native"), ("native", "ocaml")])
def test_a_snapshot_of_the_other_backend_leaves_the_window_to_begin_with(before: str, after: str) -> None:
    use_backend(config_of(before).signal)
    old = fresh_core()
    feed(old, 0, 100)
    use_backend(config_of(after).signal)
    new = fresh_core()
    new.restore(old.snapshot())
    assert values(new) == pytest.approx(values(old))


def without_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (ocaml_backend, ocaml_watch):
        monkeypatch.setattr(module, "PROJECT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_backend_that_is_not_there_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_program(monkeypatch, tmp_path)
    text = "signal.indicator_backend: expected the program ocaml-indicators, found none; `make setup`"
    with pytest.raises(OcamlUnavailableError, match=text):
        use_backend(config_of("ocaml").signal)
    with pytest.raises(StrategyFileError, match=text):
        make_core(config_of("ocaml").model_copy(update={"strategies": []}))


def test_a_verifier_that_has_nobody_to_ask_says_so_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_program(monkeypatch, tmp_path)
    watch = OcamlWatch(Config().signal, fresh_core().roster, None, SignalMetrics(CollectorRegistry()))
    watch.look()
    watch.close()
    assert watch.status() == {"backend": "native", "verifier": None}
    assert watch.degraded == ""


@needs_program
def test_what_the_backend_does_is_counted() -> None:
    registry = CollectorRegistry()
    backend = use_backend(config_of("ocaml").signal)
    core = fresh_core()
    watch = OcamlWatch(config_of("ocaml").signal, core.roster, backend, SignalMetrics(registry))
    feed(core, 0, 10)
    watch.look()
    assert backend is not None
    assert registry.get_sample_value("signal_indicator_checks_total", {"result": "equal"}) == 30
    assert registry.get_sample_value("signal_indicator_checks_total", {"result": "different"}) == 0
    assert registry.get_sample_value("signal_indicator_program_events_total", {"event": "start"}) == 1
    largest = registry.get_sample_value("signal_indicator_difference_largest")
    assert largest == backend.counters.largest
    backend._give_up("for a test")
    feed(core, 10, 11)
    watch.look()
    assert registry.get_sample_value("signal_indicator_program_events_total", {"event": "fallback"}) == 3
    assert "for a test" in watch.degraded
    assert watch.status()["fallbacks"] == 3
    watch.close()


@needs_program
def test_a_backtest_asks_ocaml_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, data = tmp_path / "crossing.lua", tmp_path / "BTCUSDT_1m.csv"
    script.write_text(CROSSING)
    rows = [
        f"{1_700_000_000 + 60 * n},{100 + n * 7 % 13},{102 + n * 7 % 13},{99 + n * 7 % 13},{101 + n * 7 % 13},5"
        for n in range(300)
    ]
    data.write_text("timestamp,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    found = {}
    for backend in ("native", "ocaml"):
        arguments = ["backtest", "-s", str(script), "-d", str(data), "--json"]
        assert main([*arguments, "--set", f"signal.indicator_backend={backend}"]) == 0
        found[backend] = json.loads(capsys.readouterr().out)
    assert "indicators" not in found["native"]["settings"]
    assert found["ocaml"]["settings"]["indicators"] == "ocaml"
    assert found["ocaml"]["fills"] == found["native"]["fills"] > 10
    section = Config().signal.model_copy(update={"indicator_backend": "ocaml"})
    used = use_backend(section, is_strict=True)
    assert used is not None
    assert used.counters.values >= 2 * 300


def test_a_deadline_that_a_worker_does_not_live_to_see_is_refused() -> None:
    config = config_of("ocaml")
    (problem,) = problems(config)
    assert problem.path == ("signal", "indicator_deadline_ms")
    assert problem.text == "expected less than worker_timeout_ms (2000), after which a worker is killed, found 20000"
    alone = config.signal.model_copy(update={"workers": 0})
    assert list(problems(config.model_copy(update={"signal": alone}))) == []
