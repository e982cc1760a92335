-- The indicators as strategies see them: functions that read what Python computed.
--
-- How it works: `values` has the outputs of all indicators, slot by slot, refreshed at every update; a tree of parameters
-- leads from `indicators.ema(10)` to the first slot, and one of its own for each other series that is read. What is asked
-- for and in no tree gets slots at once, is noted as wanted, and is nil until Python has computed it.

local H = ...
local type, error, next, select = type, error, next, select
local unpack, tointeger, math_type, format, brought = table.unpack, math.tointeger, math.type, string.format, H.brought

local utf8_len = utf8.len

local MAX_INDICATORS = 64
local MAX_SYMBOL = 128 -- bytes
H.FIRST_SLOTS = 4 -- slots that have a parameter of their own in trampolines

local values, next_slot, registered, wanted = {}, 1, {}, {}
local trees, specs, readers = {}, {}, {}
local others = {} -- indicator to timeframe to symbol, as they were written, to the tree of that series
local own = { symbol = "", length = 0 }
for slot = 1, H.FIRST_SLOTS do
  values[slot] = false -- makes room; every call overwrites it
end

local function acceptable(parameter, value)
  if math_type(value) == nil or (parameter.integer and not tointeger(value)) then
    return false
  end
  return value >= parameter.minimum and value <= parameter.maximum
end

local function canonical(name, given, n)
  local spec = specs[name]
  if n > #spec.parameters then
    error("indicators." .. name .. ": expected at most " .. #spec.parameters .. " parameters, found " .. n, 0)
  end
  local list = {}
  for i = 1, #spec.parameters do
    local parameter, value = spec.parameters[i], nil
    if i <= n then
      value = given[i]
    end
    if value == nil then
      value = parameter.default
    end
    if not acceptable(parameter, value) then
      local kind = parameter.integer and "an integer" or "a number"
      local range = format("%s from %.14g to %.14g", kind, parameter.minimum, parameter.maximum)
      local found = value == nil and "nothing" or H.tostring(value)
      error("indicators." .. name .. ": " .. parameter.name .. ": expected " .. range .. ", found " .. found, 0)
    end
    list[i] = tointeger(value) or value
  end
  return list
end

local function tree_of(name, timeframe, symbol)
  if timeframe == "" and symbol == "" then
    return trees[name]
  end
  local of_name = others[name]
  of_name[timeframe] = of_name[timeframe] or {}
  of_name[timeframe][symbol] = of_name[timeframe][symbol] or {}
  return of_name[timeframe][symbol]
end

local function register(name, list, timeframe, symbol)
  if #registered >= MAX_INDICATORS then
    error("indicators: more than " .. MAX_INDICATORS .. " in one strategy", 0)
  end
  local node, last, slot = tree_of(name, timeframe, symbol), #list, next_slot
  for i = 1, last - 1 do
    node[list[i]] = node[list[i]] or {}
    node = node[list[i]]
  end
  local is_own = timeframe == "" and symbol == ""
  local key = is_own and { name, list } or { name, list, timeframe, symbol }
  registered[#registered + 1] = key
  next_slot = slot + specs[name].outputs
  node[list[last] or 0] = slot
  brought.many = next_slot > H.FIRST_SLOTS + 1
  return key
end

local function slot_of(tree, list)
  local node = tree
  for i = 1, #list > 0 and #list or 1 do
    node = node and node[list[i] or 0]
  end
  return node
end

-- Return timeframe and symbol as Python knows them: "" for the runner's own, lengths by their shortest names.
local function series_of(name, timeframe, symbol)
  timeframe, symbol = timeframe or "", symbol or ""
  if type(timeframe) ~= "string" or type(symbol) ~= "string" then
    error("indicators." .. name .. ": expected a timeframe and a symbol, both strings, behind the parameters", 0)
  end
  if specs[name].is_own and (timeframe ~= "" or symbol ~= "") then
    error("indicators." .. name .. ": it has no timeframe and no symbol but the runner's own", 0)
  end
  if timeframe ~= "" then
    local length = H.length_of(timeframe)
    if not length then
      local expected = "expected a number and one of ms s m h d w, such as '1h', found '" .. timeframe .. "'"
      error("indicators." .. name .. ": timeframe: " .. expected, 0)
    end
    timeframe = length == own.length and "" or H.name_of(length)
  end
  if #symbol > MAX_SYMBOL or not utf8_len(symbol) then
    error("indicators." .. name .. ": symbol: expected the name of a symbol of market data", 0)
  end
  return timeframe, symbol == own.symbol and "" or symbol
end

-- Return the number of parameters among n values, the timeframe and symbol behind them, and their end. A text is a
-- timeframe first, where it is not in the place of a parameter that must be there.
local function split(given, n, parameters)
  local count = #parameters
  for i = 1, n do
    local is_missing = i <= count and parameters[i].default == nil
    if type(given[i]) == "string" and not is_missing then
      if i == count + 2 and given[i - 1] == nil then
        return count, nil, given[i], i
      end
      return i - 1, given[i], given[i + 1], i + 1
    end
  end
  return n, nil, nil, n
end

-- Return the outputs of an indicator on a series, which is noted as wanted if nobody computes it yet (and is nil this once).
local function ask_series(name, given, count, written, symbol)
  local timeframe, of = series_of(name, written, symbol)
  local list = canonical(name, given, count)
  local tree = tree_of(name, timeframe, of)
  local slot = slot_of(tree, list)
  if not slot then
    wanted[#wanted + 1] = register(name, list, timeframe, of)
    brought.anything = true
    return nil
  end
  if written or symbol then -- found without this detour next time
    written = written or ""
    others[name][written] = others[name][written] or {}
    others[name][written][symbol or ""] = tree
  end
  return unpack(values, slot, slot + specs[name].outputs - 1)
end

local function ask(name, ...)
  local given, n = { ... }, select("#", ...)
  while n > 0 and given[n] == nil do
    n = n - 1
  end
  local count, written, symbol, last = split(given, n, specs[name].parameters)
  if n > last then
    error("indicators." .. name .. ": expected nothing behind a timeframe and a symbol", 0)
  end
  return ask_series(name, given, count, written, symbol)
end

local function reader_of(name, spec)
  local tree, of_series, count, last = trees[name], others[name], #spec.parameters, spec.outputs - 1
  if count == 1 and last == 0 then
    return function(parameter, timeframe, symbol, extra)
      if timeframe == nil and symbol == nil and extra == nil then
        local slot = tree[parameter]
        if slot then
          return values[slot]
        end
        return ask(name, parameter)
      end
      local node = extra == nil and of_series[timeframe or ""]
      node = node and node[symbol or ""]
      local slot = node and node[parameter]
      if slot then
        return values[slot]
      end
      return ask(name, parameter, timeframe, symbol, extra)
    end
  end
  return function(...)
    local node, n = tree, select("#", ...)
    if n > count and n <= count + 2 then
      local timeframe, symbol = select(count + 1, ...)
      node = of_series[timeframe or ""]
      node = node and node[symbol or ""]
    end
    if n >= count and n <= count + 2 then
      for i = 1, count do
        node = node and node[(select(i, ...))]
      end
      if count == 0 then
        node = node and node[0]
      end
      if type(node) == "number" then
        return unpack(values, node, node + last)
      end
    end
    return ask(name, ...)
  end
end

-- Return a bar as a table of its own at each call, so that what a strategy does to it changes nothing.
local function bar_of(open, high, low, close, volume, timestamp)
  if open == nil then
    return nil
  end
  return { open = open, high = high, low = low, close = close, volume = volume, timestamp = timestamp }
end

setmetatable(readers, {
  __index = function(_, name)
    local names = H.keys_of(readers)
    error("indicators." .. H.tostring(name) .. ": no such indicator; there are " .. table.concat(names, ", "), 0)
  end,
})

-- Make a reader for each indicator there is: name to {parameters, outputs, is_own}. symbol, timeframe: the runner's own.
function H.know_indicators(known, symbol, timeframe)
  own.symbol, own.length = symbol, H.length_of(timeframe) or 0
  for name, spec in next, known do
    trees[name], others[name], specs[name] = {}, {}, spec
    readers[name] = reader_of(name, spec)
  end
  local bar = readers.bar
  function readers.bar(...)
    return bar_of(bar(...))
  end
end

-- Let strategies ask for indicators in another way, by a name that none of them has.
function H.add_reader(name, reader)
  if not specs[name] then
    readers[name] = reader
  end
end

-- Give slots to indicators in this order; those that have some keep them, unknown ones are left out.
function H.register_all(keys)
  for i = 1, #keys do
    local name, list = keys[i][1], keys[i][2]
    if H.learn(name) then
      local timeframe, symbol = series_of(name, keys[i][3], keys[i][4])
      if not slot_of(tree_of(name, timeframe, symbol), list) then
        register(name, list, timeframe, symbol)
      end
    end
  end
end

function H.wanted()
  return wanted[1] and wanted or nil
end

function H.forget_wanted()
  wanted = {}
end

local function set_rest(slot, value, ...)
  values[slot] = value
  if select("#", ...) > 0 then
    return set_rest(slot + 1, ...)
  end
end

H.trees, H.others, H.specs, H.ask_series = trees, others, specs, ask_series
H.indicators, H.values, H.registered, H.set_rest = H.view(readers, "indicators"), values, registered, set_rest
