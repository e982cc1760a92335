-- The strategy's side of the host: its tables, its indicators, and what its calls bring.
--
-- How it works: `market_data` and `context` are tables that are reused; `calls.lua` fills them for each update. Only a
-- call that brought something (an answer, an error, a new indicator, printed lines) is turned into values or bytes.

local H = ...
local type, error, rawget, next, tostring, select, load = type, error, rawget, next, tostring, select, load
local pcall, getinfo, get_metatable = pcall, debug.getinfo, debug.getmetatable
local unpack, sort, utf8_len = table.unpack, table.sort, utf8.len
local disarm, pack_plain, brought = H.disarm, H.pack, H.brought

local ANSWER = { depth = 8, items = 1000, text = 4096, utf8 = true }
local PACKET = { depth = 12, items = 4000, text = 16384, utf8 = false }
local STATE = { depth = 36, items = 1000000, text = 16777216, utf8 = false }
local FLAT = 24 -- values that come back one by one
local SECONDS_PER_DAY = 86400
local RESERVED = { position = true, order = true, orders = true, account = true, params = true }
local ORDER = { "kind", "side", "order_type", "quantity", "filled", "price", "trigger_price", "age", "cancelling" }
ORDER[10], ORDER[11] = "amending", "leg"
local FUNCTIONS = { "detect_opportunity", "filter_commitment", "manage_position" }

-- The market, as market_data shows it.
local market = { symbol = "", timestamp = 0.0, open = 0.0, high = 0.0, low = 0.0, close = 0.0, volume = 0.0, price = 0.0 }
function market.time_since_open()
  return market.timestamp % SECONDS_PER_DAY
end
local signals = {}
market.signals = H.view(signals, "market_data.signals")
local market_data = H.view(market, "market_data")

-- The context: `store` has the values, `context` is what the strategy holds.
local position, account, params, store, orders, shown = {}, {}, {}, {}, { {}, {} }, {}
local position_view, account_view = H.view(position, "context.position"), H.view(account, "context.account")
local params_view, orders_view = H.view(params, "context.params"), H.view(shown, "context.orders")
local order_view, other_view = H.view(orders[1], "context.order"), H.view(orders[2], "context.orders[2]")
local held = { quantity = 0.0, entry = 0.0 }
local detected = {}

local function storable(key, value)
  local kind = type(value)
  if kind == "table" then
    pack_plain(value, "context." .. tostring(key), STATE)
  elseif kind == "function" or kind == "userdata" or kind == "thread" then
    error("context." .. tostring(key) .. ": a " .. kind .. " is not plain data and would not survive a restart", 0)
  end
end

local function write_context(_, key, value)
  if RESERVED[key] then
    error("context." .. key .. " is kept by the host and cannot be assigned", 0)
  elseif type(key) ~= "string" and type(key) ~= "number" then
    error("context: a " .. type(key) .. " cannot be a key", 0)
  end
  if store[key] ~= value then -- a table that is put back, as in `context.t = context.t or {}`, is not gone through again
    storable(key, value)
    store[key] = value
  end
end

local context = setmetatable({}, { __index = store, __newindex = write_context, __metatable = false })
H.backing[context] = store
store.account, store.params = account_view, params_view

-- Return `file:line: ` of a function's first line.
local function first_line(name)
  local f = rawget(H.env, name)
  local line = type(f) == "function" and getinfo(f, "S").linedefined or 0
  return H.prefix .. line .. ": " .. name .. ": "
end

-- Make the answer of detect_opportunity the context, in place of the one before.
local function remember(answer)
  for i = 1, #detected do
    store[detected[i]] = nil
  end
  detected = {}
  for key, value in next, answer do
    detected[#detected + 1] = key
    store[key] = value
  end
end

local flat = {}

-- Put an answer of a few numbers, booleans and strings into `flat` as key, value, key, value; return how many, or nil.
local function flatten(answer)
  if get_metatable(answer) ~= nil then
    return nil
  end
  local n = 0
  for key, value in next, answer do
    local kind = type(value)
    local is_plain = kind == "number" or kind == "boolean" or (kind == "string" and #value <= ANSWER.text and utf8_len(value))
    if not is_plain or n >= FLAT or type(key) ~= "string" or RESERVED[key] or not utf8_len(key) then
      return nil
    end
    flat[n + 1], flat[n + 2] = key, value
    n = n + 2
  end
  return n > 0 and n or nil
end

local function take_answer(name, answer)
  if type(answer) ~= "table" then
    error("expected a table or nil, found a " .. type(answer), 0)
  end
  for key in next, answer do
    if RESERVED[key] and (key ~= "orders" or name == "detect_opportunity") then
      error("answer: " .. key .. " is a name of the host's", 0)
    end
  end
  local bytes = pack_plain(answer, "answer", ANSWER)
  if name == "detect_opportunity" then
    remember(answer)
  end
  return bytes
end

-- Turn what a call brought into values for Python: key, value, key, value for the answers that most are; else bytes, a map
-- of answer, error, wanted, lines.
local function packet(name, ok, answer)
  disarm()
  local n = ok and not brought.anything and type(answer) == "table" and flatten(answer)
  if n then
    if name == "detect_opportunity" then
      remember(answer)
    end
    return unpack(flat, 1, n)
  end
  local entries, problem = {}, nil
  if not ok then
    problem = { H.classify(answer, first_line(name)) }
  elseif answer ~= nil then
    local fine, bytes = pcall(take_answer, name, answer)
    if fine then
      entries[1], entries[2] = "answer", bytes
    else
      problem = { "bad_answer", first_line(name) .. bytes }
    end
  end
  if problem then
    problem[2] = H.readable(problem[2])
    entries[1], entries[2] = "error", pack_plain(problem, "error", PACKET)
  end
  if brought.anything then
    local rest = { wanted = H.wanted(), lines = H.take_lines() }
    for key, value in next, rest do
      entries[#entries + 1] = key
      entries[#entries + 1] = pack_plain(value, key, PACKET)
    end
  end
  local bytes = H.pack_map(entries)
  H.forget_wanted()
  brought.anything = false
  return bytes
end

-- Tell the position: quantity (base units, negative when short; nil when flat), entry, stop and target price.
function H.set_position(amount, entry_price, stop, target)
  disarm()
  local quantity, entry = amount or 0.0, entry_price or 0.0
  held.quantity, held.entry = quantity, entry
  store.position = amount and position_view or nil
  position.side = quantity < 0.0 and "short" or "long"
  position.quantity, position.entry_price, position.entry = math.abs(quantity), entry, entry
  position.stop, position.target, position.pnl = stop, target, 0.0
end

-- Tell what rests: the values of no order, of one or of two, one behind the other.
function H.set_order(...)
  disarm()
  for i = 0, 2 * #ORDER - 1 do
    orders[1 + i // #ORDER][ORDER[1 + i % #ORDER]] = (select(i + 1, ...))
  end
  shown[1], shown[2] = orders[1].kind and order_view or nil, orders[2].kind and other_view or nil
  store.order, store.orders = shown[1], shown[1] and orders_view or nil
end

-- Show the greeks of an option; nil for what is not known.
function H.set_greeks(delta, gamma, vega, theta, iv, mark, underlying)
  disarm()
  market.delta, market.gamma, market.vega, market.theta = delta, gamma, vega, theta
  market.iv, market.mark, market.underlying = iv, mark, underlying
end

-- Show a signal from outside: value, text, and its age at the time of the market, which goes on.
function H.set_signal(name, value, text, at)
  disarm()
  local function age(_, key)
    return key == "age_seconds" and market.timestamp - at or nil
  end
  local fields = setmetatable({ value = value, text = text, timestamp = at }, { __index = age })
  signals[name] = H.view(fields, "market_data.signals")
end

function H.set_account(cash, realised_pnl, fees, open_positions)
  disarm()
  account.cash, account.realised_pnl, account.fees = cash, realised_pnl, fees
  account.open_positions = open_positions
end

local function own_names()
  local names = {}
  for key in next, H.env do
    if type(key) == "string" and #names < 64 and H.standard[key] == nil then
      names[#names + 1] = H.readable(key:sub(1, 64))
    end
  end
  sort(names)
  return names[1] and names or nil
end

local function load_error(text)
  return pack_plain({ error = { "load", H.readable(text) } }, "packet", PACKET)
end

-- Compile and run a file; return bytes: a map of error, or of strategy (its table), functions (name to type, line) and
-- the names of its globals.
function H.load(source, chunk)
  H.chunk = chunk
  local f, problem = load(source, chunk, "t", H.env)
  if not f then
    local is_located = problem:sub(1, #chunk - 1) == chunk:sub(2)
    return load_error(is_located and problem or chunk:sub(2) .. ": " .. problem)
  end
  H.prefix = getinfo(f, "S").short_src .. ":"
  local ok, message = H.run(f)
  disarm()
  if not ok then
    local _, text = H.classify(message, H.prefix .. " ")
    return load_error(text)
  end
  H.set_baseline()
  local functions = {}
  for i = 1, #FUNCTIONS do
    local value = rawget(H.env, FUNCTIONS[i])
    functions[FUNCTIONS[i]] = { type(value), type(value) == "function" and getinfo(value, "S").linedefined or 0 }
  end
  local description = { functions = functions, names = own_names(), lines = H.take_lines() }
  brought.anything = false
  local fine, bytes = pcall(function()
    description.strategy = rawget(H.env, "strategy")
    pack_plain(description.strategy, "strategy", ANSWER)
    return pack_plain(description, "packet", PACKET)
  end)
  return fine and bytes or load_error(H.prefix .. " " .. bytes)
end

-- Set what is known before the first update. `bytes`: a map of symbol, timeframe, currency, params, seed, specs, library,
-- indicators.
function H.configure(bytes)
  H.unlimited()
  local given = H.unpack(bytes)
  market.symbol, account.currency = given.symbol, given.currency
  for key, value in next, given.params do
    params[key] = value
  end
  H.know_indicators(given.specs, given.symbol, given.timeframe)
  H.know_library(given.library)
  H.register_all(given.indicators)
  H.seed(given.seed)
end

local function plain_or_nil(value, meter)
  local bounds = { depth = STATE.depth, items = STATE.items, text = STATE.text, utf8 = false, meter = meter }
  return (pcall(pack_plain, value, "", bounds)) and value or nil
end

-- Return all that the strategy remembers, as canonical bytes: of the context first, in the order of its keys, then of its
-- variables, as much as the meter allows.
function H.save()
  H.unlimited()
  local free, keys, meter = {}, H.keys_of(store), H.new_meter()
  for i = 1, #keys do
    if not RESERVED[keys[i]] then
      free[keys[i]] = plain_or_nil(store[keys[i]], meter)
    end
  end
  sort(detected, H.before)
  local saved = { context = free, detected = detected, changes = H.changes(meter), random = H.random_state() }
  saved.registered = H.registered
  return pack_plain(saved, "state", STATE)
end

-- Take over what `save` returned, into a fresh load.
function H.restore(bytes)
  H.unlimited()
  local saved = H.unpack(bytes)
  for key, value in next, saved.context do
    if not RESERVED[key] then -- a name may have become the host's since
      store[key] = value
    end
  end
  detected = saved.detected
  H.apply(saved.changes)
  H.random_state(saved.random)
  H.register_all(saved.registered)
end

H.market, H.position, H.held, H.market_data, H.context, H.packet = market, position, held, market_data, context, packet
