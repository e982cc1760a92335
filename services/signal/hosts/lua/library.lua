-- Indicators by name from a library: `indicators.ta("hma", { length = 20 })`.
--
-- How it works: Python hands over the whole catalogue as one text, a line for each indicator; a line is read when a
-- strategy asks for that one. From then on it is an indicator like the others, by the name `ta:hma` and with its
-- parameters by position; choices and booleans go by their numbers.

local H = ...
local type, error, next, rawget, unpack = type, error, next, rawget, table.unpack
local find, gmatch, match, sub, to_number, to_integer = string.find, string.gmatch, string.match, string.sub, tonumber, math.tointeger
local concat, trees, others, specs, values, ask_series = table.concat, H.trees, H.others, H.specs, H.values, H.ask_series

local backing = H.backing

local FAMILY = "ta:"
local known, catalogue = {}, ""

local function parameter_of(field)
  local name, low, high, default, kind, choices = match(field, "^([^:]+):([^:]+):([^:]+):([^:]+):(.):(.*)$")
  local parameter = { name = name, minimum = to_number(low), maximum = to_number(high), integer = kind == "i" }
  default = to_number(default)
  parameter.default = to_integer(default) or default
  if choices ~= "" then
    local numbers, names, count = {}, {}, 0
    for choice in gmatch(choices, "[^,]+") do
      numbers[choice], names[count + 1], count = count, choice, count + 1
    end
    if names[1] == "false" then
      numbers = { [false] = 0, [true] = 1 }
    end
    parameter.numbers, parameter.names = numbers, concat(names, ", ")
  end
  return parameter
end

-- Return what the catalogue says of a name: its outputs and its parameters, or why it is refused; nil if nothing.
local function look_up(name)
  local _, before = find(catalogue, "\n" .. name .. "|", 1, true)
  if not before or find(name, "[|\n]") then
    return nil
  end
  local line = sub(catalogue, before + 1, find(catalogue, "\n", before, true) - 1)
  if sub(line, 1, 1) == "!" then
    return { refused = sub(line, 2) }
  end
  local spec = { parameters = {}, by_name = {} }
  for field in gmatch(line, "[^|]+") do
    if not spec.outputs then
      spec.outputs = to_integer(to_number(field))
    else
      local parameter = parameter_of(field)
      spec.parameters[#spec.parameters + 1] = parameter
      spec.by_name[parameter.name] = parameter
    end
  end
  return spec
end

-- Make `ta:hma` known, if the library has it; return whether there is an indicator of a name.
function H.learn(full)
  if specs[full] then
    return true
  end
  local spec = sub(full, 1, #FAMILY) == FAMILY and look_up(sub(full, #FAMILY + 1))
  if not spec or spec.refused then
    return false
  end
  trees[full], others[full], specs[full], known[sub(full, #FAMILY + 1)] = {}, {}, spec, full
  return true
end

local function find_out(name)
  if type(name) ~= "string" then
    error("indicators.ta: expected the name of an indicator, found a " .. type(name), 0)
  end
  if not H.learn(FAMILY .. name) then
    local spec = look_up(name)
    local why = spec and "refused: " .. spec.refused or "pandas-ta has no such indicator"
    error('indicators.ta("' .. H.readable(sub(name, 1, 64)) .. '"): ' .. why, 0)
  end
  return known[name]
end

-- Ask for what is in no tree yet, or say what is wrong with the parameters.
local function ask_anew(name, full, given, timeframe, symbol)
  local spec, list = specs[full], {}
  for key in next, given or {} do
    if not spec.by_name[key] then
      local names = {}
      for i = 1, #spec.parameters do
        names[i] = spec.parameters[i].name
      end
      local takes = names[1] and concat(names, ", ") or "none"
      error('indicators.ta("' .. name .. '"): no parameter ' .. H.tostring(key) .. "; there are " .. takes, 0)
    end
  end
  for i = 1, #spec.parameters do
    local parameter = spec.parameters[i]
    local value = given and rawget(given, parameter.name)
    if value ~= nil and parameter.numbers then
      local number = parameter.numbers[value]
      if not number then
        local text = parameter.name .. ": expected one of " .. parameter.names .. ", found " .. H.tostring(value)
        error('indicators.ta("' .. name .. '"): ' .. text, 0)
      end
      value = number
    elseif value ~= nil and type(value) ~= "number" then -- a text would be taken for a timeframe
      local text = parameter.name .. ": expected a number, found " .. H.tostring(value)
      error('indicators.ta("' .. name .. '"): ' .. text, 0)
    end
    if value == nil then
      value = parameter.default
    end
    list[i] = value
  end
  return ask_series(full, list, #spec.parameters, timeframe, symbol)
end

local function ta(name, given, timeframe, symbol, extra)
  if extra ~= nil or (given ~= nil and type(given) ~= "table") then
    error("indicators.ta: expected a name and a table of parameters, such as { length = 20 }", 0)
  end
  local full = known[name] or find_out(name)
  local node, spec, left = trees[full], specs[full], 0
  if timeframe ~= nil or symbol ~= nil then
    local of_series = others[full][timeframe or ""]
    node = of_series and of_series[symbol or ""]
  end
  if given then
    given = backing[given] or given -- context.params, say
    for _ in next, given do
      left = left + 1
    end
  end
  local parameters = spec.parameters
  for i = 1, #parameters do
    local parameter = parameters[i]
    local value = given and rawget(given, parameter.name)
    if value == nil then
      value = parameter.default
    else
      left = left - 1
      if parameter.numbers then
        value = parameter.numbers[value]
      end
    end
    node = node and node[value]
  end
  if not parameters[1] then
    node = node and node[0]
  end
  if node and left == 0 then
    return unpack(values, node, node + spec.outputs - 1)
  end
  return ask_anew(name, full, given, timeframe, symbol)
end

-- Take the catalogue, and let strategies ask for what is in it. An indicator of ours that has this name comes first.
function H.know_library(text)
  catalogue = text
  H.add_reader("ta", ta)
end
