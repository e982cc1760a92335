-- What a strategy remembers outside its context: globals and file-level locals that changed since the file was loaded.
--
-- How it works: a walk over the globals and the upvalues of the functions found there visits every variable that
-- holds plain data, under a path that is the same whenever the same file is loaded. The values right after loading are the baseline;
-- `changes` returns those that differ from it, and `apply` writes them into the variables of a fresh load. Code and
-- constants are never saved, so an edited file keeps its new constants. A meter bounds what one walk looks at, whatever a
-- strategy has piled up; what lies behind its end is not saved.

local H = ...
local type, rawget, rawset, next, tostring = type, rawget, rawset, next, tostring
local get_metatable, getinfo = debug.getmetatable, debug.getinfo
local getupvalue, setupvalue, upvalueid = debug.getupvalue, debug.setupvalue, debug.upvalueid
local pcall = pcall

local DEPTH = 32
local MAX_VALUES = 100000 -- looked at by one walk
local MAX_BYTES = 4194304 -- of text
local MAX_VARIABLES = 10000 -- visited by one walk

function H.new_meter()
  return { values = MAX_VALUES, bytes = MAX_BYTES, variables = MAX_VARIABLES }
end

local function packed(value, meter)
  local bounds = { depth = DEPTH, items = MAX_VALUES, text = MAX_BYTES, utf8 = false, meter = meter }
  local ok, bytes = pcall(H.pack, value, "", bounds)
  return ok and bytes or nil
end

-- Note a variable for a later round, if there is room for one more.
local function postpone(seen, path, value, set)
  local meter = seen.meter
  if meter.variables > 0 then
    meter.variables = meter.variables - 1
    seen.pending[#seen.pending + 1] = { path, value, set }
  end
end

local slot

local function walk_function(seen, path, f, visit)
  if seen[f] or getinfo(f, "S").source ~= H.chunk then
    return
  end
  seen[f] = true
  for i = 1, 255 do
    local name, value = getupvalue(f, i)
    if not name then
      return
    end
    local id = upvalueid(f, i)
    if name ~= "_ENV" and not seen[id] then
      seen[id] = true
      slot(seen, path .. "^" .. name, value, visit, function(new)
        setupvalue(f, i, new)
      end)
    end
  end
end

local function walk_table(seen, path, t, visit)
  for key, value in next, t do
    local kind = type(key)
    if kind == "string" or kind == "number" then
      postpone(seen, path .. "." .. tostring(key), value, function(new) rawset(t, key, new) end)
    end
  end
end

function slot(seen, path, value, visit, set)
  local kind = type(value)
  if kind == "function" then
    walk_function(seen, path, value, visit)
  elseif kind ~= "table" then
    visit(path, packed(value, seen.meter), set)
  elseif not (seen[value] or H.owned[value] or H.backing[value]) then
    seen[value] = true
    local bytes = get_metatable(value) == nil and packed(value, seen.meter)
    if bytes then
      visit(path, bytes, set)
    else
      walk_table(seen, path, value, visit)
    end
  end
end

local function by_path(a, b)
  return a[1] < b[1]
end

-- Visit every variable: visit(path, bytes of its value, function that sets it).
local function walk(meter, visit)
  local seen = { pending = {}, meter = meter }
  for name, value in next, H.env do
    if type(name) == "string" and H.standard[name] ~= value then
      postpone(seen, name, value, function(new) rawset(H.env, name, new) end)
    end
  end
  while seen.pending[1] do
    local batch = seen.pending
    seen.pending = {}
    table.sort(batch, by_path)
    for i = 1, #batch do
      slot(seen, batch[i][1], batch[i][2], visit, batch[i][3])
    end
  end
end

local baseline = {}

-- Take the present values as those of a fresh load.
function H.set_baseline()
  baseline = {}
  walk(H.new_meter(), function(path, bytes)
    baseline[path] = bytes
  end)
end

-- Return path -> bytes of what has changed since; removed variables are nil's bytes.
function H.changes(meter)
  local changed, present = {}, {}
  walk(meter, function(path, bytes)
    present[path] = true
    if bytes ~= baseline[path] then
      changed[path] = bytes
    end
  end)
  for path in next, baseline do
    if not present[path] then
      changed[path] = "\xc0"
    end
  end
  return changed
end

-- Write changes into the variables of a fresh load.
function H.apply(changed)
  local setters = {}
  walk(H.new_meter(), function(path, _, set)
    setters[path] = set
  end)
  for path, bytes in next, changed do
    local set = setters[path]
    if set then
      set(H.unpack(bytes))
    elseif not path:find("[.^]") then
      rawset(H.env, path, H.unpack(bytes))
    end
  end
end
