-- Walks towards Python: the bridge's names, attributes, frames, generators, exceptions.

--@ refused: python.eval
python.eval("1")

--@ refused: python.exec
python.exec("import os")

--@ refused: python.builtins
python.builtins.open("/etc/passwd")

--@ refused: python.as_attrgetter
return escaped(python.as_attrgetter(print).__class__)

--@ refused: python.as_itemgetter
return escaped(python.as_itemgetter(market_data))

--@ refused: python.as_function
return escaped(python.as_function(print))

--@ refused: python.iter
for x in python.iter(market_data) do return escaped(x) end

--@ refused: python.enumerate
for _, x in python.enumerate(indicators) do return escaped(x) end

--@ refused: python.set_attr
python.set_attr(market_data, "close", 1)

--@ refused: python.none
return escaped(python.none)

--@ nothing: attributes of the market
for _, name in ipairs({ "__class__", "__dict__", "__globals__", "__init__", "__self__", "__reduce_ex__", "__getattribute__" }) do
  local got = market_data[name]
  if got ~= nil then return escaped(name) end
end

--@ refused: __class__ of an indicator's function
return escaped(indicators.ema.__class__)

--@ refused: __globals__ of a market function
return escaped(market_data.time_since_open.__globals__)

--@ refused: __self__ of pairs
return escaped(pairs.__self__)

--@ refused: __subclasses__ by way of a context
return escaped(context.__class__.__mro__[2].__subclasses__())

--@ refused: frames by way of a generator
return escaped(context.gi_frame.f_back.f_globals)

--@ refused: frames by way of a coroutine
return escaped(context.cr_frame.f_builtins)

--@ refused: frames by way of an exception
local ok, problem = pcall(indicators.ema, "x")
return escaped(problem.__traceback__.tb_frame)

--@ refused: the cause of an exception
local ok, problem = pcall(function() market_data.close = 1 end)
return escaped(problem.__cause__.__context__)

--@ nothing: an error's value is text, not an exception
local ok, problem = pcall(indicators.ema, {})
return type(problem) ~= "string" and escaped(problem) or nil

--@ nothing: no userdata anywhere
local seen, found = {}, nil
local function walk(t)
  if seen[t] then return end
  seen[t] = true
  for _, value in pairs(t) do
    if type(value) == "userdata" or type(value) == "thread" then found = value end
    if type(value) == "table" then walk(value) end
  end
end
walk(_G) walk(market_data) walk(context) walk(indicators)
return found and escaped(type(found)) or nil

--@ nothing: the number that is None
local t = { market_data.bid, market_data.ask }
for _, value in pairs(t) do
  if type(value) ~= "number" then return escaped(type(value)) end
end

--@ refused: a list's method
return escaped(context.params.append(1))

--@ refused: a format string that reads attributes
return escaped(("{0.__class__}").format(market_data, 1))

--@ refused: arguments that become Python's
indicators.ema(print)

--@ refused: a metatable that claims to be an object of Python's
local fake = setmetatable({}, { __name = "POBJECT", __index = function(_, k) error(k) end })
return escaped(fake.__class__)

--@ refused: an indicator by the name of a method
return escaped(indicators.__init__)

--@ refused: an indicator by the name of a module
return escaped(indicators["os.system"]("true"))

--@ refused: an answer with a function in it
return { signal = print }

--@ refused: an answer that is a function
return print

--@ refused: an answer that is text
return "escaped"

--@ refused: an answer that shadows the account
return { account = { cash = 1e9 } }

--@ refused: an answer that shadows the position
return { position = false }
