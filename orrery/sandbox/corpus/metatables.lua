-- Metatables: the host's, those of strings, and hooks that the collector or the runtime would call.

--@ refused: the string library by its metatable
getmetatable("").__index.rep = nil

--@ refused: another metatable for strings
setmetatable("", {})

--@ refused: another metatable for numbers
setmetatable(1, { __index = math })

--@ refused: the context's metatable
getmetatable(context).__index = nil

--@ nothing: a protected metatable shows itself
for _, t in ipairs({ market_data, context, indicators, context.params, "" }) do
  if getmetatable(t) then return escaped("metatable") end
end

--@ refused: another metatable for the context
setmetatable(context, {})

--@ refused: no metatable for the context
setmetatable(context, nil)

--@ refused: another metatable for the market
setmetatable(market_data, {})

--@ refused: another metatable for the indicators
setmetatable(indicators, { __index = function() return 1 end })

--@ refused: a metatable for the globals
setmetatable(_G, { __index = function() return 1 end })

--@ refused: a metatable for a library
setmetatable(math, {})

--@ refused: the market is written
market_data.close = 1

--@ refused: a function of the market is replaced
market_data.time_since_open = function() return 0 end

--@ refused: an indicator is removed
indicators.ema = nil

--@ refused: a parameter is written
context.params.fast = 1

--@ refused: the position is assigned
context.position = {}

--@ refused: the account is assigned
context.account = nil

--@ refused: the account is written
context.account.cash = 1e12

--@ refused: table.insert into the host's
table.insert(context, 1)

--@ refused: table.remove from the host's
table.remove(market_data)

--@ refused: table.sort of the host's
table.sort(indicators)

--@ refused: table.move into the host's
table.move({ 1, 2 }, 1, 2, 1, market_data)

--@ nothing: rawget goes behind a view and finds it empty
return rawget(market_data, "close") and escaped("raw") or nil

--@ nothing: next over a view gives copies of plain values
for key, value in next, context.params do
  if type(value) == "table" then return escaped(key) end
end

--@ refused: __gc
setmetatable({}, { __gc = function() end })

--@ refused: __gc added by a second call
local m = {}
local t = setmetatable({}, m)
m.__gc = function() end
setmetatable(t, m)

--@ nothing: __gc written into a metatable afterwards
local m = {}
local t = setmetatable({}, m)
m.__gc = function() while true do end end
t = nil
for i = 1, 5000 do local garbage = { i } end

--@ refused: __close
local x <close> = setmetatable({}, { __close = function() end })

--@ refused: __close set later
local m = {}
local t = setmetatable({}, m)
m.__close = function() end
local x <close> = t

--@ refused: __mode
setmetatable({}, { __mode = "k" })

--@ refused: __len that lies
setmetatable({}, { __len = function() return 1e15 end })

--@ refused: __pairs
setmetatable({}, { __pairs = function() end })

--@ refused: __ipairs
setmetatable({}, { __ipairs = function() end })

--@ refused: an unknown hook
setmetatable({}, { __anything = true })

--@ refused: a metatable that is a metatable's key
setmetatable({}, setmetatable({}, { __gc = print }))

--@ refused: a locked metatable is changed
local t = setmetatable({}, { __metatable = "locked" })
setmetatable(t, {})

--@ nothing: a locked metatable is shown
local t = setmetatable({}, { __metatable = false })
return getmetatable(t) and escaped("locked") or nil

--@ refused: index in a circle
local a, b = {}, {}
setmetatable(a, { __index = b })
setmetatable(b, { __index = a })
return a.x

--@ refused: newindex in a circle
local a, b = {}, {}
setmetatable(a, { __newindex = b })
setmetatable(b, { __newindex = a })
a.x = 1

--@ refused: an index function of itself
local t = setmetatable({}, { __index = function(t, k) return t[k] end })
return t.a

--@ refused: a chain of a thousand indexes
local t = { found = 1 }
for i = 1, 3000 do t = setmetatable({}, { __index = t }) end
return t.found and escaped("chain")

--@ refused: __call of itself
local t = setmetatable({}, {})
setmetatable(t, { __call = t })
t()

--@ refused: a metamethod that raises
return setmetatable({}, { __add = function() error({}) end }) + 1

--@ refused: __concat that raises
return setmetatable({}, { __concat = function() error(nil) end }) .. ""

--@ refused: __eq that raises
return setmetatable({}, { __eq = function() error("x") end }) == setmetatable({}, {})

--@ refused: __lt that is no function
return setmetatable({}, { __lt = 1 }) < setmetatable({}, {})

--@ refused: __tostring that gives a table
return tostring(setmetatable({}, { __tostring = function() return {} end }))

--@ refused: an answer with a metatable
return setmetatable({ signal = "x" }, { __index = function() return "escaped" end })

--@ refused: a context value with a metatable
context.t = setmetatable({}, { __index = context })

--@ nothing: a library function is replaced, and the host goes on with its own
string.format, table.concat, math.floor, next, type = nil, nil, nil, nil, nil
return nil

--@ nothing: a library function is replaced by one that lies
pairs = function() return function() return nil end end
tostring = function() return "lied" end
