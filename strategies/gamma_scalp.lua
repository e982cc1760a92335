-- Gamma scalp: hold an option, trade its underlying against its delta.
--
-- Idea: who holds options gains from movement, whichever way (gamma): as the underlying rises, delta rises, and the hedge sells
-- more of it; as it falls, the hedge buys back. Each round sells high and buys low. The options are bought elsewhere; this
-- strategy runs on the underlying and keeps its position near minus `contracts` times the delta of `option`. It hedges anew
-- when delta has gone further than `band`, or when the gain that gamma brought would be larger than `band_gain`.
-- Risk: time. The option loses value every day (theta), and a market that moves less than its implied volatility says does not
-- pay for that. Greeks are those of the venue and end with its data: without them nothing new is hedged. A runner cannot add to a
-- position: to hedge more it closes and opens anew, which pays fee and spread twice. A narrow band pays fees for noise.
--
-- Greeks: delta, gamma of `option`, from the market data (docs/strategies.md). Bars: those the configuration gives it.

strategy = {
  name = "gamma_scalp",
  description = "Keeps an option's delta hedged with its underlying",
  greeks = "option",
  params = {
    option = { default = "" }, -- symbol of the option; "" where it is the runner's own
    contracts = { default = 1, min = 0, max = 10000 }, -- options held, each on one unit of the underlying
    band = { default = 0.05, min = 0.001, max = 1 }, -- change of delta, per option, that is let pass
    band_gain = { default = 0, min = 0, max = 1000000 }, -- quote units per option at which gamma is taken; 0: never
    smallest = { default = 0.01, min = 0, max = 1000 }, -- base units below which nothing is traded
    max_quantity = { default = 5, min = 0 }, -- base units of the hedge
  },
  analyzing_timeout = 3,
}

-- Return the position that hedges the options, base units, negative when short; nil without greeks.
local function wanted(market_data, params)
  local delta = market_data.delta
  if not delta then
    return nil
  end
  local quantity = -params.contracts * delta
  return math.max(-params.max_quantity, math.min(params.max_quantity, quantity))
end

-- Return whether the hedge is far enough off: by delta, or by what gamma has brought since.
local function is_off(market_data, params, missing)
  if math.abs(missing) >= params.band * params.contracts then
    return true
  end
  local gamma = market_data.gamma
  if params.band_gain == 0 or not gamma or gamma <= 0 then
    return false
  end
  local move = missing / (params.contracts * gamma)
  return 0.5 * gamma * move * move >= params.band_gain
end

function detect_opportunity(market_data, context, indicators)
  local params = context.params
  if market_data.symbol == params.option then
    return nil -- an option is not hedged with itself
  end
  local target = wanted(market_data, params)
  if target and params.contracts > 0 and math.abs(target) >= math.max(params.smallest, params.band * params.contracts) then
    return { signal = target > 0 and "bullish" or "bearish", confidence = 1 }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  local target = wanted(market_data, context.params)
  if not target or math.abs(target) < context.params.smallest then
    return { action = "cancel_analysis", reason = "nothing to hedge" }
  end
  return {
    action = target > 0 and "enter_long" or "enter_short",
    price = market_data.price,
    quantity = math.abs(target),
    reason = string.format("delta %.3f", market_data.delta),
  }
end

function manage_position(market_data, context, indicators)
  local params, position = context.params, context.position
  local target = wanted(market_data, params)
  if not target then
    return nil
  end
  local held = position.side == "long" and position.quantity or -position.quantity
  local missing = target - held
  if math.abs(missing) < params.smallest or not is_off(market_data, params, missing) then
    return nil
  end
  local reason = string.format("delta %.3f", market_data.delta)
  if target * held > 0 and math.abs(target) < math.abs(held) and math.abs(target) >= params.smallest then
    return { action = "exit_partial", quantity = math.abs(missing), reason = reason }
  end
  return { action = "exit", price = market_data.price, reason = reason }
end
