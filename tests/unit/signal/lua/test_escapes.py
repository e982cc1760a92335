"""What a strategy may try to get out, to stay, or to take everything: refused or stopped, and the runtime goes on."""

import pytest

from services.signal.core.host import ErrorKind, Function
from services.signal.core.roster import SignalLimits
from services.signal.core.spec import StrategySpec
from services.signal.hosts.lua import LoadError, LuaHost, LuaLimits
from tests.unit.signal.support import NO_MORE, ask, bar, detecting, lua_core, lua_host, runner_spec

LIMITS = LuaLimits(instructions=200_000, memory_mib=8, seconds=0.2)

# Names that are not there, and what is left of those that are. Each raises an ordinary error at the second line.
REFUSED = {
    "os": "os.time()",
    "os.execute": "os.execute('true')",
    "io": "io.open('/etc/passwd')",
    "io.popen": "io.popen('id')",
    "debug": "debug.getinfo(1)",
    "debug.setmetatable": "debug.setmetatable('', {})",
    "package": "return package.loaded.os",
    "require": "require('os')",
    "load": "load('return 1')()",
    "loadstring": "loadstring('return 1')()",
    "loadfile": "loadfile('/etc/passwd')",
    "dofile": "dofile('/etc/passwd')",
    "collectgarbage": "collectgarbage('stop')",
    "coroutine": "coroutine.create(print)",
    "coroutine.wrap": "coroutine.wrap(print)",
    "rawset": "rawset(market_data, 'close', 1)",
    "warn": "warn('@on')",
    "python.eval": "python.eval('1')",
    "python.builtins": "python.builtins.open('/etc/passwd')",
    "python attributes": "return python.as_attrgetter(print).__class__",
    "string.dump": "string.dump(detect_opportunity)",
    "method dump": "('').dump(detect_opportunity)",
    "string.pack": "string.pack('z', 'x')",
    "string metatable": "getmetatable('').__index.rep = nil",
    "string metatable swap": "setmetatable('', {})",
    "context metatable": "getmetatable(context).__index = nil",
    "context metatable swap": "setmetatable(context, {})",
    "market_data metatable swap": "setmetatable(market_data, {})",
    "globals metatable": "setmetatable(_G, {__index = function() return 1 end})",
    "library metatable": "setmetatable(math, {})",
    "market_data written": "market_data.close = 1",
    "indicators written": "indicators.ema = nil",
    "params written": "context.params.fast = 1",
    "position assigned": "context.position = {}",
    "account assigned": "context.account = nil",
    "table.insert into the host's": "table.insert(context, 1)",
    "__gc": "setmetatable({}, {__gc = function() end})",
    "__close": "local x <close> = setmetatable({}, {__close = function() end})",
    "__close set later": "local m = {} local t = setmetatable({}, m) m.__close = function() end local x <close> = t",
    "__mode": "setmetatable({}, {__mode = 'k'})",
    "__len": "setmetatable({}, {__len = function() return 1e15 end})",
    "string.rep of a gigabyte": "return {s = string.rep('x', 1e9)}",
    "method rep": "return {s = ('x'):rep(1e9)}",
    "rep that overflows": "return {s = ('x'):rep(math.maxinteger, 'yy')}",
    "format width": "string.format('%999999d', 1)",
    "format address": "string.format('%p', {})",
    "format without end": "string.format(('%d'):rep(5000))",
    "gsub that grows": "('x'):rep(100000):gsub('x', ('y'):rep(10000))",
    "unpack of a million": "table.unpack({}, 1, 1000000)",
    "byte of everything": "string.byte(('x'):rep(100000), 1, -1)",
    "utf8 out of range": "utf8.char(1e18)",
    "index in a circle": "local a, b = {}, {} setmetatable(a, {__index = b}) setmetatable(b, {__index = a}) return a.x",
    "index function of itself": "local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.a",
    "function as context": "context.f = print",
    "function deep in context": "context.t = {a = {b = print}}",
    "error that is a table": "error(setmetatable({}, {__tostring = function() while true do end end}))",
    "error that is nil": "error(nil)",
    "unordered keys": "for _ in pairs({[{}] = 1}) do end",
    "next over unordered keys": "next({[print] = 1})",
}

# What would never end, or cost too much in one call.
ENDLESS = {
    "while": "while true do end",
    "repeat": "repeat until false",
    "for": "for i = 1, 1e18 do end",
    "goto": "::again:: goto again",
    "recursion": "local function f() return 1 + f() end f()",
    "tail calls": "local function f() return f() end f()",
    "pcall around the loop": "pcall(function() while true do end end) return {signal = 'escaped'}",
    "pcall in a loop": "while true do pcall(error) end",
    "pcall of pcall": "pcall(pcall, function() while true do end end) return {signal = 'escaped'}",
    "pcall that multiplies": "local function f() pcall(f) pcall(f) end f()",
    "xpcall": "xpcall(function() while true do end end, print) return {signal = 'escaped'}",
    "xpcall's handler": "xpcall(error, function() while true do end end)",
    "tostring": "tostring(setmetatable({}, {__tostring = function() while true do end end}))",
    "print": "print(setmetatable({}, {__tostring = function() while true do end end}))",
    "comparison": "local m = {__lt = function() while true do end end} return setmetatable({}, m) < 1",
    "equality": "local m = {__eq = function() while true do end end} return setmetatable({}, m) == setmetatable({}, m)",
    "concatenation": "return setmetatable({}, {__concat = function() while true do end end}) .. 'x'",
    "sort's comparison": "table.sort({3, 2, 1}, function() while true do end end)",
    "gsub's replacement": "('x'):gsub('x', function() while true do end end)",
    "backtracking": "('a'):rep(30000):find(('.-'):rep(30) .. 'b')",
    "backtracking greedily": "('a'):rep(3000):match(('a*'):rep(20) .. 'b')",
    "balance": "('('):rep(100000):find('%b()')",
    "table.concat by __index": "table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, 1e9)",
    "ipairs by __index": "for _ in ipairs(setmetatable({}, {__index = function() return 1 end})) do end",
    "table.move": "table.move({}, 1, 1e15, 2)",
    "table.insert at the front": "local t = {} for i = 1, 1e6 do table.insert(t, 1, i) end",
    "table.remove at the front": "local t = {} for i = 1, 1e4 do t[i] = i end while true do table.remove(t, 1) t[#t + 1] = 1 end",
    "next from the start": "local t = {} for i = 1, 1e4 do t[i] = 1 end while true do next(t) end",
    "library calls on a long string": "local s = ('x'):rep(1e6) while true do s:upper() end",
    "tonumber": "local s = ('1'):rep(1e6) while true do tonumber(s:sub(1, -1)) end",
    "arguments that grow": "local function f(...) return f(1, 2, 3, 4, 5, 6, 7, 8, ...) end f()",
}

MEMORY = {
    "a table": "local t = {} for i = 1, 1e9 do t[i] = {i} end",
    "a string": "local s = 'x' while true do s = s .. s end",
    "a table in pcall": "pcall(function() local t = {} for i = 1, 1e9 do t[i] = {i} end end) return {signal = 'escaped'}",
    "a string in xpcall": "xpcall(function() local s = 'x' while true do s = s .. s end end, print) return {}",
    "context": "for i = 1, 1e9 do context['k' .. i] = ('x'):rep(1000) .. i end",
    "globals": "for i = 1, 1e9 do _G['k' .. i] = ('x'):rep(1000) .. i end",
}

HEAVY = {
    "concatenation of long strings": "local s = ('x'):rep(1e6) s = s .. s while true do local t = s .. 'y' end",
    "comparison of long strings": "local s = ('x'):rep(1e6) local a, b = s .. s, s .. s while a == b do end",
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_file_and_line(case: str) -> None:
    host = lua_host(detecting(REFUSED[case]), LIMITS)
    error = ask(host).error
    assert error is not None
    assert error.kind in (ErrorKind.RUNTIME, ErrorKind.MEMORY_LIMIT)
    assert error.text.startswith("strategies/demo.lua:2: ")
    assert ask(host, Function.FILTER).error is None


@pytest.mark.parametrize("case", ENDLESS)
def test_stopped_by_the_instruction_limit(case: str) -> None:
    host = lua_host(detecting(ENDLESS[case]), LIMITS)
    error = ask(host).error
    assert error is not None
    assert error.kind in (ErrorKind.INSTRUCTION_LIMIT, ErrorKind.TIME_LIMIT, ErrorKind.MEMORY_LIMIT)
    assert error.text.startswith("strategies/demo.lua:2: ")
    assert ask(host, Function.FILTER).error is None


@pytest.mark.parametrize("case", MEMORY)
def test_stopped_by_the_memory_limit_and_recovered(case: str) -> None:
    source = f"local first = true\nfunction detect_opportunity(market_data, context) if first then first = false {MEMORY[case]}\nend end {NO_MORE}"
    host = lua_host(source, LIMITS._replace(instructions=10_000_000, seconds=30.0))
    error = ask(host).error
    assert error is not None
    assert (error.kind, "more than 8 MiB" in error.text) == (ErrorKind.MEMORY_LIMIT, True)
    assert error.text.startswith("strategies/demo.lua:2: ")
    if case not in ("context", "globals"):
        assert [ask(host).error for _ in range(3)] == [None] * 3


@pytest.mark.parametrize("case", HEAVY)
def test_stopped_by_the_time_limit(case: str) -> None:
    host = lua_host(detecting(HEAVY[case]), LIMITS._replace(instructions=100_000_000))
    error = ask(host).error
    assert error is not None
    assert (error.kind, error.text) == (
        ErrorKind.TIME_LIMIT,
        "strategies/demo.lua:2: more than 0.2 s of processor time in one call",
    )


def test_a_strategy_that_fills_its_memory_is_refused_ever_after_and_never_ends_the_process() -> None:
    source = detecting("for i = 1, 500 do keep[#keep + 1] = {i} end indicators.ema(#keep % 50 + 2)", "keep = {}")
    host = lua_host(source, LuaLimits(memory_mib=1))
    kinds = set()
    for _ in range(300):
        error = ask(host).error
        kinds.add(error and error.kind)
        host.set_position(None)
    assert kinds == {None, ErrorKind.MEMORY_LIMIT}
    assert len(host.save()) > 1_000


def test_what_is_reachable_is_what_is_allowed() -> None:
    body = """
  local seen, names = {}, {}
  local function walk(path, t)
    if seen[t] then return end
    seen[t] = true
    for key, value in pairs(t) do
      names[#names + 1] = path .. key
      if type(value) == 'table' then walk(path .. key .. '.', value) end
    end
  end
  walk('', _G)
  return { names = names }"""
    answer = ask(lua_host(detecting(body))).answer
    assert answer is not None
    names = set(answer["names"]) - {"detect_opportunity", "filter_commitment", "manage_position"}
    libraries = {name for name in names if "." not in name}
    assert libraries == {
        "_G", "_VERSION", "assert", "error", "getmetatable", "ipairs", "math", "next", "pairs", "pcall", "print",
        "rawequal", "rawget", "rawlen", "select", "setmetatable", "string", "table", "tonumber", "tostring", "type",
        "utf8", "xpcall",
    }  # fmt: skip
    assert {name for name in names if name.startswith("string.")} == {
        f"string.{name}"
        for name in (
            "byte",
            "char",
            "find",
            "format",
            "gmatch",
            "gsub",
            "len",
            "lower",
            "match",
            "rep",
            "reverse",
            "sub",
            "upper",
        )
    }
    assert {name for name in names if name.startswith("table.")} == {
        f"table.{name}" for name in ("concat", "insert", "move", "pack", "remove", "sort", "unpack")
    }
    assert "math.randomseed" not in names


@pytest.mark.parametrize("source", [b"\x1bLua\x55\x00", b"\x1bLJ\x02"])
def test_byte_code_is_not_loaded(source: bytes) -> None:
    with pytest.raises(LoadError, match=r"strategies/demo.lua: attempt to load a binary chunk"):
        LuaHost(source, "strategies/demo.lua", LIMITS)


@pytest.mark.parametrize("top", ["while true do end", "local s = 'x' while true do s = s .. s end", "os.exit(1)"])
def test_a_file_that_misbehaves_while_loading_is_refused(top: str) -> None:
    with pytest.raises(LoadError, match=r"^strategies/demo.lua:(1:)? "):
        LuaHost(top.encode(), "strategies/demo.lua", LIMITS)


def test_neighbours_trade_on() -> None:
    bad = StrategySpec(name="bad", script="bad.lua", source=f"{detecting('while true do end')}\n{NO_MORE}".encode())
    fine = StrategySpec(name="fine", script="fine.lua", source=f"{detecting('return {a = 1}')}\n{NO_MORE}".encode())
    core = lua_core(runner_spec(bad), runner_spec(fine), limits=SignalLimits(max_errors=2))
    for number in range(5):
        core.handle(bar(number), number)
    first, second = core.status()["runners"]
    assert (first["paused"], first["errors"], second["paused"], second["errors"]) == (True, 2, False, 0)
    assert second["evaluations"] > 5


def test_globals_of_one_runner_are_not_those_of_another() -> None:
    source = detecting("count = (count or 0) + 1 string.mark = count return {n = count}")
    one, two = lua_host(source), lua_host(source)
    assert [ask(host).answer for host in (one, one, two)] == [{"n": 1}, {"n": 2}, {"n": 1}]
