-- Range breakout: buy when the close leaves the range of the last bars upwards on more volume than usual.
--
-- Idea: a price above everything seen in the last 20 bars, traded on more than the usual volume, is often the start of a
-- move. The position is closed when the close falls below the lowest low of the last 10 bars, at the target, or at the
-- stop.
-- Risk: most breakouts fail; the few that hold must pay for them. Thin markets break out on noise, and bars without
-- trades make the usual volume small. It never goes short.
--
-- Indicators: highest(range), lowest(exit_range), avg_volume(range); all three leave the current bar out. Bars: those the
-- configuration gives it.

strategy = {
  name = "range_breakout",
  description = "Long on a close above the 20-bar range with volume, out below the 10-bar low",
  warmup = 21,
  params = {
    range = { default = 20, min = 2, max = 500 },
    exit_range = { default = 10, min = 1, max = 500 },
    volume_factor = { default = 1.0, min = 0, max = 100 }, -- of the average volume
    notional = { default = 1000, min = 0 }, -- quote units per entry
    max_quantity = { default = 5, min = 0 }, -- base units per entry
  },
  stop_loss = 0.02,
  take_profit = 0.06,
  analyzing_timeout = 1,
}

local function is_breakout(market_data, params, indicators)
  local ceiling, usual = indicators.highest(params.range), indicators.avg_volume(params.range)
  if not ceiling or not usual then
    return false
  end
  return market_data.close > ceiling and market_data.volume > usual * params.volume_factor, ceiling
end

function detect_opportunity(market_data, context, indicators)
  local found, ceiling = is_breakout(market_data, context.params, indicators)
  if found then
    return { signal = "breakout", confidence = 0.6, ceiling = ceiling }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  if market_data.close <= context.ceiling then
    return { action = "cancel_analysis", reason = "back in the range" }
  end
  local price = market_data.price
  return {
    action = "enter_long",
    price = price,
    quantity = math.min(context.params.notional / price, context.params.max_quantity),
  }
end

function manage_position(market_data, context, indicators)
  local floor = indicators.lowest(context.params.exit_range)
  if floor and market_data.close < floor then
    return { action = "exit", price = market_data.price, reason = "below the low of the range" }
  end
  return nil
end
