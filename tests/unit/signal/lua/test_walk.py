"""Many bars in one call: where a walk comes back and with what."""

from math import inf
from typing import Any

import pytest

from services.signal.core.host import ErrorKind, Function, HostSpan, Outcome
from services.signal.hosts.lua import LuaLimits
from tests.unit.signal.support import detecting, lua_host

ROWS = 10


def columns(rows: int = ROWS) -> list[list[float | None]]:
    """Return bars whose close is their number, with a low one below and a high one above."""
    closes = [float(row) for row in range(rows)]
    lows, highs = [close - 1 for close in closes], [close + 1 for close in closes]
    return [[1.7e9] * rows, [*closes], [*highs], [*lows], [*closes], [1.0] * rows]


def walked(body: str, first: int = 0, behind: int = ROWS, **levels: float) -> tuple[int, Outcome | None]:
    host = lua_host(detecting(body))
    host.load_rows(columns())
    span = HostSpan(first, behind, -1.5, -0.5, levels.get("falling", -inf), levels.get("rising", inf))
    return host.walk(Function.DETECT, span)


def found(outcome: Outcome | None) -> Any:
    assert outcome is not None
    return outcome.answer


def test_nil_to_the_end() -> None:
    assert walked("return nil") == (ROWS, None)
    assert walked("return nil", 2, 5) == (5, None)


def test_the_first_row_that_answers() -> None:
    row, outcome = walked("if market_data.close >= 4 then return { at = market_data.close, bid = market_data.bid } end")
    assert (row, found(outcome)) == (4, {"at": 4.0, "bid": 4.0})


def test_bid_and_ask_are_given_for_the_first_row_alone() -> None:
    row, outcome = walked("return { bid = market_data.bid, ask = market_data.ask }", 3)
    assert (row, found(outcome)) == (3, {"bid": -1.5, "ask": -0.5})


def test_a_level_ends_the_walk_but_not_before_its_first_row() -> None:
    assert walked("return nil", rising=6.0) == (5, None)
    assert walked("return nil", 2, falling=50.0) == (3, None)


def test_an_error_and_a_printed_line_say_their_row() -> None:
    row, outcome = walked("if market_data.close == 6 then error('six') end")
    assert outcome is not None
    assert outcome.error is not None
    assert (row, outcome.error.kind) == (6, ErrorKind.RUNTIME)
    row, outcome = walked("if market_data.close == 7 then print('seven') end")
    assert outcome is not None
    assert (row, outcome.lines) == (7, ("seven",))


def test_the_instruction_limit_ends_one_row_where_it_ends_one_call() -> None:
    body = "context.n = 0 if market_data.close == 5 then while true do context.n = context.n + 1 end end"
    saved = []
    for is_walk in (True, False):
        host = lua_host(detecting(body), LuaLimits(instructions=50_000))
        if is_walk:
            host.load_rows(columns())
            row, outcome = host.walk(Function.DETECT, HostSpan(0, ROWS, 0.0, 0.0, -inf, inf))
            assert row == 5
        else:
            for close in range(5):
                assert (
                    host.evaluate(Function.DETECT, [1.7e9, *[float(close)] * 3, float(close), 1.0, *[close] * 3])
                    is None
                )
            outcome = host.evaluate(Function.DETECT, [1.7e9, 5.0, 6.0, 4.0, 5.0, 1.0, 5.0, 5.0, 5.0])
        assert outcome is not None
        assert outcome.error is not None
        assert outcome.error.kind is ErrorKind.INSTRUCTION_LIMIT
        saved.append(host.save())
    assert saved[0] == saved[1]


@pytest.mark.parametrize("rows", [4_096, 200_000])
def test_columns_are_not_the_strategys_memory(rows: int) -> None:
    host = lua_host(detecting("context.t = { 1, 2, 3 }"), LuaLimits(memory_mib=1))
    before = host.memory_bytes
    host.load_rows(columns(rows))
    assert host.walk(Function.DETECT, HostSpan(0, rows, 0.0, 0.0, -inf, inf)) == (rows, None)
    assert host.memory_bytes < before + (1 << 20)
