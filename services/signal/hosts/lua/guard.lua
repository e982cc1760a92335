-- Limits on what one call of a strategy may cost, and the pcall that cannot swallow them.
--
-- How it works: a count hook fires every INTERVAL virtual-machine instructions and pays from the budget of the call;
-- library functions pay for their loops by `charge`. When nothing is left, the hook raises an error and the call is
-- marked as exhausted: `pcall` and `xpcall` of strategies raise it again. The hook is set anew for every call, so the same
-- call always ends at the same instruction. One instruction can copy megabytes (`..`), so the hook also looks at the
-- processor time of a call that has come this far; that fuse is far above what the instruction limit allows otherwise. Once
-- an interval has been SLOW, the clock is read every few instructions for the rest of the call.

local H = ...
local error, pcall, xpcall, type, rawget = error, pcall, xpcall, type, rawget
local sethook, getinfo, clock = debug.sethook, debug.getinfo, os.clock
local sub, find, gsub, utf8_len = string.sub, string.find, string.gsub, utf8.len
local min, collect = math.min, collectgarbage

local INTERVAL = 250
local FEW = 10 -- instructions between two looks at the clock in a slow call
local SLOW = 0.02 -- seconds of an interval that only copying or comparing megabytes can take
local SECONDS_PER_MIB = 0.004 -- that the first interval, which nobody times, may take for each MiB there is to copy
local KIB_PER_MIB = 1024
local EXHAUSTED = "limit reached"
local OUT_OF_MEMORY = "not enough memory" -- the text of Lua's own error
local LONGEST_ERROR = 500 -- bytes
local HOST_MARK = "[orrery]"
local STACK_LEVELS = 250 -- searched for the strategy's line

-- budget: hook intervals per call; seconds: processor time per call; left: of the budget in this call; started: processor
-- time at its first hook; latest: the same at its latest hook; looks: at the clock since then, in a slow call; exhausted:
-- the limit it ran into; where: `file:line: ` of its error.
local call = {
  budget = 4000, seconds = 2.0, left = 4000, started = false, latest = 0.0, looks = 0, exhausted = false, where = false,
}

local function exhaust(kind)
  call.exhausted = call.exhausted or kind
  error(EXHAUSTED, 0)
end

local on_slow

local function on_count()
  call.left = call.left - 1
  if call.left <= 0 then
    exhaust("instruction_limit")
  elseif not call.started then
    call.latest = clock()
    call.started = call.latest - min(call.seconds / 4, collect("count") / KIB_PER_MIB * SECONDS_PER_MIB)
  else
    local now = clock()
    if now - call.started > call.seconds then
      exhaust("time_limit")
    elseif now - call.latest > SLOW then
      call.looks = 0
      sethook(on_slow, "", FEW)
    end
    call.latest = now
  end
end

function on_slow()
  call.looks = call.looks + 1
  if call.looks * FEW >= INTERVAL then
    call.looks = 0
    on_count()
  elseif clock() - call.started > call.seconds then
    exhaust("time_limit")
  end
end

-- Pay for work that the hook does not see, in instructions.
function H.charge(instructions)
  if instructions > 0 then
    call.left = call.left - instructions / INTERVAL
    if call.left <= 0 then
      exhaust("instruction_limit")
    end
  end
end

-- Return `file:line: ` of the innermost strategy frame, or nil.
local function location(from)
  for level = from, from + STACK_LEVELS do
    local info = getinfo(level, "Sl")
    if not info then
      return nil
    elseif info.source == H.chunk and info.currentline > 0 then
      return info.short_src .. ":" .. info.currentline .. ": "
    end
  end
  return nil
end

-- Return a text that is UTF-8, for Python must be able to read it.
function H.readable(text)
  return utf8_len(text) and text or (gsub(text, "[\x80-\xff]", "?"))
end

local function text_of(value)
  local kind = type(value)
  if kind == "string" then
    return sub(value, 1, LONGEST_ERROR)
  elseif kind == "number" or kind == "boolean" then
    return H.tostring(value)
  elseif kind == "table" and type(rawget(value, "message")) == "string" then
    return sub(rawget(value, "message"), 1, LONGEST_ERROR)
  end
  return "an error value of type " .. kind
end

-- Turn an error value into a text, and note where the strategy was.
local function on_error(value)
  sethook()
  call.where = location(3)
  local message = text_of(value)
  if sub(message, 1, #HOST_MARK) == HOST_MARK then
    message = sub(message, (find(message, ": ", 1, true) or -1) + 2)
  end
  return message
end

-- Run a function under the limits; the same results as xpcall. (Trampolines have these lines in their own body.)
function H.run(f, ...)
  call.left, call.started = call.budget, false
  sethook(on_count, "", INTERVAL)
  return xpcall(f, on_error, ...)
end

-- Return the kind of error that a failed run ended with, and a text that begins with the strategy's file and line.
function H.classify(message, fallback)
  local kind, text, exhausted, where = "runtime", message, call.exhausted, call.where
  call.exhausted, call.where = false, false
  if exhausted == "instruction_limit" then
    kind, text = exhausted, "more than " .. call.budget * INTERVAL .. " instructions in one call"
  elseif exhausted == "time_limit" then
    kind, text = exhausted, "more than " .. call.seconds .. " s of processor time in one call"
  elseif type(message) ~= "string" or find(message, OUT_OF_MEMORY, 1, true) then
    kind, text = "memory_limit", "more than " .. H.memory_mib .. " MiB of memory"
  elseif sub(message, 1, #H.prefix) == H.prefix then
    return kind, message
  end
  return kind, (where or fallback) .. text
end

function H.limit(instructions, processor_seconds)
  call.budget, call.seconds = instructions // INTERVAL, processor_seconds
end

-- Let the host's own work, which no call of the strategy pays for, take what it takes.
function H.unlimited()
  sethook()
  call.left, call.exhausted = math.huge, false
end

local function checked(ok, ...)
  if not ok and (call.exhausted or (...) == OUT_OF_MEMORY) then
    error((...), 0)
  end
  return ok, ...
end

function H.pcall(f, ...)
  return checked(pcall(f, ...))
end

local function handled(handler, ok, ...)
  if ok then
    return true, ...
  elseif call.exhausted or (...) == OUT_OF_MEMORY then
    error((...), 0)
  end
  return false, handler((...))
end

function H.xpcall(f, handler, ...)
  return handled(handler, pcall(f, ...))
end

H.call, H.on_count, H.on_error, H.disarm, H.INTERVAL = call, on_count, on_error, sethook, INTERVAL
H.keep_alive = "debug" -- lupa looks this name up outside any protection; a string that exists need not be allocated
