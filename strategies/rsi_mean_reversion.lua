-- RSI mean reversion: buy what has fallen fast, sell it when it is back in the middle.
--
-- Idea: a market that has fallen bar after bar (RSI below 30) tends to come back some way. The position is closed when
-- the RSI has risen above 50, or when the stop is hit.
-- Risk: what falls may go on falling. In a strong down move the signal comes early and again and again; each time the
-- stop-loss is paid. It never goes short.
--
-- Indicators: rsi(period). Bars: those the configuration gives it.

strategy = {
  name = "rsi_mean_reversion",
  description = "Long below an RSI of 30, out above 50",
  warmup = 15,
  params = {
    period = { default = 14, min = 2, max = 200 },
    oversold = { default = 30, min = 1, max = 50 },
    exit_above = { default = 50, min = 10, max = 100 },
    notional = { default = 1000, min = 0 }, -- quote units per entry
    max_quantity = { default = 5, min = 0 }, -- base units per entry
  },
  stop_loss = 0.03,
  analyzing_timeout = 3,
}

function detect_opportunity(market_data, context, indicators)
  local params = context.params
  local rsi = indicators.rsi(params.period)
  if rsi and rsi < params.oversold then
    return { signal = "oversold", confidence = (params.oversold - rsi) / params.oversold, rsi = rsi }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  local params = context.params
  local rsi = indicators.rsi(params.period)
  if not rsi or rsi >= params.exit_above then
    return { action = "cancel_analysis", reason = "it has come back already" }
  elseif rsi >= params.oversold then
    return nil
  end
  local price = market_data.price
  return {
    action = "enter_long",
    price = price,
    quantity = math.min(params.notional / price, params.max_quantity),
  }
end

function manage_position(market_data, context, indicators)
  local rsi = indicators.rsi(context.params.period)
  if rsi and rsi > context.params.exit_above then
    return { action = "exit", price = market_data.price, reason = string.format("RSI back at %.1f", rsi) }
  end
  return nil
end
