-- Polymarket mean reversion: buy an outcome that was sold off without news, sell it when it is back.
--
-- Idea: the price of an outcome is a probability between 0 and 1. Without news it moves about a mean; a trader in a hurry
-- pushes it away, and it comes back. It is bought a few deviations below its mean with a limit order at the bid, so that the
-- spread is earned and not paid, and sold at the mean.
-- Risk: news. A probability that jumps does not come back: the stop is far away because the spread is wide, and an outcome
-- that is decided goes to 0 at once, past every stop. Near 0 and 1 nothing is bought, nor where the spread is wide.
--
-- Indicators: bollinger(period, deviations). Bars: those the configuration gives it; prices from 0 to 1.

strategy = {
  name = "polymarket_mean_reversion",
  description = "Buys an outcome below its band, sells it at the mean",
  warmup = 20,
  params = {
    period = { default = 20, min = 5, max = 500 },
    deviations = { default = 2, min = 0.5, max = 5 },
    lowest = { default = 0.1, min = 0, max = 0.5 }, -- probabilities outside are left alone
    highest = { default = 0.9, min = 0.5, max = 1 },
    max_spread = { default = 0.03, min = 0.001, max = 0.2 },
    max_loss = { default = 0.08, min = 0.005, max = 0.5 }, -- below the entry, in probability
    notional = { default = 1000, min = 0 }, -- quote units per entry
    max_quantity = { default = 5, min = 0 }, -- shares per entry
  },
  trial = { price = 0.5 },
  analyzing_timeout = 5,
}

local function spread_of(market_data)
  if not market_data.bid or not market_data.ask then
    return nil
  end
  return market_data.ask - market_data.bid
end

function detect_opportunity(market_data, context, indicators)
  local params, price = context.params, market_data.price
  if price < params.lowest or price > params.highest then
    return nil
  end
  local upper, middle, lower = indicators.bollinger(params.period, params.deviations)
  if middle and upper > lower and price < lower then
    return { signal = "oversold", confidence = math.min(1, (lower - price) / (upper - lower)), mean = middle }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  local params, spread = context.params, spread_of(market_data)
  if not spread or spread > params.max_spread then
    return { action = "cancel_analysis", reason = "the spread is too wide" }
  elseif context.mean - market_data.bid <= spread then
    return { action = "cancel_analysis", reason = "the way back is shorter than the spread" }
  end
  return {
    action = "enter_long",
    order_type = "limit",
    price = market_data.bid,
    quantity = math.min(params.notional / market_data.bid, params.max_quantity),
    stop_price = math.max(0.001, market_data.bid - params.max_loss),
  }
end

function manage_position(market_data, context, indicators)
  local _, middle = indicators.bollinger(context.params.period, context.params.deviations)
  if middle and market_data.price >= middle then
    return { action = "exit", price = market_data.price, reason = "back at its mean" }
  elseif market_data.price > context.params.highest then
    return { action = "exit", price = market_data.price, reason = "as good as decided" }
  end
  return nil
end
