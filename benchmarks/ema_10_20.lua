-- The strategy that backtest engines are compared by: long one unit while EMA(10) is above EMA(20).

strategy = { name = "ema_10_20", description = "Long one unit while EMA(10) is above EMA(20)", analyzing_timeout = 5 }

function detect_opportunity(market_data, context, indicators)
  local fast, slow = indicators.ema(10), indicators.ema(20)
  if fast and slow and fast > slow then
    return { signal = "bullish" }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = 1 }
end

function manage_position(market_data, context, indicators)
  if indicators.ema(10) < indicators.ema(20) then
    return { action = "exit", reason = "crossed" }
  end
  return nil
end
