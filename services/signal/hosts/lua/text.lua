-- The string library of strategies: every function is bounded by the size of its result or by the instruction limit.

local H = ...
local type, error, tostring, select = type, error, tostring, select
local byte, char, find, format, lower, upper = string.byte, string.char, string.find, string.format, string.lower, string.upper
local utf8_char, utf8_len, offset = utf8.char, utf8.len, utf8.offset
local rep, reverse, sub, pack, unpack, concat = string.rep, string.reverse, string.sub, table.pack, table.unpack, table.concat

local MAX_TEXT = 1048576 -- bytes of a string that a library function makes
local MAX_FORMAT = 4096 -- bytes of a format string
local BYTES_PER_INSTRUCTION = 16 -- what a library function may touch for the price of one instruction

local SPECIAL = "[%^%$%*%+%?%.%(%[%%%-]" -- a pattern without any of these is plain text

local charge = H.charge

local function text(value, position, name)
  local kind = type(value)
  if kind == "string" then
    charge(#value / BYTES_PER_INSTRUCTION)
    return value
  elseif kind == "number" then
    return tostring(value)
  end
  local found = value == nil and "no value" or kind
  error("bad argument #" .. position .. " to '" .. name .. "' (string expected, got " .. found .. ")", 0)
end

local function whole(value, position, name, default)
  if value == nil then
    value = default
  end
  local number = math.tointeger(value)
  if not number then
    local found = value == nil and "no value" or type(value)
    error("bad argument #" .. position .. " to '" .. name .. "' (integer expected, got " .. found .. ")", 0)
  end
  return number
end

local function start_of(s, init)
  if init < 0 then
    init = #s + init + 1
  end
  return init < 1 and 1 or init
end

local S = {}

function S.byte(s, i, j)
  s = text(s, 1, "byte")
  i = whole(i, 2, "byte", 1)
  j = whole(j, 3, "byte", i)
  i, j = start_of(s, i), j < 0 and #s + j + 1 or j
  if j - i >= H.MAX_UNPACK then
    error("byte: more than " .. H.MAX_UNPACK .. " values", 0)
  end
  return byte(s, i, j)
end

function S.char(...)
  charge(select("#", ...))
  return char(...)
end

function S.len(s)
  return #text(s, 1, "len")
end

function S.lower(s)
  return lower(text(s, 1, "lower"))
end

function S.upper(s)
  return upper(text(s, 1, "upper"))
end

function S.reverse(s)
  return reverse(text(s, 1, "reverse"))
end

function S.sub(s, i, j)
  return sub(text(s, 1, "sub"), whole(i, 2, "sub"), whole(j, 3, "sub", -1))
end

function S.rep(s, n, separator)
  s, n = text(s, 1, "rep"), whole(n, 2, "rep")
  separator = separator == nil and "" or text(separator, 3, "rep")
  local size = (#s + #separator) * (n > 0 and n + 0.0 or 0.0)
  if size > MAX_TEXT then
    error("rep: resulting string too long (at most " .. MAX_TEXT .. " bytes)", 0)
  end
  charge(size / BYTES_PER_INSTRUCTION)
  return rep(s, n, separator)
end

-- Return the letter of the conversion that starts behind a '%', and the position behind it.
local function conversion(template, at)
  local c = sub(template, at, at)
  while c ~= "" and find("-+ #.0123456789", c, 1, true) do
    at = at + 1
    c = sub(template, at, at)
  end
  return c, at + 1
end

function S.format(template, ...)
  template = text(template, 1, "format")
  if #template > MAX_FORMAT then
    error("format: a format longer than " .. MAX_FORMAT .. " bytes", 0)
  end
  local arguments, count, at = pack(...), 0, 1
  while true do
    at = find(template, "%", at, true)
    if not at then
      break
    end
    local letter
    letter, at = conversion(template, at + 1)
    if letter ~= "%" then
      count = count + 1
    end
    if letter == "p" then
      error("format: %p is not available: addresses differ from run to run", 0)
    elseif letter == "s" and count <= arguments.n then
      arguments[count] = H.tostring(arguments[count])
      charge(#arguments[count] / BYTES_PER_INSTRUCTION)
    end
  end
  return format(template, unpack(arguments, 1, arguments.n))
end

local function find_or_match(s, pattern, init, name)
  s, pattern = text(s, 1, name), text(pattern, 2, name)
  init = start_of(s, whole(init, 3, name, 1))
  if init > #s + 1 then
    return nil
  end
  return s, pattern, init
end

function S.find(s, pattern, init, plain)
  local subject, wanted, from = find_or_match(s, pattern, init, "find")
  if not subject then
    return nil
  end
  if plain or not find(wanted, SPECIAL) then
    charge(#subject * #wanted / (BYTES_PER_INSTRUCTION * BYTES_PER_INSTRUCTION))
    return find(subject, wanted, from, true)
  end
  local start, behind, m = H.search(subject, wanted, from)
  if not start then
    return nil
  elseif m.level == 0 then
    return start, behind - 1
  end
  local list, n = H.captures(m, start, behind)
  return start, behind - 1, unpack(list, 1, n)
end

function S.match(s, pattern, init)
  local subject, wanted, from = find_or_match(s, pattern, init, "match")
  if not subject then
    return nil
  end
  local start, behind, m = H.search(subject, wanted, from)
  if not start then
    return nil
  end
  local list, n = H.captures(m, start, behind)
  return unpack(list, 1, n)
end

function S.gmatch(s, pattern)
  s, pattern = text(s, 1, "gmatch"), text(pattern, 2, "gmatch")
  local m, at, last = H.matcher(s, pattern, 1), 1, nil
  return function()
    while at <= #s + 1 do
      local start, behind = at, H.match_at(m, at)
      if behind and behind ~= last then
        at, last = behind, behind
        local list, n = H.captures(m, start, behind)
        return unpack(list, 1, n)
      end
      at = at + 1
    end
    return nil
  end
end

-- Return the text that a template such as "%2-%1" makes of a match.
local function fill(template, m, start, behind, whole_match)
  local out, at, list, n = {}, 1, nil, 0
  while true do
    local percent = find(template, "%", at, true)
    out[#out + 1] = sub(template, at, percent and percent - 1 or -1)
    if not percent then
      return concat(out)
    end
    local c = sub(template, percent + 1, percent + 1)
    local level = math.tointeger(tonumber(c))
    if level and level > 0 and not list then
      list, n = H.captures(m, start, behind)
    end
    if c == "%" then
      out[#out + 1] = "%"
    elseif level == 0 then
      out[#out + 1] = whole_match
    elseif level and level <= n then
      out[#out + 1] = tostring(list[level])
    else
      error("gsub: invalid use of '%' in replacement string", 0)
    end
    at = percent + 2
  end
end

local function replacement(by, m, start, behind)
  local whole_match, kind = sub(m.subject, start, behind - 1), type(by)
  if kind ~= "function" and kind ~= "table" then
    return fill(tostring(by), m, start, behind, whole_match)
  end
  local list, n = H.captures(m, start, behind)
  local value
  if kind == "function" then
    value = by(unpack(list, 1, n))
  else
    value = by[list[1]]
  end
  if not value then
    return whole_match
  elseif type(value) == "string" or type(value) == "number" then
    return tostring(value)
  end
  error("gsub: invalid replacement value (a " .. type(value) .. ")", 0)
end

function S.gsub(s, pattern, by, most)
  s, pattern = text(s, 1, "gsub"), text(pattern, 2, "gsub")
  local kind = type(by)
  if kind ~= "string" and kind ~= "number" and kind ~= "function" and kind ~= "table" then
    error("bad argument #3 to 'gsub' (string/function/table expected, got " .. kind .. ")", 0)
  end
  most = whole(most, 4, "gsub", #s + 1)
  local anchored = sub(pattern, 1, 1) == "^"
  local m, at, last, count, out, size = H.matcher(s, pattern, anchored and 2 or 1), 1, nil, 0, {}, 0
  while count < most do
    local behind, piece = H.match_at(m, at), nil
    if behind and behind ~= last then
      count = count + 1
      piece = replacement(by, m, at, behind)
      at, last = behind, behind
    elseif at <= #s then
      piece = sub(s, at, at)
      at = at + 1
    else
      break
    end
    out[#out + 1], size = piece, size + #piece
    if size > MAX_TEXT then
      error("gsub: resulting string too long (at most " .. MAX_TEXT .. " bytes)", 0)
    end
    if anchored then
      break
    end
  end
  out[#out + 1] = sub(s, at)
  return concat(out), count
end

local U = { charpattern = utf8.charpattern }

function U.char(...)
  charge(select("#", ...))
  return utf8_char(...)
end

function U.len(s, ...)
  return utf8_len(text(s, 1, "len"), ...)
end

function U.offset(s, ...)
  return offset(text(s, 1, "offset"), ...)
end

H.utf8 = U
H.string = S
H.text, H.whole = text, whole
H.BYTES_PER_INSTRUCTION, H.MAX_TEXT = BYTES_PER_INSTRUCTION, MAX_TEXT
