-- What comes behind a strategy's file and a typed line: makes values that people can read of what the line brought.
local MOST_ITEMS, MOST_DEPTH, MOST_TEXT = 40, 4, 3800

local function quoted(value)
  return '"' .. value .. '"'
end

local function shown(value, depth)
  local kind = type(value)
  if kind == "string" then
    return depth > 0 and quoted(value) or value
  elseif kind ~= "table" then
    return tostring(value)
  elseif depth >= MOST_DEPTH then
    return "{...}"
  end
  local parts, count, length = {}, 0, rawlen(value)
  for key, each in pairs(value) do
    count = count + 1
    if count > MOST_ITEMS then
      parts[#parts + 1] = "..."
      break
    end
    local is_item = type(key) == "number" and key >= 1 and key <= length and key % 1 == 0
    local name = is_item and "" or type(key) == "string" and key .. " = " or "[" .. tostring(key) .. "] = "
    parts[#parts + 1] = name .. shown(each, depth + 1)
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

local function readable(text)
  if not utf8.len(text) then
    return "(text that is not UTF-8)"
  end
  return #text > MOST_TEXT and text:sub(1, utf8.offset(text, 0, MOST_TEXT) - 1) .. "..." or text
end

local function answer(...)
  local values = {}
  for number = 1, select("#", ...) do
    local value = (select(number, ...))
    local kind = type(value)
    local entry = { text = readable(shown(value, 0)), kind = kind }
    if kind == "number" or kind == "boolean" then
      entry.value = value
    end
    values[number] = entry
  end
  return { values = values, count = select("#", ...) }
end
