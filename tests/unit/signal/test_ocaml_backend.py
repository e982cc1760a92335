"""Indicators that the OCaml program computes: the same values whatever happens to it, and what stands in for it."""

import math
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.signal.core.backend import MAKER, fits, make_indicator
from services.signal.core.indicator import Indicator, IndicatorKey, Value, make
from services.signal.core.indicators import BUILT_IN, REGISTRY
from services.signal.hosts.ocaml import OcamlIndicators, OcamlUnavailableError, find_program
from services.signal.hosts.ocaml_backend import OcamlBackend, OcamlIndicator
from services.signal.hosts.ocaml_session import EXPORT_EVERY, SINCE_MAX

PROGRAM = find_program(Path(__file__).parents[3])
needs_program = pytest.mark.skipif(PROGRAM is None, reason="ocaml-indicators is not built: `make ocaml` builds it")
DAY_NS = 86_400_000_000_000
EMA = IndicatorKey("ema", (5,))
FIVE = {"period": 5.0}


@pytest.fixture(scope="module")
def program() -> Iterator[OcamlIndicators]:
    with OcamlIndicators([str(PROGRAM)], deadline_seconds=20.0) as running:
        yield running


@pytest.fixture
def backend(program: OcamlIndicators) -> OcamlBackend:
    return OcamlBackend(program, deadline_ms=20_000)


def keys() -> list[IndicatorKey]:
    made = []
    for name in sorted(BUILT_IN):
        parameters = REGISTRY[name].PARAMETERS
        values = [5 if each.default is None else each.default for each in parameters]
        made.append(IndicatorKey(name, tuple(int(value) if value == int(value) else value for value in values)))
    return [*made, IndicatorKey("vwap", (3,)), EMA, IndicatorKey("sma", (1,))]


def row(kind: type[Indicator] | Indicator, number: int) -> tuple[float, ...]:
    close = 100.0 + 9.0 * math.sin(number / 3.0) + 0.1 * (number % 7)
    fields = {
        "open": close - 0.3,
        "high": close + 1.0 + 0.01 * (number % 5),
        "low": close - 1.1,
        "close": close,
        "volume": 10.0 + number % 11,
        "start_ns": number * (DAY_NS // 50),
    }
    return tuple(fields[name] for name in kind.INPUTS)


def run(indicator: Indicator, first: int, behind: int) -> list[Value]:
    return [indicator.update(*row(indicator, number)) for number in range(first, behind)]


def made(backend: OcamlBackend, key: IndicatorKey = EMA) -> OcamlIndicator:
    indicator = backend.maker(key)
    assert isinstance(indicator, OcamlIndicator)
    return indicator


def kill(program: OcamlIndicators, number: int = signal.SIGKILL) -> None:
    assert program.pid is not None
    os.kill(program.pid, number)


@needs_program
@pytest.mark.parametrize("key", keys(), ids=lambda key: key.title)
def test_values_equal_our_own_within_rounding(backend: OcamlBackend, key: IndicatorKey) -> None:
    values = run(made(backend, key), 0, 150)
    assert values[-1] is not None
    assert (backend.counters.values, backend.counters.different, backend.counters.fallbacks) == (150, 0, 0)
    native = make(REGISTRY, key)
    assert [value is None for value in values] == [value is None for value in run(native, 0, 150)]


@needs_program
@pytest.mark.parametrize("key", keys(), ids=lambda key: key.title)
def test_many_bars_at_once_are_the_same_bars(backend: OcamlBackend, key: IndicatorKey) -> None:
    one, many = made(backend, key), made(backend, key)
    values = run(one, 0, 150)
    columns = list(zip(*[row(one, number) for number in range(150)], strict=True))
    assert list(many.update_many(*columns)) == values
    assert many.state() == one.state()


@needs_program
@settings(max_examples=15, deadline=None)
@given(
    key=st.sampled_from(keys()),
    cut=st.integers(0, 2 * EXPORT_EVERY),
    dies=st.lists(st.integers(0, 150), max_size=3),
)
def test_deaths_and_snapshots_change_no_digit(
    program: OcamlIndicators, key: IndicatorKey, cut: int, dies: Sequence[int]
) -> None:
    backend = OcamlBackend(program, deadline_ms=20_000)
    quiet, shaken = made(backend, key), made(backend, key)
    expected = run(quiet, 0, 150)
    found: list[Value] = []
    for number in range(150):
        if number in dies and program.pid is not None:
            kill(program)
        if number == cut:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(shaken.state()))
            shaken = made(backend, key)
            shaken.restore(state)
        found += run(shaken, number, number + 1)
    assert found == expected
    assert msgspec.msgpack.encode(shaken.state()) == msgspec.msgpack.encode(quiet.state())
    assert backend.counters.fallbacks == 0


@needs_program
def test_a_hang_is_ended_and_the_question_asked_again() -> None:
    with OcamlIndicators([str(PROGRAM)]) as program:
        backend = OcamlBackend(program, deadline_ms=4_000)
        indicator, quiet = made(backend), make(REGISTRY, EMA)
        run(indicator, 0, 70)
        kill(program, signal.SIGSTOP)
        run(indicator, 70, 71)
        assert (program.counters.hangs, program.counters.starts, backend.counters.fallbacks) == (1, 2, 0)
        assert indicator.value == pytest.approx(run(quiet, 0, 71)[-1])


def test_our_own_values_stand_in_for_a_program_that_cannot_be_had() -> None:
    backend = OcamlBackend(OcamlIndicators(["no-such-program-of-ours"]), deadline_ms=100)
    indicator = made(backend)
    assert run(indicator, 0, 20) == run(make(REGISTRY, EMA), 0, 20)
    assert backend.counters.fallbacks == 20
    assert backend.program.counters.deaths == 2, "asked twice, then left alone for a while"
    assert "our own in place of OCaml's" in backend.degraded


def test_a_backtest_does_without_no_answer() -> None:
    backend = OcamlBackend(OcamlIndicators(["no-such-program-of-ours"]), deadline_ms=100, is_strict=True)
    with pytest.raises(OcamlUnavailableError, match="it ended"):
        run(made(backend), 0, 1)
    with pytest.raises(OcamlUnavailableError, match="it ended"):
        made(backend).update_many([1.0, 2.0])


@needs_program
def test_a_program_that_comes_back_catches_up_to_the_last_digit(program: OcamlIndicators) -> None:
    backend, absent = OcamlBackend(program, 20_000), OcamlBackend(OcamlIndicators(["no-such-program"]), 100)
    quiet, indicator = made(backend), made(absent)
    expected = run(quiet, 0, 200)
    run(indicator, 0, 100)
    state = indicator.state()
    back = made(backend)
    back.restore(state)
    assert run(back, 100, 200) == expected[100:]
    assert back.state() == quiet.state()


@needs_program
def test_bars_kept_in_vain_are_bounded(program: OcamlIndicators) -> None:
    indicator = made(OcamlBackend(program, 20_000))
    indicator._session.keep([(100.0,)] * (SINCE_MAX + 1))
    assert indicator._session.restarts == 1
    assert len(indicator._session._since) <= SINCE_MAX
    assert run(indicator, 0, 1)[0] is not None


@needs_program
def test_numbers_of_sessions_are_used_again(program: OcamlIndicators) -> None:
    backend = OcamlBackend(program, 20_000)
    first = made(backend)
    number = first._session._number
    run(first, 0, 10)
    del first
    second = made(backend)
    assert second._session._number == number
    assert run(second, 0, 4) == [None] * 4


def test_a_wrong_answer_is_counted_as_different() -> None:
    text = (
        "import sys,json\n"
        "for line in sys.stdin:\n"
        " q=json.loads(line); print(json.dumps({'id':q['id'],'ok':[1.5],'state':[[0.0]]}),flush=True)"
    )
    with OcamlIndicators([sys.executable, "-c", text]) as program:
        backend = OcamlBackend(program, deadline_ms=20_000)
        run(made(backend), 0, 10)
        assert (backend.counters.different, backend.counters.equal) == (10, 0)
        assert backend.counters.largest > 0.9


def test_built_in_indicators_alone_are_made_by_the_backend() -> None:
    backend = OcamlBackend(OcamlIndicators(["no-such-program-of-ours"]), 100)
    assert isinstance(make_indicator(EMA), REGISTRY["ema"])
    token = MAKER.set(backend.maker)
    try:
        indicator = make_indicator(EMA)
    finally:
        MAKER.reset(token)
    assert isinstance(indicator, OcamlIndicator)
    native = make_indicator(EMA)
    assert fits(indicator, indicator.state())
    assert fits(native, native.state())
    assert not fits(indicator, native.state())
    assert not fits(native, indicator.state())
