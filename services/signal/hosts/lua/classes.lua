-- Single-character items of string patterns: `.`, `%a`, `[set]` and plain characters.

local H = ...
local byte, char, lower, error = string.byte, string.char, string.lower, error

local PERCENT, LBRACKET, RBRACKET, MINUS, CARET = 37, 91, 93, 45, 94

local function within(low, high)
  return function(c)
    return c >= low and c <= high
  end
end

local is_lower, is_upper, is_digit = within(97, 122), within(65, 90), within(48, 57)
local function is_letter(c)
  return is_lower(c) or is_upper(c)
end
local function is_alphanumeric(c)
  return is_letter(c) or is_digit(c)
end
local is_printable = within(33, 126)

local CLASSES = {
  a = is_letter, d = is_digit, l = is_lower, u = is_upper, w = is_alphanumeric, g = is_printable,
  z = function(c) return c == 0 end,
  c = function(c) return c < 32 or c == 127 end,
  p = function(c) return is_printable(c) and not is_alphanumeric(c) end,
  s = function(c) return c == 32 or (c >= 9 and c <= 13) end,
  x = function(c) return is_digit(c) or (c >= 97 and c <= 102) or (c >= 65 and c <= 70) end,
}

local function in_class(c, letter)
  local class = CLASSES[lower(char(letter))]
  if not class then
    return c == letter
  end
  if is_upper(letter) then
    return not class(c)
  end
  return class(c)
end

-- Return the position behind the single-character item that starts at p.
local function item_end(pattern, p)
  local c = byte(pattern, p)
  p = p + 1
  if c == PERCENT then
    if p > #pattern then
      error("malformed pattern (ends with '%')", 0)
    end
    return p + 1
  elseif c == LBRACKET then
    if byte(pattern, p) == CARET then
      p = p + 1
    end
    repeat
      local inner = byte(pattern, p)
      if not inner then
        error("malformed pattern (missing ']')", 0)
      end
      p = p + (inner == PERCENT and 2 or 1)
    until byte(pattern, p) == RBRACKET
    return p + 1
  end
  return p
end

-- Return whether c is in the set between `p` (at the bracket) and `last` (at the closing bracket).
local function in_set(pattern, p, last, c)
  local wanted = true
  p = p + 1
  if byte(pattern, p) == CARET then
    wanted, p = false, p + 1
  end
  while p < last do
    local first = byte(pattern, p)
    if first == PERCENT then
      if in_class(c, byte(pattern, p + 1)) then
        return wanted
      end
      p = p + 2
    elseif byte(pattern, p + 1) == MINUS and p + 2 < last then
      if first <= c and c <= byte(pattern, p + 2) then
        return wanted
      end
      p = p + 3
    else
      if first == c then
        return wanted
      end
      p = p + 1
    end
  end
  return not wanted
end

H.is_digit, H.in_class, H.item_end, H.in_set = is_digit, in_class, item_end, in_set
