-- Memory: one great piece, many small ones, a little more at every call.

--@ stopped: a table
local t = {}
for i = 1, 1e9 do t[i] = { i } end

--@ stopped: a table of floats
local t = {}
for i = 1, 1e9 do t[i] = i + 0.5 end

--@ stopped: a table of keys
local t = {}
for i = 1, 1e9 do t["k" .. i] = true end

--@ stopped: a string that doubles
local s = "x"
while true do s = s .. s end

--@ stopped: closures
local t = {}
while true do local n = #t t[n + 1] = function() return n end end

--@ stopped: a list that is linked
local t
while true do t = { t } end

--@ stopped: globals
for i = 1, 1e9 do _G["k" .. i] = ("x"):rep(1000) .. i end

--@ stopped: context
for i = 1, 1e9 do context["k" .. i] = ("x"):rep(1000) .. i end

--@ stopped: varargs
local function f(n, ...) if n == 0 then return select("#", ...) end return f(n - 1, n, ...) end
f(1e7)

--@ refused: string.rep of a gigabyte
return escaped(("x"):rep(1e9))

--@ refused: string.rep of nothing, a billion times, with separators
return escaped((""):rep(1e9, ","))

--@ refused: string.rep that overflows
return escaped(("x"):rep(math.maxinteger, "yy"))

--@ nothing: string.rep of nothing
return #("x"):rep(-1e15) > 0 and escaped("negative") or nil

--@ refused: format with a width
string.format("%999999d", 1)

--@ refused: format with a precision
string.format("%.999999f", 1)

--@ refused: format of an address
return escaped(string.format("%p", {}))

--@ refused: format without end
string.format(("%d"):rep(5000))

--@ refused: format with arguments that are missing
string.format("%s %s %s", 1)

--@ refused: format of a conversion that is not there
string.format("%y", 1)

--@ refused: format of text with a zero byte and a width
string.format("%10s", "a\0b")

--@ refused: gsub that grows
("x"):rep(100000):gsub("x", ("y"):rep(10000))

--@ refused: gsub that grows by captures
("x"):rep(2000):gsub("x*", "%0%0%0%0%0"):rep(1000):gsub("x*", ("%0"):rep(500))

--@ refused: table.concat of a large piece, again and again
local piece = ("x"):rep(100000)
local t = {}
for i = 1, 100 do t[i] = piece end
table.concat(t)

--@ refused: table.concat with a long separator
local t = {}
for i = 1, 1000 do t[i] = "" end
table.concat(t, ("x"):rep(100000))

--@ refused: table.concat of what is no text
table.concat({ 1, {}, 2 })

--@ refused: table.concat by __index that gives tables
table.concat(setmetatable({}, { __index = function() return {} end }), "", 1, 3)

--@ refused: unpack of a million
table.unpack({}, 1, 1000000)

--@ refused: unpack from end to end
table.unpack({}, math.mininteger, math.maxinteger)

--@ refused: byte of everything
string.byte(("x"):rep(100000), 1, -1)

--@ refused: a list with a hole of a billion
context.t = { [1] = 1, [1000000000] = 1, f = print }

--@ stopped 40: a little more at every call, in a global
keep = keep or {}
for i = 1, 60000 do keep[#keep + 1] = { i } end

--@ stopped 40: a little more at every call, in a local
local n = #kept
for i = 1, 60000 do kept[n + i] = { i } end

--@ stopped 40: a longer string at every call
text = (text or "x") .. ("y"):rep(1000000) .. ("z"):rep(1000000)

--@ stopped 80: the context is stuffed with text
context["k" .. market_data.timestamp] = ("x"):rep(1000000)

--@ stopped 3: the context is stuffed with one table, many times
local t = {}
for i = 1, 100000 do t[i] = i end
local all = {}
for i = 1, 15 do all[i] = t end
context.t = all

--@ refused: the context in a circle
local t = {}
t.t = t
context.t = t

--@ refused: the context too deep
local t = {}
for i = 1, 100 do t = { t } end
context.t = t

--@ refused: a function as context
context.f = print

--@ refused: a function deep in context
context.t = { a = { b = print } }

--@ refused: a table as a key of the context
context[{}] = 1

--@ refused: NaN as a key of the context
context[0 / 0] = 1

--@ refused: an answer in a circle
local t = {}
t.t = t
return t

--@ refused: an answer too deep
local t = {}
for i = 1, 100 do t = { t = t } end
return t

--@ refused: an answer of a hundred thousand values
local t = {}
for i = 1, 100000 do t[i] = i end
return { list = t }

--@ refused: an answer of a megabyte
return { signal = ("x"):rep(1000000) }

--@ refused: an answer that is not UTF-8
return { signal = "\xff\xfe" }

--@ refused: an answer with a key that is a table
return { [{}] = 1 }

--@ refused: more indicators than there may be
for n = 1, 1000 do indicators.sma(n) end

--@ nothing: a thousand printed lines
for i = 1, 1000 do print(("x"):rep(1000)) end

--@ refused 60: a context that is too large to be saved in one piece
local t = {}
for i = 1, 5000 do t[i] = i end
local n = (context.n or 0) + 1
context.n, context["t" .. n] = n, t
nothing.x = 1

--@ nothing 20: a context that grows behind its check
context.t = context.t or {}
local n = #context.t
for i = 1, 20000 do context.t[n + i] = i end

--@ nothing: tables that share a great one, and cannot be saved whole
local big = {}
for i = 1, 20000 do big[i] = i end
for i = 1, 500 do kept[i] = { big, print } end

--@ nothing: tables in a chain that cannot be saved
local t = { print }
for i = 1, 20000 do t = { t } end
kept[1] = t
