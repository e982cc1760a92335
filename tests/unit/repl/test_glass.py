"""Lua at the present moment: everything in reach, nothing changed, nothing escaped."""

from pathlib import Path

import pytest

from orrery.repl.data_session import DataSession
from orrery.repl.errors import ReplError
from orrery.repl.language import do
from services.signal.core.indicators.rsi import Rsi
from tests.unit.repl.support import CROSSING, session, state, typed


@pytest.fixture
def talk(tmp_path: Path) -> DataSession:
    found = session(tmp_path)
    typed(found, "until state in_position", "until state idle", "step 3")
    return found


def test_the_files_own_names_are_in_reach(talk: DataSession) -> None:
    assert typed(talk, "= asked")["values"][0] > 3
    assert typed(talk, "= notes.last")["values"] == ["up"]
    assert (
        typed(talk, "= averages(indicators, context)")["values"]
        == typed(talk, "= indicators.ema(3), indicators.ema(9)")["values"]
    )
    assert typed(talk, "= strategy.params.fast.default, context.params.lot, context.seen")["values"][:2] == [3, 1]
    assert typed(talk, "= market_data.symbol, #market_data.symbol")["values"] == ["BTCUSDT", 7]
    assert typed(talk, "= market_data.time_since_open() >= 0, nil, context.position")["values"] == [True, None, None]


def test_an_indicator_that_nobody_computes_comes_from_the_window(talk: DataSession) -> None:
    rsi = Rsi(7)
    for bar in talk.trip.series.window:
        rsi.update(bar.close)
    assert typed(talk, "= indicators.rsi(7)")["values"] == [rsi.value]
    assert len(typed(talk, "= indicators.macd(3, 6, 4)")["values"]) == 3
    chosen = "= indicators.rsi(7) > 0 and indicators.sma(5) or indicators.sma(6)"
    assert typed(talk, chosen)["values"] == typed(talk, "= indicators.sma(5)")["values"]


def test_statements_print_and_return(talk: DataSession) -> None:
    told = typed(talk, "for i = 1, 3 do print(i) end; return 'done'")
    assert told == {"values": ["done"], "prints": ["1", "2", "3"]}


def test_nothing_stays_of_it(talk: DataSession) -> None:
    before = state(talk)
    for line in ("context.seen = 999", "asked = -1", "notes.last = 'x'", "detect_opportunity = nil", "math.random()"):
        typed(talk, line)
        assert state(talk) == before, line
    assert typed(talk, "= context.seen")["values"][0] < 999


def test_tables_are_shown_and_bounded(talk: DataSession) -> None:
    assert typed(talk, '= {1, "a", x = {y = true}}')["values"] == ['{1, "a", x = {y = true}}']
    deep = typed(talk, "local t = {} for i = 1, 9 do t = {t} end return t")["values"][0]
    assert deep == "{{{{{...}}}}}" or "..." in deep
    assert typed(talk, "local t = {} for i = 1, 999 do t[i] = i end return t")["values"][0].endswith("...}")
    assert len(typed(talk, "= ('é'):rep(9000)")["values"][0]) < 4_000
    assert typed(talk, "= print, '\\xff'")["values"] == ["function", "(text that is not UTF-8)"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("nosuch.x", r"^input:1: attempt to index a nil value \(global 'nosuch'\)"),
        ("1 +", "^input:1: unexpected symbol near the end of the line"),
        ("for i = 1 do end", "^input:1: "),
        ("local a = 1\nlocal b = nil\nreturn a + b", "^input:3: attempt to perform arithmetic"),
        ("while true do end", "instructions in one call"),
        (
            "local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end",
            "MiB of memory|instructions in one call",
        ),
        ("os.exit()", "global 'os'"),
        ("io.open('x')", "global 'io'"),
        ("indicators.nosuch(3)", "no such indicator"),
        ("averages(nil)", r"crossing\.lua:6: "),
        ("_G['~input']()", "nil value"),
    ],
)
def test_errors_name_the_line(talk: DataSession, line: str, text: str) -> None:
    before = state(talk)
    with pytest.raises(ReplError, match=text):
        do(talk, line)
    assert state(talk) == before


def test_a_local_is_found_whichever_function_uses_it(tmp_path: Path) -> None:
    source = CROSSING.replace("local notes", "local inner = { f = function() return asked end }\nlocal notes")
    talk = session(tmp_path, source)
    typed(talk, "step 30")
    assert typed(talk, "= asked, inner.f()")["values"] == [26, 26] or typed(talk, "= asked == inner.f()")["values"] == [
        True
    ]
