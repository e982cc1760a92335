-- How Python calls a strategy: once for an update, or row by row over a stretch of bars.
--
-- How it works: an update is one call with plain numbers, which are written into tables that are reused; it returns nil
-- when the strategy did. A stretch is the same for many bars whose numbers lie here as columns: the function is asked
-- for one row after the other until a row brings something. Both ask in the very same way: between the setting of the
-- hook and the end of the strategy's function they run the same instructions, so a limit ends both at the same point.

local H = ...
local rawget, select, xpcall, sethook = rawget, select, xpcall, debug.sethook
local on_count, on_error, INTERVAL, call, brought = H.on_count, H.on_error, H.INTERVAL, H.call, H.brought
local market, position, held, values, set_rest = H.market, H.position, H.held, H.values, H.set_rest
local market_data, context, indicators, packet = H.market_data, H.context, H.indicators, H.packet

local SPARE = 1000000000 -- hook intervals that the host's own lines never use up
local NAMED = 2 -- slots that a stretch writes without a loop
local NONE = {}

-- Return the function that Python calls for one of the strategy's functions.
function H.trampoline(name)
  local f = rawget(H.env, name)
  local function once()
    sethook(on_count, "", INTERVAL)
    call.left, call.started = call.budget, false
    local answer = f(market_data, context, indicators)
    sethook() -- without the hook the host's lines run twice as fast
    call.left = SPARE
    return answer
  end
  return function(timestamp, open, high, low, close, volume, bid, ask_price, price, a, b, c, d, ...)
    market.timestamp, market.open, market.high, market.low, market.close = timestamp, open, high, low, close
    market.volume, market.bid, market.ask, market.price = volume, bid, ask_price, price
    values[1], values[2], values[3], values[4] = a, b, c, d
    if brought.many then
      set_rest(5, ...)
    end
    if held.quantity ~= 0.0 then
      position.pnl = (price - held.entry) * held.quantity
    end
    local ok, answer = xpcall(once, on_error)
    if ok and answer == nil and not brought.anything then
      return nil
    end
    return packet(name, ok, answer)
  end
end

local timestamps, opens, highs, lows, closes, volumes, slots = NONE, NONE, NONE, NONE, NONE, NONE, NONE
local reached = 0

-- Take the columns of the market and of the slots of the indicators: lists of one length.
function H.load_rows(...)
  H.disarm()
  timestamps, opens, highs, lows, closes, volumes = ...
  slots = { select(7, ...) }
end

-- Return the row that the latest stretch came to.
function H.reached()
  return reached
end

-- Return the function that asks one of the strategy's functions for the rows `from` to `to`, until it brings something
-- or the next row's low is at `falling`, or its high at `rising`, or beyond. bid, ask_price: those of the first row, at
-- later ones both are the close. It returns the row that brought something and what that is; or the first row not asked.
function H.stretch(name)
  local f = rawget(H.env, name)
  local function walk(row, to, bid, ask_price, falling, rising)
    local at, o, h, l, c, v, quantity, entry = timestamps, opens, highs, lows, closes, volumes, held.quantity, held.entry
    local first, second, count = slots[1] or NONE, slots[2] or NONE, #slots
    while true do
      local close = c[row]
      market.timestamp, market.open, market.high, market.low, market.close = at[row], o[row], h[row], l[row], close
      market.volume, market.bid, market.ask, market.price = v[row], bid, ask_price, close
      values[1], values[2] = first[row], second[row]
      for slot = NAMED + 1, count do
        values[slot] = slots[slot][row]
      end
      if quantity ~= 0.0 then
        position.pnl = (close - entry) * quantity
      end
      reached = row
      sethook(on_count, "", INTERVAL)
      call.left, call.started = call.budget, false
      local answer = f(market_data, context, indicators)
      sethook() -- as many instructions as in `once`
      if answer ~= nil or brought.anything then
        call.left = SPARE
        return answer
      end
      row = row + 1
      if row > to or l[row] <= falling or h[row] >= rising then
        reached = row
        return nil
      end
      bid = c[row]
      ask_price = bid
    end
  end
  return function(...)
    local ok, answer = xpcall(walk, on_error, ...)
    if ok and answer == nil and not brought.anything then
      return reached
    end
    return reached, packet(name, ok, answer)
  end
end

H.collect = collectgarbage
