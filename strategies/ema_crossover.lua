-- EMA crossover: long while the fast average of the closes is above the slow one.
--
-- Idea: two exponential averages show which way a market has been moving; while the fast one is above the slow one
-- the move is up, and the position is held for as long as that lasts.
-- Risk: in a market without direction it buys high and sells low again and again; every turn costs fees and spread. It
-- is always late. The stop-loss bounds a single trade, not a series of them.
--
-- Indicators: ema(fast), ema(slow). Decides on the state (above or below), not on the moment of crossing, so it enters
-- on the first warm bar of a move that is under way. Bars: those the configuration gives it.

strategy = {
  name = "ema_crossover",
  description = "Long while EMA(fast) is above EMA(slow), short below it if allowed",
  warmup = 20,
  params = {
    fast = { default = 10, min = 2, max = 100 },
    slow = { default = 20, min = 3, max = 400 },
    notional = { default = 1000, min = 0 }, -- quote units per entry
    max_quantity = { default = 5, min = 0 }, -- base units per entry
    allow_short = { default = false },
  },
  stop_loss = 0.02,
  analyzing_timeout = 5,
}

local function averages(context, indicators)
  return indicators.ema(context.params.fast), indicators.ema(context.params.slow)
end

local function quantity_at(price, params)
  return math.min(params.notional / price, params.max_quantity)
end

function detect_opportunity(market_data, context, indicators)
  local fast, slow = averages(context, indicators)
  if not fast or not slow then
    return nil
  end
  if fast > slow then
    return { signal = "bullish", confidence = math.min(1, (fast - slow) / slow * 100) }
  elseif fast < slow and context.params.allow_short then
    return { signal = "bearish", confidence = math.min(1, (slow - fast) / slow * 100) }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  local fast, slow = averages(context, indicators)
  if not fast or not slow then
    return nil
  end
  local is_up = fast > slow
  if is_up ~= (context.signal == "bullish") then
    return { action = "cancel_analysis", reason = "the averages have crossed back" }
  end
  return {
    action = is_up and "enter_long" or "enter_short",
    price = market_data.price,
    quantity = quantity_at(market_data.price, context.params),
  }
end

function manage_position(market_data, context, indicators)
  local fast, slow = averages(context, indicators)
  if not fast or not slow then
    return nil
  end
  local is_long = context.position.side == "long"
  if is_long and fast < slow then
    return { action = "exit", price = market_data.price, reason = "the fast average fell below the slow one" }
  elseif not is_long and fast > slow then
    return { action = "exit", price = market_data.price, reason = "the fast average rose above the slow one" }
  end
  return nil
end
