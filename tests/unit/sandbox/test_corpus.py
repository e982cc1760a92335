"""The escape corpus: nothing gets out. The runaways have a file of their own."""

import pytest

from orrery.sandbox.corpus import CORPUS, Attempt, Verdict, attempts
from orrery.sandbox.trying import make_attempt
from services.signal.hosts.lua import LuaLimits

LIMITS = LuaLimits(instructions=500_000, memory_mib=16, seconds=0.1)
COSTLY = ("memory", "runaway")
LEAST = 150


def test_the_corpus_is_large_and_each_attempt_has_a_name_of_its_own() -> None:
    found = attempts()
    names = [(attempt.theme, attempt.name) for attempt in found]
    assert len(found) >= LEAST
    assert len(set(names)) == len(names)
    assert {attempt.theme for attempt in found} == {"binary", *(path.stem for path in CORPUS.glob("*.lua"))}
    assert Verdict.ESCAPED not in {attempt.expected for attempt in found}


@pytest.mark.parametrize(
    "attempt",
    [attempt for attempt in attempts() if attempt.theme not in COSTLY],
    ids=lambda attempt: f"{attempt.theme}: {attempt.name}",
)
def test_nothing_escapes_and_the_neighbour_trades_on(attempt: Attempt) -> None:
    tried = make_attempt(attempt, LIMITS)
    assert (tried.verdict, tried.detail) == (attempt.expected, tried.detail)


def test_an_attempt_that_got_hold_of_something_would_be_seen() -> None:
    source = b"""
function detect_opportunity() return { escaped = "the market" } end
function filter_commitment() end
function manage_position() end
"""
    tried = make_attempt(Attempt("test", "a success", Verdict.REFUSED, source, 1), LIMITS)
    assert (tried.verdict, tried.holds, tried.detail) == (Verdict.ESCAPED, False, "got hold of the market")
