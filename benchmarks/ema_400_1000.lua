-- The crossover that orders rarely, about once in a thousand bars: what a backtest costs where nothing happens.

strategy = { name = "ema_400_1000", description = "Long one unit while EMA(400) is above EMA(1000)", analyzing_timeout = 5 }

function detect_opportunity(market_data, context, indicators)
  local fast, slow = indicators.ema(400), indicators.ema(1000)
  if fast and slow and fast > slow then
    return { signal = "bullish" }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = 1 }
end

function manage_position(market_data, context, indicators)
  if indicators.ema(400) < indicators.ema(1000) then
    return { action = "exit", reason = "crossed" }
  end
  return nil
end
