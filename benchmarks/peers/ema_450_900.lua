-- The strategy of `ema_10_20.lua` on long means: it orders once in a thousand bars or so.

strategy = { name = "ema_450_900", description = "Long one unit while EMA(450) is above EMA(900)", analyzing_timeout = 5 }

function detect_opportunity(market_data, context, indicators)
  local fast, slow = indicators.ema(450), indicators.ema(900)
  if fast and slow and fast > slow then
    return { signal = "bullish" }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = 1 }
end

function manage_position(market_data, context, indicators)
  if indicators.ema(450) < indicators.ema(900) then
    return { action = "exit", reason = "crossed" }
  end
  return nil
end
