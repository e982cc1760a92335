-- The strategy that backtest engines are compared by: long one unit while the fast average is above the slow one.

strategy = {
  name = "ema_cross",
  description = "Long one unit while EMA(fast) is above EMA(slow)",
  params = { fast = { default = 10, min = 2 }, slow = { default = 20, min = 3 } },
  analyzing_timeout = 5,
}

function detect_opportunity(market_data, context, indicators)
  local params = context.params
  local fast, slow = indicators.ema(params.fast), indicators.ema(params.slow)
  if fast and slow and fast > slow then
    return { signal = "bullish" }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = 1 }
end

function manage_position(market_data, context, indicators)
  local params = context.params
  if indicators.ema(params.fast) < indicators.ema(params.slow) then
    return { action = "exit", reason = "crossed" }
  end
  return nil
end
