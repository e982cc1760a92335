"""The OCaml program at the other end of a pipe: right answers, wrong questions, and every way of not answering."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.signal.core.indicator import IndicatorKey
from services.signal.hosts.ocaml import OcamlError, OcamlIndicators, OcamlUnavailableError, find_program

ROOT = Path(__file__).parents[3]
EMA = IndicatorKey("ema", (2,))


@pytest.fixture
def program() -> Iterator[OcamlIndicators]:
    found = find_program(ROOT)
    if found is None:
        pytest.skip("ocaml-indicators is not built: `make ocaml` builds it where dune is")
    with OcamlIndicators([str(found)], deadline_seconds=20.0) as indicators:
        yield indicators


def ema(indicators: OcamlIndicators, closes: list[float], last: int | None = None) -> list[float | None]:
    return indicators.compute(EMA, ("period",), ("ema",), {"close": closes}, last)["ema"]


def script(text: str, deadline_seconds: float = 5.0) -> OcamlIndicators:
    return OcamlIndicators([sys.executable, "-c", text], deadline_seconds)


def test_an_indicator_of_one_series(program: OcamlIndicators) -> None:
    assert ema(program, [1.0, 2.0, 3.0]) == [None, 1.5, 2.5]
    assert ema(program, [1.0, 2.0, 3.0], last=1) == [2.5]


def test_an_indicator_of_several_series(program: OcamlIndicators) -> None:
    key = IndicatorKey("bollinger", (2, 2))
    found = program.compute(key, ("period", "deviations"), ("upper", "middle", "lower"), {"close": [1.0, 3.0]})
    assert found == {"upper": [None, 4.0], "middle": [None, 2.0], "lower": [None, 0.0]}


def test_a_request_larger_than_a_pipe_holds(program: OcamlIndicators) -> None:
    closes = [float(i) + 0.123456789 for i in range(200_000)]
    assert len(ema(program, closes)) == len(closes)


def test_a_wrong_question_is_told_and_the_process_stays(program: OcamlIndicators) -> None:
    with pytest.raises(OcamlError, match="ema: period: expected an integer from 1 to 100000, found 0") as caught:
        program.compute(IndicatorKey("ema", (0,)), ("period",), ("ema",), {"close": [1.0]})
    assert caught.value.code == "bad_params"
    assert ema(program, [1.0, 2.0]) == [None, 1.5]
    assert (program.counters.errors, program.counters.starts) == (1, 1)


def test_a_killed_process_is_counted_and_the_next_question_starts_another(program: OcamlIndicators) -> None:
    ema(program, [1.0])
    process = program._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=60)
    with pytest.raises(OcamlUnavailableError, match="it ended"):
        ema(program, [1.0])
    assert ema(program, [1.0, 2.0]) == [None, 1.5]
    assert (program.counters.deaths, program.counters.starts) == (1, 2)


def test_a_stopped_process_is_ended_at_the_deadline() -> None:
    found = find_program(ROOT)
    if found is None:
        pytest.skip("ocaml-indicators is not built: `make ocaml` builds it where dune is")
    with OcamlIndicators([str(found)], deadline_seconds=0.3) as program:
        program._started().send_signal(signal.SIGSTOP)
        with pytest.raises(OcamlUnavailableError, match=r"no answer in 0\.3 s"):
            ema(program, [1.0, 2.0])
        assert program.counters.hangs == 1


def test_a_process_that_does_not_read_cannot_hold_us_up() -> None:
    with script("import time; time.sleep(60)", deadline_seconds=0.3) as program:
        with pytest.raises(OcamlUnavailableError, match="no answer"):
            ema(program, [float(i) for i in range(200_000)])
        assert program.counters.hangs == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input(); print('hello')", "expected an answer, found b'hello'"),
        ("""input(); print('{"id":99,"ok":[]}')""", "expected the answer to 1, found 99"),
        ("""input(); print('{"id":1}')""", "expected the answer to 1, found 1"),
        ("input()", "nothing more came"),
    ],
)
def test_an_answer_that_is_none(text: str, expected: str) -> None:
    with script(text) as program:
        with pytest.raises(OcamlUnavailableError, match=expected):
            ema(program, [1.0])
        assert program.counters.deaths == 1


def test_a_program_that_is_not_there() -> None:
    with OcamlIndicators(["no-such-program-of-ours"]) as program:
        with pytest.raises(OcamlUnavailableError, match="it ended"):
            ema(program, [1.0])
        assert program.counters.deaths == 1
