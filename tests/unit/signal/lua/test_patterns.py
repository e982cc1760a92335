"""String and table functions of strategies answer what Lua's own answer, by the same calls in a bare runtime."""

from typing import Any

import lupa.lua55 as lupa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.signal.core.host import Function
from tests.unit.signal.support import ask, detecting, lua_host

CALLS = [
    "('hello world'):find('o w')", "('hello'):find('l+')", "('hello'):find('xyz')", "('hello'):find('')", "('hello'):find('', 10)",
    "('hello'):find('l', -2)", "('a.b'):find('.', 1, true)", "('a.b'):find('%.')", "('key = value'):match('^(%w+)%s*=%s*(%w+)$')",
    "('BTC-29MAR24-60000-C'):match('^(%u+)%-(%d+)(%u+)(%d+)%-(%d+)%-([CP])$')", "('2024-01-02'):match('(%d+)-(%d+)-(%d+)')",
    "('  trim  '):match('^%s*(.-)%s*$')", "('f(a(b)c)d'):match('%b()')", "('THE (quick) fox'):find('%((%a+)%)')",
    "('hello'):match('()ll()')", "('aaa'):find('a-', 2)", "('aaa'):match('a-$')", "('abc'):match('[^a]+')", "('a]c'):match('[]]')",
    "('a-c'):match('[a%-]+')", "('x^y'):match('[%^x]+')", "('0x1F'):match('%x+$')", "('THE (quick) fox'):gsub('%f[%a]%a+', 'X')",
    "('hello world'):gsub('o', '0')", "('hello world'):gsub('o', '0', 1)", "('hello'):gsub('', '-')", "('abc'):gsub('%w', '%0%0')",
    "('abc def'):gsub('(%w+) (%w+)', '%2 %1')", "('$name is'):gsub('%$(%w+)', {name = 'x'})", "('abc'):gsub('b', {b = false})",
    "('abc'):gsub('%w', function(c) return c:upper() end)", "('abc'):gsub('b', '%%')", "('aXbX'):gsub('^a', 'z')", "('abab'):match('(ab)%1')",
    "('\"quoted\"'):match('([\"\\'])(.-)%1')", "('one;two;;four'):gsub(';;', ';nil;')", "('x'):rep(3, ',')", "('abc'):sub(-2)",
    "('abc'):sub(2, 10)", "('abc'):sub(0)", "('abc'):byte(1, -1)", "('abc'):byte(-1)", "('abc'):byte(10)", "('aBc'):upper()", "('aBc'):lower()",
    "('abc'):reverse()", "('abc'):len()", "string.char(97, 98)", "string.format('%5.2f|%d|%s|%q|%x|%%', 3.14159, 42, 'x', 'y', 255)",
    "string.format('%-5s|%5s', 'a', 'b')", "string.format('%s %s', true, nil)", "('a,b,c'):find(',', 3)", "('ab12'):match('%a+(%d*)')",
    "('\\0a'):find('%z')", "('a\\n'):find('%c')", "('~!'):match('%p+')", "('é'):len()", "('a.b.c'):gsub('%.', '%%')", "tostring(12), tostring(1.5), tostring(nil)",
    "table.concat({1, 2, 'x'}, ', ')", "table.concat({}, ',')", "table.concat({1, 2, 3}, '', 2, 3)", "table.unpack({1, 2, 3}, 2)", "select('#', table.unpack({}, 1, 3))",
    "table.remove({1, 2, 3})", "table.remove({1, 2, 3}, 1)", "table.remove({})", "table.concat(table.move({1, 2, 3}, 2, 3, 1), ',')", "#table.pack(1, 2)",
    "math.floor(-1.5), math.ceil(1.2), math.max(1, 5, 3), math.min(2, 1), math.abs(-3)", "math.type(1), math.type(1.0), math.tointeger(3.0)", "7 // 2, 7 % 3, 2 ^ 10",
    "next({}), next({a = 1})", "pcall(error, 'x')", "xpcall(function() error('x', 0) end, function(e) return e .. '!' end)", "rawlen({1, 2}), rawequal(1, 1)",
]  # fmt: skip

FAILING = [
    "('x'):find('[a')", "('x'):find('%')", "('x'):find('(x')", "('x'):match('x)')", "('x'):find('%b')", "('x'):find('%f')", "('x'):find('%1')",
    "('x'):gsub('x', '%2')", "('x'):gsub('x', '%x')", "('x'):gsub('x', true)", "('x'):gsub('x', function() return {} end)",
    "string.rep()", "string.format('%d', 'x')", "string.format('%d', 1.5)", "table.concat({{}})", "table.insert({}, 5, 1)", "table.insert({}, 1, 2, 3)",
    "table.remove({1}, 7)", "setmetatable(1, {})", "math.random(2, 1)", "string.char(256)", "('x'):bad()", "table.sort({1, 'x'})",
]  # fmt: skip

PACK = """
local function pack(...) local n, out = select('#', ...), {...}
  for i = 1, n do out[i] = type(out[i]) .. ':' .. tostring(out[i]) end return table.concat(out, '|', 1, n) end
"""


def ours(expression: str) -> str:
    """Return what an expression gives in a strategy, as text; `error` for an error."""
    outcome = ask(lua_host(detecting(f"return {{ r = pack({expression}) }}", PACK)))
    return "error" if outcome.error is not None else str((outcome.answer or {})["r"])


def native(expression: str) -> str:
    """Return what an expression gives in a bare runtime."""
    runtime = lupa.LuaRuntime(encoding="utf-8")
    try:
        return str(runtime.execute(f"{PACK} return pack({expression})"))
    except lupa.LuaError:
        return "error"


@pytest.mark.parametrize("expression", CALLS)
def test_same_as_native(expression: str) -> None:
    assert ours(expression) == native(expression)


@pytest.mark.parametrize("expression", FAILING)
def test_fails_as_native(expression: str) -> None:
    assert (ours(expression), native(expression)) == ("error", "error")


PIECES = st.sampled_from(
    [
        "a",
        "b",
        ".",
        "%a",
        "%d",
        "[ab]",
        "[^a]",
        "(a)",
        "(",
        ")",
        "()",
        "%1",
        "%f[b]",
        "%bab",
        "^",
        "$",
        "-",
        "*",
        "+",
        "?",
        "1",
    ]
)
SUBJECTS = st.text("ab1 ", max_size=8)


@settings(max_examples=150)
@given(pattern=st.lists(PIECES, max_size=5).map("".join), subject=SUBJECTS)
def test_random_patterns_match_as_native(pattern: str, subject: str) -> None:
    calls = [
        f"('{subject}'):{name}" for name in (f"find('{pattern}')", f"match('{pattern}')", f"gsub('{pattern}', '<%0>')")
    ]
    calls.append(
        f"(function() local t = {{}} for a, b in ('{subject}'):gmatch('{pattern}') do t[#t + 1] = tostring(a) .. tostring(b) end return table.concat(t, ';') end)()"
    )
    for call in calls:
        assert ours(call) == native(call)


@given(values=st.lists(st.integers(-50, 50), max_size=40))
def test_sort_is_stable_and_right(values: list[int]) -> None:
    listed = ", ".join(f"{{k = {value}, i = {number}}}" for number, value in enumerate(values))
    body = f"local t = {{{listed}}} table.sort(t, function(a, b) return a.k < b.k end) return {{ t = t }}"
    outcome = ask(lua_host(detecting(body)))
    assert outcome.answer is not None
    found = outcome.answer["t"] or []
    assert [(row["k"], row["i"]) for row in found] == sorted((value, number) for number, value in enumerate(values))


def test_pairs_and_next_go_in_the_order_of_the_keys() -> None:
    body = """
  local t, seen = {}, {}
  for _, key in ipairs({ 'z', 3, 'a', 1.5, true, 2, 'm', 1, false }) do t[key] = key end
  t.z = nil
  for key in pairs(t) do seen[#seen + 1] = tostring(key) end
  local stepped, key = {}, nil
  repeat key = next(t, key) stepped[#stepped + 1] = tostring(key) until key == nil
  return { seen = table.concat(seen, ' '), stepped = table.concat(stepped, ' ') }"""
    order = "false true 1 1.5 2 3 a m"
    assert ask(lua_host(detecting(body))).answer == {"seen": order, "stepped": f"{order} nil"}


def test_removing_while_walking_is_fine() -> None:
    body = "local t, n = {a = 1, b = 2, c = 3}, 0 for k in pairs(t) do t.c = nil n = n + 1 end return { n = n }"
    assert ask(lua_host(detecting(body))).answer == {"n": 2}


def test_random_is_seeded_by_the_runner() -> None:
    body = "return { a = math.random(), b = math.random(6), c = math.random(-3, 3), d = math.random() }"
    first, second = ask(lua_host(detecting(body))).answer, ask(lua_host(detecting(body))).answer
    assert first == second
    assert first is not None
    assert 0 <= first["a"] < 1
    assert 1 <= first["b"] <= 6
    assert -3 <= first["c"] <= 3
    assert first["a"] != first["d"]


def test_random_is_spread_evenly() -> None:
    body = "local t = {0, 0, 0, 0} for i = 1, 4000 do local k = math.random(4) t[k] = t[k] + 1 end return { t = t }"
    answer: Any = ask(lua_host(detecting(body)), Function.DETECT).answer
    assert all(880 < count < 1_120 for count in answer["t"])
