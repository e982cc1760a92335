-- Errors and protected calls: values that are no text, handlers that fail, limits that pcall would swallow.

--@ refused: an error that is a table with hooks
error(setmetatable({}, { __tostring = function() while true do end end }))

--@ refused: an error that is a table with a message
error({ message = ("x"):rep(100000) })

--@ refused: an error whose message is made by __index
error(setmetatable({}, { __index = function() while true do end end }))

--@ refused: an error that is nil
error(nil)

--@ refused: an error that is a function
error(print)

--@ refused: an error of a megabyte
error(("x"):rep(1000000))

--@ refused: an error that is not UTF-8
error("\xff\xfe\x00")

--@ refused: an error that claims to be the host's
error("[orrery] guard:1: limit reached", 0)

--@ refused: an error that claims to be a limit
error("limit reached", 0)

--@ refused: an error at a level that is not there
error("x", 1000000)

--@ refused: assert with a table
assert(false, {})

--@ nothing: an error is caught and forgotten
pcall(error, "x")

--@ nothing: pcall hands an error's table back as it is
local mine = {}
local ok, got = pcall(error, mine)
return got ~= mine and escaped("changed") or nil

--@ nothing: xpcall's handler sees text only
xpcall(function() return nil + 1 end, function(problem)
  if type(problem) ~= "string" then context.escaped = true end
end)
return context.escaped and escaped("handler") or nil

--@ stopped: pcall around a loop
pcall(function() while true do end end)
return escaped("pcall")

--@ stopped: pcall of pcall
pcall(pcall, function() while true do end end)
return escaped("pcall")

--@ stopped: pcall in a loop
while true do pcall(error) end

--@ stopped: pcall that multiplies
local function f() pcall(f) pcall(f) end
f()

--@ stopped: xpcall around a loop
xpcall(function() while true do end end, print)
return escaped("xpcall")

--@ stopped: xpcall's handler
xpcall(error, function() while true do end end)

--@ stopped: xpcall whose handler begins again
local function again() xpcall(error, again) end
again()

--@ stopped: a handler that catches the limit's error
xpcall(function()
  xpcall(function() while true do end end, function() return "caught" end)
end, function() return "caught" end)
return escaped("handler")

--@ stopped: an error raised by catching errors for ever
local function f() local ok = pcall(f) error(ok) end
while true do pcall(f) end

--@ stopped: pcall by a metamethod
local t = setmetatable({}, { __index = function(_, k) pcall(function() while true do end end) return k end })
return escaped(t.x)

--@ stopped: pcall in a sort
table.sort({ 3, 2, 1 }, function(a, b) pcall(function() while true do end end) return a < b end)
return escaped("sort")

--@ stopped: pcall in a replacement
local s = ("x"):gsub("x", function() pcall(function() while true do end end) return "y" end)
return escaped(s)

--@ stopped: the limit's error is caught in the next iteration
for i = 1, 1000 do
  pcall(function() for j = 1, 1e9 do end end)
  context.escaped = i
end
return escaped("loop")

--@ stopped 3: memory's error is caught and hidden
pcall(function() local t = {} for i = 1, 1e9 do t[i] = { i } end end)
return escaped("memory")

--@ stopped 3: memory's error is caught by xpcall
xpcall(function() local s = "x" while true do s = s .. s end end, print)
return escaped("memory")

--@ refused: error objects in a circle
local a = {}
a.message = a
error(a)

--@ refused: an error from a closed function of the host
indicators.macd(1, 2, 3, 4, 5, 6, 7)

--@ refused: select from before the beginning
select(-100, 1)

--@ refused: select of what is no number
select("x", 1)

--@ refused: an error that is cut within a character
error(("\u{20AC}"):rep(1000))

--@ refused: a path of an answer that is not UTF-8
return { ["\xff"] = print }

--@ refused: a key of the context that is not UTF-8
context["\xff\xfe"] = print

--@ refused: an indicator by a name that is not UTF-8
return escaped(indicators["\xff\xfe"])

--@ refused load: an error that is not UTF-8, as the file is loaded
error("\xff\xfe")

--@ nothing load: a global that is not UTF-8
_G["\xff\xfe"] = 1

--@ nothing load: a global by a key that has no order
_G[{}] = 1

--@ refused load: an error that is a table, as the file is loaded
error({})

--@ nothing: a global by a key that has no order, later
_G[{}] = 1
_G["\xff"] = { 1, 2 }
_G[print] = print
