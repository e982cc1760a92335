-- Edges of numbers, keys and text, where a host in C tends to trip.

--@ refused: NaN as a key
local t = {}
t[0 / 0] = 1

--@ nothing: NaN asked for
local t = { [1] = 1 }
return t[0 / 0] and escaped("nan") or nil

--@ refused: unordered keys
for _ in pairs({ [{}] = 1 }) do end

--@ refused: next over unordered keys
next({ [print] = 1 })

--@ nothing: next with a key that is not there
return next({ a = 1 }, "zz") and escaped("next") or nil

--@ refused: nil as a key
local t = {}
t[nil] = 1

--@ refused: division of integers by zero
return escaped(1 // 0)

--@ refused: remainder by zero
return escaped(1 % 0)

--@ nothing: the least integer by minus one
return math.mininteger // -1 ~= math.mininteger and escaped("overflow") or nil

--@ nothing: remainder of the least integer
return math.mininteger % -1 ~= 0 and escaped("overflow") or nil

--@ nothing: shifts beyond the width
return (1 << 64) ~= 0 and escaped("shift") or nil

--@ nothing: shifts backwards without end
return (1 << math.mininteger) ~= 0 and escaped("shift") or nil

--@ refused: shifts of a float
return escaped(1.5 << 1)

--@ refused: an integer from a great float
return escaped(1e300 | 0)

--@ refused: a loop with a step of zero
for i = 1, 10, 0 do end

--@ refused: a loop to what is no number
for i = 1, {} do end

--@ nothing: a loop past the greatest integer
local n = 0
for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end
return n ~= 2 and escaped("wrapped") or nil

--@ refused: random over everything
math.random(math.mininteger, math.maxinteger)

--@ refused: random from an empty interval
math.random(0)

--@ refused: random of NaN
math.random(0 / 0, 1)

--@ refused: utf8 out of range
utf8.char(1e18)

--@ refused: utf8 below zero
utf8.char(-1)

--@ nothing: utf8 of surrogates is not text
return utf8.len("\u{D800}") and escaped("surrogate") or nil

--@ nothing: utf8 of six bytes is not text
return utf8.len("\xfd\xbf\xbf\xbf\xbf\xbf") and escaped("long") or nil

--@ refused: utf8.offset beyond the end
utf8.offset("x", 1, 1000000)

--@ refused: utf8.offset within a character
utf8.offset("\u{20AC}", 1, 2)

--@ nothing: tonumber of a base that is none
local ok = pcall(tonumber, "zz", 99)
return ok and escaped("base") or nil

--@ nothing: tonumber of text with a zero byte
return tonumber("1\0") and escaped("zero") or nil

--@ nothing: sub from end to end
return ("abc"):sub(math.mininteger, math.maxinteger) ~= "abc" and escaped("sub") or nil

--@ nothing: find from before the beginning
return ("abc"):find("", math.mininteger) ~= 1 and escaped("find") or nil

--@ nothing: find from behind the end
return ("abc"):find("", math.maxinteger) and escaped("find") or nil

--@ refused: a pattern that ends in the middle
("x"):find("%")

--@ refused: a set without an end
("x"):find("[a")

--@ refused: a capture without an end
("x"):find("(x")

--@ refused: a reference to a capture that is not there
("x"):find("%1")

--@ refused: balance without its characters
("x"):find("%b")

--@ refused: a frontier without its set
("x"):find("%fx")

--@ refused: more captures than there may be
("x"):rep(100):find(("(x)"):rep(100))

--@ refused: a pattern nested too deeply
("x"):rep(1000):find(("("):rep(1000) .. (")"):rep(1000))

--@ refused: a replacement that is no text
("x"):gsub("x", function() return {} end)

--@ refused: a replacement with a reference that is not there
("x"):gsub("x", "%9")

--@ refused: an indicator of NaN
indicators.ema(0 / 0)

--@ refused: an indicator of infinity
indicators.ema(math.huge)

--@ refused: an indicator of a negative period
indicators.ema(-1)

--@ refused: an indicator of a fraction
indicators.ema(2.5)

--@ refused: an indicator of text
indicators.ema("10")

--@ refused: an indicator of a table with hooks
indicators.ema(setmetatable({}, { __lt = function() return true end, __le = function() return true end }))

--@ refused: an indicator of the greatest integer
indicators.ema(math.maxinteger)

--@ refused: an action that is none
context.n = (context.n or 0) + 1
return { action = "enter_long", quantity = 0 / 0, price = 1 / 0, account = 1 }

--@ nothing: the hash order of keys
local first, second = {}, {}
for i = 1, 200 do first["k" .. i] = i second["k" .. 201 - i] = 201 - i end
local a, b = {}, {}
for key in pairs(first) do a[#a + 1] = key end
for key in pairs(second) do b[#b + 1] = key end
return table.concat(a, " ") ~= table.concat(b, " ") and escaped("order") or nil

--@ nothing: addresses as a source of chance
local one, two = tostring({}), tostring(print)
return (one:find("0x") or two:find("0x")) and escaped("address") or nil

--@ nothing: the clock as a source of chance
return market_data.timestamp ~= market_data.timestamp // 60 * 60 and escaped("clock") or nil

--@ refused load: syntax that ends in the middle
function detect_opportunity(

--@ refused load: a label twice
::a:: ::a::

--@ refused load: the operating system, as the file is loaded
local a = function() os.exit() end
a()

--@ refused load: nesting beyond the compiler
return ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))
