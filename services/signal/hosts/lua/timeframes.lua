-- Lengths of bars by their names, such as 250ms, 1s, 1m, 4h, 1d, 1w.

local H = ...
local match, tointeger = string.match, math.tointeger

local NAMES = { "w", "d", "h", "m", "s", "ms" }
local LENGTHS = { ms = 1, s = 1000, m = 60000, h = 3600000, d = 86400000, w = 604800000 }

-- Return the length of a timeframe, ms; nil for what is none.
function H.length_of(timeframe)
  local number, unit = match(timeframe, "^([1-9]%d*)(%l+)$")
  if not number or #number > 9 or not LENGTHS[unit] then
    return nil
  end
  return tointeger(number) * LENGTHS[unit]
end

-- Return the shortest name of a length.
function H.name_of(length)
  for i = 1, #NAMES do
    local unit = LENGTHS[NAMES[i]]
    if length >= unit and length % unit == 0 then
      return length // unit .. NAMES[i]
    end
  end
end
