"""What strategies see and how what they say comes back: market, indicators, context, position, errors, state."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.signal.core.host import AccountView, ErrorKind, Function, PositionView
from services.signal.core.indicator import IndicatorKey
from services.signal.hosts.lua import CHUNK_NAME_MAX, LoadError, LuaHost, LuaLimits, display_name
from tests.unit.signal.support import (
    MARKET,
    NO_MORE,
    SYMBOL,
    answer_of,
    ask,
    detecting,
    lua_host,
    runner_spec,
    strategy,
)


def test_market_data() -> None:
    fields = ["symbol", "timestamp", "open", "high", "low", "close", "volume", "bid", "ask", "price"]
    listed = ", ".join(f"{name} = market_data.{name}" for name in fields)
    answer = answer_of(f"return {{ {listed}, since = market_data.time_since_open() }}")
    assert answer.pop("since") == MARKET[0] % 86_400
    assert answer == dict(zip(fields, [SYMBOL, *MARKET], strict=True))


def test_bid_and_ask_are_nil_before_the_first_quote() -> None:
    host = lua_host(detecting("return { none = market_data.bid == nil and market_data.ask == nil }"))
    outcome = host.evaluate(Function.DETECT, [*MARKET[:6], None, None, 1.5])
    assert outcome is not None
    assert outcome.answer == {"none": True}


def test_the_minimal_file_needs_nothing_else() -> None:
    source = """
function detect_opportunity(market_data, context, indicators) return { signal = "bullish", confidence = 0.8 } end
function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", price = market_data.close, quantity = 1 }
end
function manage_position(market_data, context, indicators)
  return { action = "exit", price = market_data.close, reason = context.signal }
end"""
    host = lua_host(source)
    assert host.description.strategy is None
    assert ask(host).answer == {"signal": "bullish", "confidence": 0.8}
    assert ask(host, Function.FILTER).answer == {"action": "enter_long", "price": 1.5, "quantity": 1}
    assert ask(host, Function.MANAGE).answer == {"action": "exit", "price": 1.5, "reason": "bullish"}


def test_indicators_read_their_slots() -> None:
    keys = (IndicatorKey("ema", (10,)), IndicatorKey("macd", (12, 26, 9)), IndicatorKey("rsi", (14,)))
    body = """
  local macd, signal, histogram = indicators.macd(12, 26, 9)
  return { e = indicators.ema(10), f = indicators.ema(10.0), m = macd, s = signal, h = histogram, r = indicators.rsi() }"""
    host = lua_host(detecting(body), indicators=keys)
    assert ask(host, values=[1.0, 2.0, 3.0, 4.0, 5.0]).answer == {
        "e": 1.0, "f": 1.0, "m": 2.0, "s": 3.0, "h": 4.0, "r": 5.0,
    }  # fmt: skip
    assert ask(host, values=[None] * 5).answer == {}


def test_what_nobody_computes_is_wanted_once_and_nil_once() -> None:
    body = "return { a = indicators.sma(5), b = indicators.bollinger(20, 2.5), c = indicators.sma(5) }"
    host = lua_host(detecting(body))
    first = ask(host)
    assert (first.answer, first.wanted) == ({}, (IndicatorKey("sma", (5,)), IndicatorKey("bollinger", (20, 2.5))))
    second = ask(host, values=[7.0, 9.0, 8.0, 6.5])
    assert (second.answer, second.wanted) == ({"a": 7.0, "b": 9.0, "c": 7.0}, ())


def test_more_slots_than_a_trampoline_names() -> None:
    keys = tuple(IndicatorKey("sma", (period,)) for period in range(2, 14))
    listed = ", ".join(f"indicators.sma({period})" for period in range(2, 14))
    host = lua_host(detecting(f"return {{ v = {{ {listed} }} }}"), indicators=keys)
    assert ask(host, values=[float(n) for n in range(12)]).answer == {"v": [float(n) for n in range(12)]}
    assert ask(host, values=[0.5 + n for n in range(12)]).answer == {"v": [0.5 + n for n in range(12)]}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("ema(0)", "indicators.ema: period: expected an integer from 1 to 100000, found 0"),
        ("ema('x')", "indicators.ema: period: expected an integer from 1 to 100000, found x"),
        ("ema()", "indicators.ema: period: expected an integer from 1 to 100000, found nothing"),
        ("ema(2.5)", "indicators.ema: period: expected an integer from 1 to 100000, found 2.5"),
        ("ema(1, 2)", "indicators.ema: expected at most 1 parameters, found 2"),
        ("bollinger(20, -1)", "indicators.bollinger: deviations: expected a number from 0 to 100, found -1"),
        ("hma(3)", "indicators.hma: no such indicator; there are adx, atr, avg_volume, bar, bollinger,"),
    ],
)
def test_wrong_indicators_are_errors_at_their_line(call: str, text: str) -> None:
    error = ask(lua_host(detecting(f"\n  return {{ v = indicators.{call} }}"))).error
    assert error is not None
    assert error.text.startswith(f"strategies/demo.lua:3: {text}")


def test_position_and_account() -> None:
    body = """
  local p, a = context.position, context.account
  if not p then return { flat = true, cash = a.cash } end
  return { side = p.side, quantity = p.quantity, entry = p.entry_price, pnl = p.pnl, stop = p.stop, target = p.target,
    currency = a.currency, cash = a.cash, fees = a.fees, open = a.open_positions, realised = a.realised_pnl }"""
    host = lua_host(detecting(body))
    assert ask(host).answer == {"flat": True}
    host.set_position(PositionView(-2.0, 2.0, 3.0, None))
    host.set_account(AccountView(99.5, 1.0, 0.5, 2))
    assert ask(host).answer == {
        "side": "short", "quantity": 2.0, "entry": 2.0, "pnl": 1.0, "stop": 3.0,
        "currency": "USDT", "cash": 99.5, "fees": 0.5, "open": 2, "realised": 1.0,
    }  # fmt: skip
    host.set_position(None)
    assert ask(host).answer == {"flat": True, "cash": 99.5}


def test_params() -> None:
    host = lua_host(detecting("return { p = context.params }"), params={"fast": 10, "on": True, "name": "x", "k": 0.5})
    assert ask(host).answer == {"p": {"fast": 10, "on": True, "name": "x", "k": 0.5}}


def test_what_detect_returned_is_the_context_until_it_returns_anew() -> None:
    source = """
local n = 0
function detect_opportunity(m, c, i) n = n + 1 if n == 1 then return { a = 1, b = { 2, 3 } } end return { a = 5 } end
function filter_commitment(m, c, i) c.mine = (c.mine or 0) + 1 return { a = c.a, b = c.b, mine = c.mine } end
function manage_position(m, c, i) end"""
    host = lua_host(source)
    ask(host)
    assert ask(host, Function.FILTER).answer == {"a": 1, "b": [2, 3], "mine": 1}
    ask(host)
    assert ask(host, Function.FILTER).answer == {"a": 5, "mine": 2}


@pytest.mark.parametrize("name", ["position", "account", "params"])
def test_detect_may_not_return_the_hosts_names(name: str) -> None:
    error = ask(lua_host(detecting(f"return {{ {name} = 1 }}"))).error
    assert error is not None
    assert error.text == f"strategies/demo.lua:2: detect_opportunity: answer: {name} is a name of the host's"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("return 'x'", "expected a table or nil, found a string"),
        ("return true", "expected a table or nil, found a boolean"),
        ("return print", "expected a table or nil, found a function"),
        ("return { f = print }", "answer.f: a function is not plain data"),
        ("return setmetatable({}, {})", "answer: a table with a metatable is not plain data"),
        ("local t = {} t.t = t return t", "nested deeper than 8 levels (or in a circle)"),
        ("local t = {} for i = 1, 2000 do t[i] = i end return t", "answer: more than 1000 values"),
        ("return { s = ('x'):rep(5000) }", "answer.s: a string longer than 4096 bytes"),
        ("return { s = '\\xff' }", "answer.s: a string that is not UTF-8"),
        ("return { [print] = 1 }", "a table with a function as key has no fixed order"),
    ],
)
def test_answers_that_are_no_plain_table(body: str, text: str) -> None:
    outcome = ask(lua_host(detecting(body)))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.BAD_ANSWER
    assert outcome.error.text.startswith("strategies/demo.lua:2: detect_opportunity: ")
    assert text in outcome.error.text


def test_answers_keep_their_types() -> None:
    body = "return { i = 3, f = 3.0, s = 'é', t = true, n = { a = { 1, 2.5 }, b = {} }, big = math.maxinteger }"
    answer = answer_of(body)
    assert answer == {"i": 3, "f": 3.0, "s": "é", "t": True, "n": {"a": [1, 2.5], "b": {}}, "big": 2**63 - 1}
    assert (type(answer["i"]), type(answer["f"])) == (int, float)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("\n\n  local x = nil\n  return x.y", "strategies/demo.lua:5: attempt to index a nil value (local 'x')"),
        ("error('boo')", "strategies/demo.lua:2: boo"),
        ("error('boo', 0)", "strategies/demo.lua:2: boo"),
        ("error({ code = 1 })", "strategies/demo.lua:2: an error value of type table"),
        ("error({ message = 'said' })", "strategies/demo.lua:2: said"),
        ("error(42)", "strategies/demo.lua:2: 42"),
        ("helper()", "strategies/demo.lua:1: inside"),
        ("table.sort({ 1, 'x' })", "strategies/demo.lua:2: attempt to compare"),
        ("string.rep()", "strategies/demo.lua:2: bad argument #1 to 'rep' (string expected, got no value)"),
        ("nothing()", "strategies/demo.lua:2: attempt to call a nil value (global 'nothing')"),
    ],
)
def test_errors_name_file_and_line(body: str, text: str) -> None:
    error = ask(lua_host(detecting(body, "function helper() error('inside') end"))).error
    assert error is not None
    assert (error.kind, error.text[: len(text)]) == (ErrorKind.RUNTIME, text)


def test_printed_lines_are_bounded() -> None:
    host = lua_host(detecting("for i = 1, 100 do print(i, ('x'):rep(1000), nil, {}) end"))
    outcome = ask(host)
    assert len(outcome.lines) == 20
    assert outcome.lines[0].startswith("1\txxx")
    assert max(map(len, outcome.lines)) <= 200
    assert ask(lua_host(detecting("print('a', true, {}, print)"))).lines == ("a\ttrue\ttable\tfunction",)


def test_metatables_work_for_classes() -> None:
    before = """
    local Ring = {} Ring.__index = Ring Ring.__tostring = function(r) return 'ring of ' .. r.n end
    function Ring.new(n) return setmetatable({ n = n }, Ring) end function Ring:double() return self.n * 2 end"""
    body = "local r = Ring.new(4) return { d = r:double(), s = tostring(r), same = getmetatable(r) == Ring }"
    assert answer_of(body, before) == {"d": 8, "s": "ring of 4", "same": True}


def test_an_instruction_limit_is_exact_and_the_same_every_time() -> None:
    body = "local n = 0 while true do n = n + 1 context.n = n end"
    counts = []
    for _ in range(2):
        host = lua_host(detecting(body), LuaLimits(instructions=10_000))
        for _ in range(3):
            assert ask(host).error is not None
            counts.append(host.save())
    assert len(set(counts)) == 1


def test_a_large_state_is_restored_whatever_a_call_may_cost() -> None:
    body = "if #(context.kept or {}) == 0 then local t = {} for i = 1, 900 do t[i] = i end context.kept = t end while true do end"
    limits = LuaLimits(instructions=200_000)
    host, fresh = lua_host(detecting(body), limits), lua_host(detecting(body), limits._replace(instructions=2_000))
    assert ask(host).error is not None
    saved = host.save()
    assert len(saved) > 900
    fresh.restore(saved)
    assert fresh.save() == saved


STATEFUL = """
local calls, history, helper = 0, {}, { last = 0 }
total = 0
local function count() calls = calls + 1 end
function detect_opportunity(market_data, context, indicators)
  count()
  total = total + market_data.close
  history[#history + 1] = calls
  helper.last = math.random(1000)
  context.free = { calls, { deep = total } }
  indicators.ema(calls + 1)
  return { calls = calls, total = total, kept = #history, random = helper.last, seen = context.seen }
end
function filter_commitment(m, c, i) c.seen = (c.seen or 0) + 1 fresh = "new global" end
function manage_position(m, c, i) total = nil end"""


def test_state_of_all_kinds_survives() -> None:
    first, whole = lua_host(STATEFUL), lua_host(STATEFUL)
    for host in (first, whole):
        for function in (Function.DETECT, Function.DETECT, Function.FILTER):
            ask(host, function)
    saved = first.save()
    second = lua_host(STATEFUL)
    second.restore(saved)
    assert second.save() == saved
    for function in (Function.DETECT, Function.FILTER, Function.DETECT):
        assert ask(second, function, [1.0] * 3) == ask(whole, function, [1.0] * 3)
    assert second.save() == whole.save()


def test_constants_are_not_saved_so_an_edited_file_has_its_new_ones() -> None:
    old = (
        "local LIMIT = 5\nlocal n = 0\nfunction detect_opportunity() n = n + 1 return { n = n, limit = LIMIT } end\n"
        + NO_MORE
    )
    first = lua_host(old)
    ask(first)
    second = lua_host(old.replace("LIMIT = 5", "LIMIT = 7"))
    second.restore(first.save())
    assert ask(second).answer == {"n": 2, "limit": 7}


def test_a_removed_global_stays_removed() -> None:
    first = lua_host(STATEFUL)
    ask(first, Function.MANAGE)
    second = lua_host(STATEFUL)
    second.restore(first.save())
    assert ask(second).error is not None


@pytest.mark.parametrize("saved", [b"", b"\xc1", b"\x80", b"\x93\x01"])
def test_a_state_that_is_none_is_refused(saved: bytes) -> None:
    with pytest.raises(ValueError, match="state of a strategy cannot be restored"):
        lua_host(STATEFUL).restore(saved)


def test_long_script_names_are_shortened() -> None:
    name = f"{'very/' * 20}long.lua"
    assert display_name(name) == "long.lua"
    assert display_name("strategies/x.lua") == "strategies/x.lua"
    assert len(display_name("x" * CHUNK_NAME_MAX)) == CHUNK_NAME_MAX


def test_syntax_errors_name_file_and_line() -> None:
    with pytest.raises(LoadError) as caught:
        LuaHost(b"x = 1\ny = = 2", "strategies/demo.lua", LuaLimits())
    assert str(caught.value).startswith("strategies/demo.lua:2: unexpected symbol near '='")


CHILD = """
import sys
from services.signal.core.host import Function
from tests.unit.signal.support import ask, lua_host
host = lua_host(sys.stdin.read())
for function in (Function.DETECT, Function.FILTER, Function.DETECT):
    print(ask(host, function))
print(host.save().hex())
"""
WALKING = """
function detect_opportunity(m, c, i)
  local t, order = {}, {}
  for n = 1, 60 do t['key' .. (n * 7919) % 1000] = n t[n * 1.5] = n end
  for key in pairs(t) do order[#order + 1] = tostring(key) end
  local sum = 0.0
  for _, value in pairs(t) do sum = sum + 1 / value end
  print(tostring({}), tostring(print), 0/0, m.close)
  c.table = t
  return { order = table.concat(order, ' '), sum = sum, random = math.random(), first = next(t) }
end
function filter_commitment(m, c, i) c.more = { z = 1, a = 2 } end
function manage_position() end"""


def test_two_processes_say_the_same(project_root: Path) -> None:
    outputs = []
    for seed in ("1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(project_root)}
        command = [sys.executable, "-c", CHILD]
        found = subprocess.run(
            command, input=WALKING, cwd=project_root, env=environment, capture_output=True, text=True, check=True
        )
        outputs.append(found.stdout)
    assert outputs[0] == outputs[1]
    assert "0x" not in outputs[0]


def test_a_runtime_costs_less_than_half_a_megabyte() -> None:
    host = lua_host(STATEFUL)
    assert host.memory_bytes < 400_000


def test_json_like_answers_survive_a_second_encoding() -> None:
    answer: dict[str, Any] = answer_of("return { a = 1, b = { 'x', { c = 2.5 } } }")
    assert json.loads(json.dumps(answer)) == answer


def test_a_host_without_its_functions_has_no_trampolines_to_call() -> None:
    host = LuaHost(b"strategy = { name = 'x' }", "strategies/demo.lua", LuaLimits())
    assert host.description.functions["detect_opportunity"] == ("nil", 0)
    host.configure(runner_spec(strategy()))
    assert ask(host).error is not None
