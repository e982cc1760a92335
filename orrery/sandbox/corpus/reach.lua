-- Names that would lead out: the operating system, files, further code, the runtime itself.

--@ refused: os
os.time()

--@ refused: os.execute
os.execute("true")

--@ refused: os.getenv
return escaped(os.getenv("HOME"))

--@ refused: os.exit
os.exit(1)

--@ refused: os.remove
os.remove("/tmp/x")

--@ refused: io.open
io.open("/etc/passwd")

--@ refused: io.popen
io.popen("id")

--@ refused: io.write
io.write("x")

--@ refused: debug.getinfo
debug.getinfo(1)

--@ refused: debug.sethook takes the limit away
debug.sethook()

--@ refused: debug.getregistry
return escaped(debug.getregistry())

--@ refused: debug.getupvalue of a host function
return escaped(debug.getupvalue(pairs, 1))

--@ refused: debug.setmetatable of strings
debug.setmetatable("", {})

--@ refused: debug.getlocal of the host's frames
return escaped(debug.getlocal(3, 1))

--@ refused: package.loaded
return escaped(package.loaded.os)

--@ refused: package.loadlib
package.loadlib("libc.so.6", "system")

--@ refused: package.searchers
return escaped(package.searchers[1])

--@ refused: require of os
require("os")

--@ refused: require of ffi
require("ffi")

--@ refused: ffi.C
ffi.C.system("true")

--@ refused: jit.off
jit.off()

--@ refused: bit library
return escaped(bit.tobit(1))

--@ refused: load of text
load("return 1")()

--@ refused: load of a function's pieces
load(function() return nil end)

--@ refused: loadstring
loadstring("return 1")()

--@ refused: loadfile
loadfile("/etc/passwd")

--@ refused: dofile
dofile("/etc/passwd")

--@ refused: collectgarbage stops the collector
collectgarbage("stop")

--@ refused: collectgarbage counts memory
return escaped(collectgarbage("count"))

--@ refused: coroutine.create
coroutine.create(print)

--@ refused: coroutine.wrap
coroutine.wrap(print)

--@ refused: coroutine.running
return escaped(coroutine.running())

--@ refused: coroutine.close
coroutine.close(coroutine.running())

--@ refused: coroutine leaves the limit behind
coroutine.wrap(function() while true do end end)()

--@ refused: rawset on the market
rawset(market_data, "close", 1)

--@ refused: rawset on the globals
rawset(_G, "os", 1)

--@ refused: warn
warn("@on")

--@ refused: math.randomseed
math.randomseed(1)

--@ refused: utf8.codes
for _ in utf8.codes("x") do end

--@ refused: setfenv
setfenv(1, {})

--@ refused: getfenv
return escaped(getfenv(0))

--@ refused: newproxy
newproxy(true)

--@ refused: string.dump
string.dump(detect_opportunity)

--@ refused: dump as a method
("").dump(detect_opportunity)

--@ refused: string.pack
string.pack("z", "x")

--@ refused: string.unpack
string.unpack("z", "x")

--@ refused: the host's own table by its chunk's argument
return escaped(H.env)

--@ refused load: varargs of the chunk
return (...).env.os

--@ nothing: environment with a name of the host
for _, name in ipairs({ "H", "lua", "python", "orrery", "debug", "os", "io", "package", "load", "require" }) do
  if _ENV[name] ~= nil or rawget(_G, name) ~= nil then return escaped(name) end
end

--@ nothing: a key of the environment that nobody named
local allowed = { table = true, ["function"] = true, string = true }
for name, value in pairs(_G) do
  if not allowed[type(value)] then return escaped(name) end
end

--@ refused: _ENV is replaced, and the fence with it
local _ENV = {}
return escaped(os.time())

--@ nothing: _ENV is replaced for helpers
local function f() local _ENV = { x = 1 } return x end
return f() ~= 1 and escaped("env") or nil
