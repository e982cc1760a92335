-- The indicators as strategies see them: functions that read what Python computed.
--
-- How it works: `values` has the outputs of all indicators, slot by slot, refreshed at every update; a tree of parameters
-- leads from `indicators.ema(10)` to the first slot. What is asked for and in no tree gets slots at once, is noted as
-- wanted, and is nil until Python has computed it.

local H = ...
local type, error, next, select = type, error, next, select
local unpack, tointeger, math_type, format, brought = table.unpack, math.tointeger, math.type, string.format, H.brought

local MAX_INDICATORS = 64
H.FIRST_SLOTS = 4 -- slots that have a parameter of their own in trampolines

local values, next_slot, registered, wanted = {}, 1, {}, {}
local trees, specs, readers = {}, {}, {}
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
    local parameter, value = spec.parameters[i], given[i]
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

local function register(name, list)
  if #registered >= MAX_INDICATORS then
    error("indicators: more than " .. MAX_INDICATORS .. " in one strategy", 0)
  end
  local node, last, slot = trees[name], #list, next_slot
  for i = 1, last - 1 do
    node[list[i]] = node[list[i]] or {}
    node = node[list[i]]
  end
  local key = { name, list }
  registered[#registered + 1] = key
  next_slot = slot + specs[name].outputs
  node[list[last] or 0] = slot
  brought.many = next_slot > H.FIRST_SLOTS + 1
  return key
end

local function slot_of(name, list)
  local node = trees[name]
  for i = 1, #list > 0 and #list or 1 do
    node = node and node[list[i] or 0]
  end
  return node
end

-- Return the outputs of an indicator, which is noted as wanted if nobody computes it yet (and is nil this once).
local function ask(name, ...)
  local list = canonical(name, { ... }, select("#", ...))
  local slot = slot_of(name, list)
  if not slot then
    wanted[#wanted + 1] = register(name, list)
    brought.anything = true
    return nil
  end
  return unpack(values, slot, slot + specs[name].outputs - 1)
end

local function reader_of(name, spec)
  local tree, count, last = trees[name], #spec.parameters, spec.outputs - 1
  if count == 1 and last == 0 then
    return function(parameter, extra)
      if extra ~= nil then
        return ask(name, parameter, extra)
      end
      local slot = tree[parameter]
      if slot then
        return values[slot]
      end
      return ask(name, parameter)
    end
  end
  return function(...)
    local node = tree
    if select("#", ...) == count then
      for i = 1, count do
        node = node and node[(select(i, ...))]
      end
      if type(node) == "number" then
        return unpack(values, node, node + last)
      end
    end
    return ask(name, ...)
  end
end

setmetatable(readers, {
  __index = function(_, name)
    local names = H.keys_of(readers)
    error("indicators." .. H.tostring(name) .. ": no such indicator; there are " .. table.concat(names, ", "), 0)
  end,
})

-- Make a reader for each indicator there is: name to {parameters, outputs}.
function H.know_indicators(known)
  for name, spec in next, known do
    trees[name], specs[name] = {}, spec
    readers[name] = reader_of(name, spec)
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
    if H.learn(name) and not slot_of(name, list) then
      register(name, list)
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

H.trees, H.specs, H.ask = trees, specs, ask
H.indicators, H.values, H.registered, H.set_rest = H.view(readers, "indicators"), values, registered, set_rest
