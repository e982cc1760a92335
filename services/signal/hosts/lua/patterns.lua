-- Lua's string patterns, matched in Lua, so that the instruction limit counts every step of a match.
--
-- How it works: the library's own matcher is C code that no instruction limit can interrupt, and a pattern of forty bytes
-- can keep it busy for years. This one follows the manual (section 6.5.1): `match_here` matches the rest of the pattern
-- at a position of the subject and returns the position behind the match, or nil.

local H = ...
local byte, sub, error, type = string.byte, string.sub, error, type
local is_digit, in_class, item_end, in_set = H.is_digit, H.in_class, H.item_end, H.in_set

local MAX_CAPTURES = 32
local PERCENT, OPEN, CLOSE, DOLLAR, LBRACKET = 37, 40, 41, 36, 91
local STAR, PLUS, MINUS, QUESTION, CARET, DOT = 42, 43, 45, 63, 94, 46

local function matches_one(m, s, p, behind)
  local c = byte(m.subject, s)
  if not c then
    return false
  end
  local item = byte(m.pattern, p)
  if item == DOT then
    return true
  elseif item == PERCENT then
    return in_class(c, byte(m.pattern, p + 1))
  elseif item == LBRACKET then
    return in_set(m.pattern, p, behind - 1, c)
  end
  return item == c
end

local match_here

local function open_capture(m, s, p, length)
  if m.level >= MAX_CAPTURES then
    error("too many captures", 0)
  end
  m.level = m.level + 1
  m.starts[m.level], m.lengths[m.level] = s, length
  local behind = match_here(m, s, p)
  if not behind then
    m.level = m.level - 1
  end
  return behind
end

local function close_capture(m, s, p)
  for level = m.level, 1, -1 do
    if m.lengths[level] == "open" then
      m.lengths[level] = s - m.starts[level]
      local behind = match_here(m, s, p)
      if not behind then
        m.lengths[level] = "open"
      end
      return behind
    end
  end
  error("invalid pattern capture", 0)
end

local function match_balance(m, s, p)
  local open, close = byte(m.pattern, p, p + 1)
  if not close then
    error("malformed pattern (missing arguments to '%b')", 0)
  end
  if byte(m.subject, s) ~= open then
    return nil
  end
  local depth = 1
  for at = s + 1, #m.subject do
    local c = byte(m.subject, at)
    if c == close then
      depth = depth - 1
      if depth == 0 then
        return at + 1
      end
    elseif c == open then
      depth = depth + 1
    end
  end
  return nil
end

local function match_frontier(m, s, p)
  if byte(m.pattern, p) ~= LBRACKET then
    error("missing '[' after '%f' in pattern", 0)
  end
  local behind = item_end(m.pattern, p)
  local previous, current = byte(m.subject, s - 1) or 0, byte(m.subject, s) or 0
  if not in_set(m.pattern, p, behind - 1, previous) and in_set(m.pattern, p, behind - 1, current) then
    return match_here(m, s, behind)
  end
  return nil
end

local function match_back(m, s, digit)
  local level = digit - 48
  local length = m.lengths[level]
  if level < 1 or level > m.level or type(length) ~= "number" then
    error("invalid capture index %" .. level, 0)
  end
  local start = m.starts[level]
  if sub(m.subject, s, s + length - 1) == sub(m.subject, start, start + length - 1) then
    return s + length
  end
  return nil
end

local function match_repeated(m, s, p, behind, least)
  local count = 0
  while matches_one(m, s + count, p, behind) do
    count = count + 1
  end
  for taken = count, least, -1 do
    local found = match_here(m, s + taken, behind + 1)
    if found then
      return found
    end
  end
  return nil
end

local function match_shortest(m, s, p, behind)
  while true do
    local found = match_here(m, s, behind + 1)
    if found then
      return found
    elseif not matches_one(m, s, p, behind) then
      return nil
    end
    s = s + 1
  end
end

local function match_item(m, s, p)
  local behind = item_end(m.pattern, p)
  local suffix = byte(m.pattern, behind)
  if suffix == STAR then
    return match_repeated(m, s, p, behind, 0)
  elseif suffix == PLUS then
    return match_repeated(m, s, p, behind, 1)
  elseif suffix == MINUS then
    return match_shortest(m, s, p, behind)
  elseif suffix == QUESTION then
    local found = matches_one(m, s, p, behind) and match_here(m, s + 1, behind + 1)
    return found or match_here(m, s, behind + 1)
  end
  return matches_one(m, s, p, behind) and match_here(m, s + 1, behind) or nil
end

local function match_escape(m, s, p)
  local c = byte(m.pattern, p + 1)
  if c == 98 then -- %b
    local found = match_balance(m, s, p + 2)
    return found and match_here(m, found, p + 4)
  elseif c == 102 then -- %f
    return match_frontier(m, s, p + 2)
  elseif c and is_digit(c) then
    local found = match_back(m, s, c)
    return found and match_here(m, found, p + 2)
  end
  return match_item(m, s, p)
end

function match_here(m, s, p)
  local c = byte(m.pattern, p)
  if not c then
    return s
  elseif c == OPEN then
    if byte(m.pattern, p + 1) == CLOSE then
      return open_capture(m, s, p + 2, "position")
    end
    return open_capture(m, s, p + 1, "open")
  elseif c == CLOSE then
    return close_capture(m, s, p + 1)
  elseif c == DOLLAR and p == #m.pattern then
    return s == #m.subject + 1 and s or nil
  elseif c == PERCENT then
    return match_escape(m, s, p)
  end
  return match_item(m, s, p)
end

local function capture(m, level)
  local start, length = m.starts[level], m.lengths[level]
  if length == "open" then
    error("unfinished capture", 0)
  elseif length == "position" then
    return start
  end
  return sub(m.subject, start, start + length - 1)
end

-- Return a list of the captures, or of the whole match where there are none.
local function captures(m, s, behind)
  if m.level == 0 then
    return { sub(m.subject, s, behind - 1) }, 1
  end
  local list = {}
  for level = 1, m.level do
    list[level] = capture(m, level)
  end
  return list, m.level
end

-- Return a matcher of a pattern in a subject. `match_at(m, s)` tries it at one position.
local function matcher(subject, pattern, first)
  return { subject = subject, pattern = pattern, first = first, level = 0, starts = {}, lengths = {} }
end

-- Return the position behind the match that starts at s, or nil.
local function match_at(m, s)
  m.level = 0
  return match_here(m, s, m.first)
end

-- Return (start, position behind, matcher) of the first match at or after `from`, or nil.
local function search(subject, pattern, from)
  local anchored = byte(pattern, 1) == CARET
  local m = matcher(subject, pattern, anchored and 2 or 1)
  for s = from, anchored and from or #subject + 1 do
    local behind = match_at(m, s)
    if behind then
      return s, behind, m
    end
  end
  return nil
end

H.matcher, H.match_at, H.search, H.captures = matcher, match_at, search, captures
