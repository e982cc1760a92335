-- What a strategy can reach: a table of globals that is an allow-list, and tables of the host that it can only read.

local H = ...
local type, error, rawget, rawset, next, tostring = type, error, rawget, rawset, next, tostring
local get_metatable, set_metatable = debug.getmetatable, debug.setmetatable
local select, concat, sub, pack = select, table.concat, string.sub, table.pack

local MAX_LINES = 20 -- printed lines kept per call
local MAX_LINE = 200 -- bytes

H.backing = setmetatable({}, { __mode = "k" })

-- Return a view of `source` that can be read and not written; `refuse` is called with (key) on a write.
function H.view(source, refuse)
  local function on_write(_, key)
    error(refuse .. ": '" .. tostring(key) .. "' cannot be assigned; keep your own values in context", 0)
  end
  local function length()
    return #source
  end
  local view = setmetatable({}, { __index = source, __newindex = on_write, __len = length, __metatable = false })
  H.backing[view] = source
  return view
end

local ALLOWED = {
  __index = true, __newindex = true, __call = true, __eq = true, __lt = true, __le = true, __add = true, __sub = true,
  __mul = true, __div = true, __mod = true, __pow = true, __unm = true, __idiv = true, __concat = true,
  __tostring = true, __metatable = true, __name = true,
}

-- A strategy's metatable is copied: what it writes into its own afterwards (a __gc, say) has no effect.
local copies = setmetatable({}, { __mode = "k" })
local ours = setmetatable({}, { __mode = "k" })

local function copy_of(meta)
  local copy = copies[meta] or {}
  for key in next, copy do
    copy[key] = nil
  end
  for key, value in next, meta do
    if ALLOWED[key] then
      copy[key] = value
    elseif type(key) == "string" and sub(key, 1, 2) == "__" then
      error("setmetatable: " .. key .. " is not available to strategies", 0)
    end
  end
  ours[copy] = rawget(meta, "__metatable") == nil and "open" or "locked"
  if copy.__metatable == nil then
    copy.__metatable = meta
  end
  copies[meta] = copy
  return copy
end

local function safe_setmetatable(t, meta)
  if type(t) ~= "table" then
    error("bad argument #1 to 'setmetatable' (table expected, got " .. type(t) .. ")", 0)
  elseif meta ~= nil and type(meta) ~= "table" then
    error("bad argument #2 to 'setmetatable' (nil or table expected)", 0)
  end
  local current = get_metatable(t)
  if current and ours[current] ~= "open" or H.owned[t] then
    error("cannot change a protected metatable", 0)
  end
  set_metatable(t, meta and copy_of(meta))
  return t
end

local function safe_getmetatable(value)
  local meta = type(value) == "table" and get_metatable(value)
  if not meta then
    return nil
  end
  return meta.__metatable
end

local function safe_tostring(value)
  local kind = type(value)
  if kind == "table" then
    local meta = get_metatable(value)
    local convert = meta and ours[meta] and meta.__tostring
    if convert then
      local text = convert(value)
      if type(text) ~= "string" then
        error("'__tostring' must return a string", 0)
      end
      return text
    end
    return "table"
  elseif kind == "function" or kind == "userdata" or kind == "thread" then
    return kind -- without an address: addresses differ from run to run
  elseif value ~= value then
    return "nan" -- without a sign: processors differ in it
  end
  return tostring(value)
end
H.tostring = safe_tostring

local lines = {}

-- anything: whether a call did more than return nil. many: whether there are more slots than a trampoline has names for.
H.brought = { anything = false, many = false }

-- Return what was printed since the last time, nil where that is nothing.
function H.take_lines()
  if not lines[1] then
    return nil
  end
  local taken = lines
  lines = {}
  return taken
end

local function safe_print(...)
  if #lines >= MAX_LINES then
    return
  end
  local arguments = pack(...)
  for i = 1, arguments.n do
    arguments[i] = sub(safe_tostring(arguments[i]), 1, MAX_LINE)
  end
  local line = sub(concat(arguments, "\t"), 1, MAX_LINE)
  H.brought.anything = true
  lines[#lines + 1] = utf8.len(line) and line or "(text that is not UTF-8)"
end

local env = {
  _VERSION = _VERSION, assert = assert, error = error, ipairs = ipairs, select = select, tonumber = tonumber, type = type,
  rawequal = rawequal, rawlen = rawlen, rawget = rawget, next = H.next, pairs = H.pairs, pcall = H.pcall,
  xpcall = H.xpcall, print = safe_print, tostring = safe_tostring, setmetatable = safe_setmetatable,
  getmetatable = safe_getmetatable, math = H.math, string = H.string, table = H.table,
  utf8 = H.utf8,
}
env._G = env

-- The names and tables that are the host's: no state of the strategy.
H.owned = setmetatable({}, { __mode = "k" })
H.standard = {}
for name, value in next, env do
  H.standard[name] = value
  if type(value) == "table" then
    H.owned[value] = true
  end
end

get_metatable("").__index = H.string
get_metatable("").__metatable = false
H.env = env
