-- Momentum: go with what has moved, as long as it moves.
--
-- Idea: a market that rose over the last bars tends to go on for a while (time-series momentum). It is bought when the rate
-- of change is above a threshold and the trend is strong enough (ADX); a fall is sold short, if that is allowed. The
-- position is closed when the rate of change turns against it; a trailing stop keeps what was won on the way.
-- Risk: momentum ends in jumps. In a market that turns often, every signal comes when the move is over and pays fees and
-- the stop; a gap may pass the trailing stop.
--
-- Indicators: roc(period), adx(trend_period). Bars: those the configuration gives it.

strategy = {
  name = "momentum",
  description = "With the move while rate of change and ADX are high",
  warmup = 30,
  params = {
    period = { default = 20, min = 2, max = 500 },
    threshold = { default = 1.0, min = 0, max = 100 }, -- percent over `period` bars
    trend_period = { default = 14, min = 2, max = 200 },
    trend_above = { default = 20, min = 0, max = 100 },
    trail = { default = 0.02, min = 0.001, max = 0.5 }, -- fraction of the price
    allow_short = { default = false },
    notional = { default = 1000, min = 0 }, -- quote units per entry
    max_quantity = { default = 5, min = 0 }, -- base units per entry
  },
  stop_loss = 0.02,
  analyzing_timeout = 3,
}

local function moved(indicators, params)
  local change, trend = indicators.roc(params.period), indicators.adx(params.trend_period)
  if not change or not trend or trend < params.trend_above then
    return nil
  end
  return change
end

function detect_opportunity(market_data, context, indicators)
  local params = context.params
  local change = moved(indicators, params)
  if change and change > params.threshold then
    return { signal = "bullish", confidence = math.min(1, change / (2 * params.threshold + 1)) }
  elseif change and change < -params.threshold and params.allow_short then
    return { signal = "bearish", confidence = math.min(1, -change / (2 * params.threshold + 1)) }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  local params, price = context.params, market_data.price
  local change = moved(indicators, params)
  local is_up = context.signal == "bullish"
  if not change or (change > 0) ~= is_up then
    return { action = "cancel_analysis", reason = "the move is over" }
  end
  return {
    action = is_up and "enter_long" or "enter_short",
    price = price,
    quantity = math.min(params.notional / price, params.max_quantity),
  }
end

function manage_position(market_data, context, indicators)
  local change = indicators.roc(context.params.period)
  local is_long = context.position.side == "long"
  if change and (change < 0) == is_long and change ~= 0 then
    return { action = "exit", price = market_data.price, reason = string.format("rate of change %.2f %%", change) }
  end
  return { action = "trailing_stop", fraction = context.params.trail }
end
