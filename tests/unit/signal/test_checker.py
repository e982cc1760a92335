"""Strategy files checked in a process of their own: a verdict, a crash, and a hang that is ended."""

from pathlib import Path

import msgspec
import pytest

from common.config.models import SignalSection
from common.runner import EventLoop
from services.signal.adapters.checker import Checker
from services.signal.checking import MODULE, Job, Verdict, check

GOOD = b"""
function detect_opportunity(market_data, context, indicators) return nil end
function filter_commitment(market_data, context, indicators) return nil end
function manage_position(market_data, context, indicators) return nil end
"""
SIGNAL = SignalSection().model_dump(mode="json")


def job(source: bytes) -> Job:
    return Job(source, "strategies/mine.lua", "mine", {}, SIGNAL)


def answered(checker: Checker, loop: EventLoop, data: bytes) -> bytes | None:
    """Return what a check brought."""
    answers: list[bytes | None] = []
    checker.start(data, answers.append)
    assert checker.is_busy
    while not answers:
        loop.turn(1_000)
    assert not checker.is_busy
    return answers[0]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (GOOD, ""),
        (b"this is no Lua", "strategies/mine.lua:1: "),
        (GOOD.replace(b"return nil", b"return nothing.there"), "mine.lua:2: "),
        (b"", "expected a function detect_opportunity"),
    ],
)
def test_a_file_is_good_or_its_error_is_told(source: bytes, error: str) -> None:
    verdict = check(job(source))
    assert (verdict.spec is None) == bool(error)
    assert error in verdict.error


def test_the_process_says_what_the_function_says() -> None:
    loop = EventLoop()
    answer = answered(Checker(loop, MODULE), loop, msgspec.json.encode(job(GOOD)))
    assert answer is not None
    assert msgspec.json.decode(answer, type=Verdict) == check(job(GOOD))
    loop.close()


def test_a_process_that_dies_answers_nothing_and_the_next_job_is_done() -> None:
    loop = EventLoop()
    checker = Checker(loop, MODULE)
    assert answered(checker, loop, b"no job") == b""
    assert answered(checker, loop, msgspec.json.encode(job(b""))) != b""
    loop.close()


def test_a_process_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hangs_for_ever.py").write_text("while True: pass\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    loop = EventLoop()
    assert answered(Checker(loop, "hangs_for_ever", limit_ns=50_000_000), loop, b"") is None
    loop.close()
