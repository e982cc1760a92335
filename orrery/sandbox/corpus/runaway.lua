-- Calls that would never end, or take far longer than one call may.

--@ stopped: while
while true do end

--@ stopped: repeat
repeat until false

--@ stopped: for
for i = 1, 1e18 do end

--@ stopped: for with a step of nothing much
for x = 0.0, 1.0, 1e-300 do end

--@ stopped: goto
::again::
goto again

--@ stopped: goto through nested loops
::again::
for i = 1, 3 do for j = 1, 3 do if j == 3 then goto again end end end

--@ stopped: recursion
local function f() return 1 + f() end
f()

--@ stopped: tail calls
local function f() return f() end
f()

--@ stopped: two that call each other
local a, b
function a() return b() end
function b() return a() end
a()

--@ stopped: arguments that grow
local function f(...) return f(1, 2, 3, 4, 5, 6, 7, 8, ...) end
f()

--@ stopped: tostring
tostring(setmetatable({}, { __tostring = function() while true do end end }))

--@ stopped: print
print(setmetatable({}, { __tostring = function() while true do end end }))

--@ stopped: format of %s
string.format("%s", setmetatable({}, { __tostring = function() while true do end end }))

--@ stopped: comparison
local m = { __lt = function() while true do end end }
return setmetatable({}, m) < 1

--@ stopped: equality
local m = { __eq = function() while true do end end }
return setmetatable({}, m) == setmetatable({}, m)

--@ stopped: concatenation
return setmetatable({}, { __concat = function() while true do end end }) .. "x"

--@ stopped: index
return setmetatable({}, { __index = function() while true do end end }).x

--@ stopped: newindex
setmetatable({}, { __newindex = function() while true do end end }).x = 1

--@ stopped: call
setmetatable({}, { __call = function() while true do end end })()

--@ stopped: negation
return -setmetatable({}, { __unm = function() while true do end end })

--@ stopped: a sort's comparison
table.sort({ 3, 2, 1 }, function() while true do end end)

--@ nothing: a sort's comparison that always says yes
local t = {}
for i = 1, 2000 do t[i] = i end
table.sort(t, function() return true end)

--@ nothing: a sort's comparison that says now this, now that
local t, turn = {}, false
for i = 1, 2000 do t[i] = i % 7 end
table.sort(t, function() turn = not turn return turn end)

--@ refused: a sort's comparison that changes the table
local t = {}
for i = 1, 200 do t[i] = 200 - i end
table.sort(t, function(a, b) t[a] = nil t[#t + 1] = b return a < b end)

--@ refused: a sort of what cannot be compared
table.sort({ 1, "a", {}, print })

--@ nothing: a sort of numbers that are none
local t = { 0 / 0, 1, 0 / 0, 2, 0 / 0 }
table.sort(t, function(a, b) return a < b end)

--@ stopped: a sort of a million
local t = {}
for i = 1, 90000 do t[i] = (i * 7919) % 90001 end
while true do table.sort(t) end

--@ stopped: a replacement's function
("x"):gsub("x", function() while true do end end)

--@ stopped: a replacement's table
("x"):gsub("x", setmetatable({}, { __index = function() while true do end end }))

--@ stopped: backtracking
("a"):rep(30000):find((".-"):rep(30) .. "b")

--@ stopped: backtracking greedily
("a"):rep(3000):match(("a*"):rep(20) .. "b")

--@ stopped: backtracking of optional items
("a"):rep(500):match(("a?"):rep(60) .. ("a"):rep(500) .. "b")

--@ stopped: backtracking in gmatch
for _ in (("a"):rep(20000)):gmatch("(.-)(.-)(.-)b") do end

--@ stopped: backtracking in gsub
(("a"):rep(20000)):gsub("(.-)(.-)(.-)b", "x")

--@ stopped: balance
("("):rep(100000):find("%b()")

--@ stopped: a frontier at every place
("a "):rep(60000):gsub("%f[%w]%w*%f[%W].-x", "")

--@ stopped: back references
("a"):rep(3000):match("(a*)(a*)(a*)%1%2%3b")

--@ stopped: sets of a thousand characters
("a"):rep(5000):find("[" .. ("b-c"):rep(300) .. "]*z")

--@ stopped: table.concat by __index
table.concat(setmetatable({}, { __index = function() return "" end }), "", 1, 1e9)

--@ stopped: ipairs by __index
for _ in ipairs(setmetatable({}, { __index = function() return 1 end })) do end

--@ stopped: table.move over a great distance
table.move({}, 1, 1e15, 2)

--@ stopped: table.move over everything there is
table.move({}, math.mininteger, -2, 1)

--@ stopped: table.insert at the front
local t = {}
for i = 1, 1e6 do table.insert(t, 1, i) end

--@ stopped: table.remove at the front
local t = {}
for i = 1, 1e4 do t[i] = i end
while true do table.remove(t, 1) t[#t + 1] = 1 end

--@ stopped: next from the start
local t = {}
for i = 1, 1e4 do t[i] = 1 end
while true do next(t) end

--@ stopped: pairs of a large table
local t = {}
for i = 1, 1e4 do t["k" .. i] = 1 end
while true do for _ in pairs(t) do end end

--@ stopped: upper of a long string
local s = ("x"):rep(1e6)
while true do s:upper() end

--@ stopped: reverse of a long string
local s = ("x"):rep(1e6)
while true do s:reverse() end

--@ stopped: plain find in a long string
local s = ("a"):rep(500000)
while true do s:find(("a"):rep(1000) .. "b", 1, true) end

--@ stopped: tonumber of a long string
local s = ("1"):rep(1e6)
while true do tonumber(s:sub(1, -1)) end

--@ stopped: utf8.len of a long string
local s = ("x"):rep(1e6)
while true do utf8.len(s) end

--@ stopped: utf8.offset in a long string
local s = ("x"):rep(1e6)
while true do utf8.offset(s, 900000) end

--@ stopped: utf8.char of many
while true do utf8.char(1, 2, 3, 0x10FFFF) end

--@ stopped: random numbers
while true do math.random(1, 6) end

--@ stopped: printing
while true do print("x") end

--@ stopped: asking an indicator
while true do indicators.sma(5) end

--@ stopped: writing a large table into the context
local t = {}
for i = 1, 5000 do t[i] = i end
while true do context.t = t context.t = nil end

--@ stopped: concatenation of long strings
local s = ("x"):rep(1e6)
s = s .. s
while true do local t = s .. "y" end

--@ stopped: concatenation of very long strings
local s = "x"
for i = 1, 24 do s = s .. s end
while true do local t = s .. "y" end

--@ stopped: comparison of long strings
local s = ("x"):rep(1e6)
local a, b = s .. s, s .. s
while a == b do end

--@ stopped: order of long strings
local s = ("x"):rep(1e6)
local a, b = s .. s, s .. s
while a <= b do end

--@ stopped: long strings as keys
local s, t = ("x"):rep(1e6), {}
while true do t[s .. #t] = nil end

--@ stopped load: while, as the file is loaded
while true do end

--@ stopped load: memory, as the file is loaded
local s = "x"
while true do s = s .. s end

--@ stopped load: pcall around a loop, as the file is loaded
pcall(function() while true do end end)
function detect_opportunity() return escaped("loaded") end
