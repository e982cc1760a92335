-- The table and math libraries of strategies, and what must not depend on hashes or clocks: pairs, next, sort, random.
--
-- How it works: the library's loops in C are charged to the instruction limit by their length. `pairs` and `next` go in
-- the order of the keys, so that a table filled in another order (by a restart, say) is walked the same way. The
-- library's sort picks pivots by the clock; this one is a merge sort, stable and counted. Random numbers come from a
-- generator that is seeded by the runner's id and saved with its state.

local H = ...
local type, error, rawlen, rawget, select = type, error, rawlen, rawget, select
local concat, unpack, move = table.concat, table.unpack, table.move
local charge, whole, text = H.charge, H.whole, H.text

local MAX_UNPACK = 256 -- values that unpack or byte return at once
H.MAX_UNPACK = MAX_UNPACK

local function list(value, name)
  if type(value) ~= "table" then
    error("bad argument #1 to '" .. name .. "' (table expected, got " .. (value == nil and "no value" or type(value)) .. ")", 0)
  elseif H.backing[value] then
    error("bad argument #1 to '" .. name .. "': this table belongs to the host", 0)
  end
  return value
end

local T = { pack = table.pack }

function T.concat(t, separator, i, j)
  list(t, "concat")
  separator = separator == nil and "" or text(separator, 2, "concat")
  i, j = whole(i, 3, "concat", 1), whole(j, 4, "concat", rawlen(t))
  local size = 0
  for at = i, j do
    local piece = t[at]
    size = size + (type(piece) == "string" and #piece or 24) + #separator
    if size > H.MAX_TEXT then
      error("concat: resulting string too long (at most " .. H.MAX_TEXT .. " bytes)", 0)
    end
  end
  charge(size / H.BYTES_PER_INSTRUCTION)
  return concat(t, separator, i, j)
end

function T.unpack(t, i, j)
  list(t, "unpack")
  i, j = whole(i, 2, "unpack", 1), whole(j, 3, "unpack", rawlen(t))
  if j - i >= MAX_UNPACK then
    error("unpack: more than " .. MAX_UNPACK .. " values", 0)
  end
  return unpack(t, i, j)
end

function T.insert(t, ...)
  list(t, "insert")
  local n, given = rawlen(t), select("#", ...)
  if given == 1 then
    t[n + 1] = (...)
    return
  elseif given ~= 2 then
    error("wrong number of arguments to 'insert'", 0)
  end
  local at, value = ...
  at = whole(at, 2, "insert")
  if at < 1 or at > n + 1 then
    error("bad argument #2 to 'insert' (position out of bounds)", 0)
  end
  charge(n - at)
  move(t, at, n, at + 1)
  t[at] = value
end

function T.remove(t, at)
  list(t, "remove")
  local n = rawlen(t)
  if at == nil then
    at = n
  end
  at = whole(at, 2, "remove")
  if n + 1 == at or (n == 0 and at == 0) then
    local value = t[at]
    t[at] = nil
    return value
  elseif at < 1 or at > n then
    error("bad argument #2 to 'remove' (position out of bounds)", 0)
  end
  local value = t[at]
  charge(n - at)
  move(t, at + 1, n, at)
  t[n] = nil
  return value
end

function T.move(from, first, last, at, to)
  list(from, "move")
  to = to == nil and from or list(to, "move")
  first, last, at = whole(first, 2, "move"), whole(last, 3, "move"), whole(at, 4, "move")
  if last >= first then
    charge(last + 0.0 - first)
    move(from, first, last, at, to)
  end
  return to
end

local function natural(a, b)
  return a < b
end

local function merge(t, spare, low, middle, high, is_before)
  local left, right = low, middle + 1
  for at = low, high do
    if right > high or (left <= middle and not is_before(t[right], t[left])) then
      spare[at], left = t[left], left + 1
    else
      spare[at], right = t[right], right + 1
    end
  end
  for at = low, high do
    t[at] = spare[at]
  end
end

function T.sort(t, is_before)
  list(t, "sort")
  is_before = is_before == nil and natural or is_before
  if type(is_before) ~= "function" then
    error("bad argument #2 to 'sort' (function expected, got " .. type(is_before) .. ")", 0)
  end
  local n, width, spare = rawlen(t), 1, {}
  while width < n do
    for low = 1, n - width, 2 * width do
      local high = low + 2 * width - 1
      merge(t, spare, low, low + width - 1, high < n and high or n, is_before)
    end
    width = 2 * width
  end
end

local function entries(t, name)
  if type(t) ~= "table" then
    error("bad argument #1 to '" .. name .. "' (table expected, got " .. (t == nil and "no value" or type(t)) .. ")", 0)
  end
  return H.backing[t] or t
end

local function ordered_pairs(t)
  local source = entries(t, "pairs")
  local keys, n = H.keys_of(source)
  local at = 0
  return function()
    while at < n do
      at = at + 1
      local value = rawget(source, keys[at])
      if value ~= nil then
        return keys[at], value
      end
    end
    return nil
  end, t, nil
end

local function ordered_next(t, key)
  local source = entries(t, "next")
  local best
  for candidate in next, source do
    local kind = type(candidate)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      error("a table with a " .. kind .. " as key has no fixed order", 0)
    end
    if (key == nil or H.before(key, candidate)) and (best == nil or H.before(candidate, best)) then
      best = candidate
    end
  end
  if best == nil then
    return nil
  end
  return best, rawget(source, best)
end

local M = {}
for name, value in next, math do
  M[name] = value
end
M.randomseed = nil

local state = 0

-- Return 64 random bits: splitmix64 (S. Vigna, public domain algorithm).
local function random_bits()
  state = state + 0x9E3779B97F4A7C15
  local z = state
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return z ~ (z >> 31)
end

function M.random(low, high)
  local unit = (random_bits() >> 11) * 2.0 ^ -53
  if low == nil then
    return unit
  elseif high == nil then
    low, high = 1, low
  end
  low, high = whole(low, 1, "random"), whole(high, 2, "random")
  local span = high + 0.0 - low + 1.0
  if span < 1.0 or span > 2.0 ^ 53 then
    error("bad argument to 'random' (interval is empty or too large)", 0)
  end
  return low + math.tointeger(math.floor(unit * span))
end

-- Seed the generator by a text (FNV-1a).
function H.seed(name)
  local hash = 0xCBF29CE484222325
  for i = 1, #name do
    hash = (hash ~ name:byte(i)) * 0x100000001B3
  end
  state = hash
end

function H.random_state(saved)
  state = saved or state
  return state
end

H.table, H.math, H.pairs, H.next = T, M, ordered_pairs, ordered_next
