-- Plain data (nil, booleans, numbers, strings, tables of these) to msgpack bytes and back.
--
-- How it works: `pack` writes one form of each type only and table keys in a fixed order, so equal data gives equal
-- bytes in every process. A table whose keys are 1..n is an array, any other a map. `unpack` reads all of msgpack that
-- the other side writes. Whatever is not plain is refused with the path to it.

local H = ...
local type, next, error, rawget, getmetatable = type, next, error, rawget, debug.getmetatable
local spack, sunpack, byte = string.pack, string.unpack, string.byte
local concat, sort, math_type, utf8_len, tostring = table.concat, table.sort, math.type, utf8.len, tostring

local NAN = "\xcb\x7f\xf8\0\0\0\0\0\0" -- one form: processors differ in the sign they give it
local RANK = { boolean = 1, number = 2, string = 3 }

local function before(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a ~= kind_b then
    return RANK[kind_a] < RANK[kind_b]
  end
  if kind_a == "boolean" then
    return not a and b
  end
  return a < b
end

-- Return the keys of a table in the one order that does not depend on how it was filled, and their number.
local function keys_of(t)
  local keys, n, sorted = {}, 0, true
  for key in next, t do
    if not RANK[type(key)] then
      error("a table with a " .. type(key) .. " as key has no fixed order", 0)
    end
    if sorted and n > 0 and not before(keys[n], key) then
      sorted = false
    end
    n = n + 1
    keys[n] = key
  end
  if not sorted then
    sort(keys, before)
  end
  return keys, n
end

local function is_array(keys, n)
  return n > 0 and keys[1] == 1 and keys[n] == n and math_type(keys[n]) == "integer"
end

local function path_to(state, depth)
  local parts = { state.root }
  for level = 1, depth do
    parts[level + 1] = tostring(state.trail[level])
  end
  return concat(parts, ".")
end

-- Pay for values and bytes of text out of what several packings share.
local function pay(meter, values, bytes)
  if meter then
    meter.values, meter.bytes = meter.values - values, meter.bytes - bytes
    if meter.values < 0 or meter.bytes < 0 then
      error("more than may be saved", 0)
    end
  end
end

local put

local function put_table(state, t, depth)
  local out, trail = state.out, state.trail
  local backing = H.backing and H.backing[t]
  if backing then
    t = backing
  elseif getmetatable(t) ~= nil then
    error(path_to(state, depth) .. ": a table with a metatable is not plain data", 0)
  end
  if depth >= state.depth then
    error(path_to(state, depth) .. ": nested deeper than " .. state.depth .. " levels (or in a circle)", 0)
  end
  local keys, n = keys_of(t)
  state.items = state.items - n
  if state.items < 0 then
    error(path_to(state, depth) .. ": more than " .. state.limit .. " values", 0)
  end
  pay(state.meter, n + 1, 0)
  local array = is_array(keys, n)
  out[#out + 1] = spack(">BI4", array and 0xdd or 0xdf, n)
  for i = 1, n do
    local key = keys[i]
    trail[depth + 1] = key
    if not array then
      put(state, key, depth + 1)
    end
    put(state, rawget(t, key), depth + 1)
  end
end

local function text_problem(state, value, depth)
  if #value > state.text then
    error(path_to(state, depth) .. ": a string longer than " .. state.text .. " bytes", 0)
  elseif state.utf8 and not utf8_len(value) then
    error(path_to(state, depth) .. ": a string that is not UTF-8", 0)
  end
end

function put(state, value, depth)
  local out, kind = state.out, type(value)
  if kind == "number" then
    if math_type(value) == "integer" then
      out[#out + 1] = spack(">Bi8", 0xd3, value)
    else
      out[#out + 1] = value == value and spack(">Bd", 0xcb, value) or NAN
    end
  elseif kind == "string" then
    text_problem(state, value, depth)
    pay(state.meter, 0, #value)
    out[#out + 1] = spack(">Bs4", 0xdb, value)
  elseif kind == "boolean" then
    out[#out + 1] = value and "\xc3" or "\xc2"
  elseif kind == "nil" then
    out[#out + 1] = "\xc0"
  elseif kind == "table" then
    put_table(state, value, depth)
  else
    error(path_to(state, depth) .. ": a " .. kind .. " is not plain data", 0)
  end
end

-- Return the bytes of a plain value. `bounds`: depth, items, text (bytes), utf8 (whether strings must be UTF-8), and the
-- meter (values, bytes) that is paid, if there is one.
local function pack(value, root, bounds)
  local state = {
    out = {}, trail = {}, root = root, depth = bounds.depth, items = bounds.items, limit = bounds.items,
    text = bounds.text, utf8 = bounds.utf8, meter = bounds.meter,
  }
  put(state, value, 0)
  return concat(state.out)
end

-- Return the bytes of a map whose values are packed already. `entries`: key, bytes, key, bytes, and so on.
local function pack_map(entries)
  local out = { spack(">BI4", 0xdf, #entries // 2) }
  for i = 1, #entries, 2 do
    out[#out + 1] = spack(">Bs4", 0xdb, entries[i])
    out[#out + 1] = entries[i + 1]
  end
  return concat(out)
end

local take

local function take_array(bytes, at, n)
  local t = {}
  for i = 1, n do
    t[i], at = take(bytes, at)
  end
  return t, at
end

local function take_map(bytes, at, n)
  local t = {}
  for _ = 1, n do
    local key, value
    key, at = take(bytes, at)
    value, at = take(bytes, at)
    t[key] = value
  end
  return t, at
end

local CONSTANTS = { [0xc2] = false, [0xc3] = true }
local FORMATS = {
  [0xca] = ">f", [0xcb] = ">d", [0xcc] = ">B", [0xcd] = ">I2", [0xce] = ">I4", [0xcf] = ">i8", [0xd0] = ">b",
  [0xd1] = ">i2", [0xd2] = ">i4", [0xd3] = ">i8", [0xd9] = ">s1", [0xda] = ">s2", [0xdb] = ">s4",
}
local ARRAYS = { [0xdc] = ">I2", [0xdd] = ">I4" }
local MAPS = { [0xde] = ">I2", [0xdf] = ">I4" }

-- Return the value that starts at a position, and the position behind it.
function take(bytes, at)
  local tag = byte(bytes, at)
  at = at + 1
  if tag < 0x80 then
    return tag, at
  elseif tag < 0x90 then
    return take_map(bytes, at, tag & 0x0f)
  elseif tag < 0xa0 then
    return take_array(bytes, at, tag & 0x0f)
  elseif tag < 0xc0 then
    local behind = at + (tag & 0x1f)
    return bytes:sub(at, behind - 1), behind
  elseif tag >= 0xe0 then
    return tag - 0x100, at
  elseif FORMATS[tag] then
    return sunpack(FORMATS[tag], bytes, at)
  elseif ARRAYS[tag] then
    local n
    n, at = sunpack(ARRAYS[tag], bytes, at)
    return take_array(bytes, at, n)
  elseif MAPS[tag] then
    local n
    n, at = sunpack(MAPS[tag], bytes, at)
    return take_map(bytes, at, n)
  end
  return CONSTANTS[tag], at
end

H.keys_of, H.before, H.pack, H.pack_map = keys_of, before, pack, pack_map

-- Return the plain value in msgpack bytes.
function H.unpack(bytes)
  return (take(bytes, 1))
end
