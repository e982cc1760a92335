-- What the stack trades while it is hurt: orders of every type, resting, amended, taken back; levels that are watched.
--
-- Idea: none; it shall trade much and in every way. Each decision is drawn by math.random, whose state is saved.
-- Risk: it loses money, and nobody should run it elsewhere.

strategy = {
  name = "chaos",
  description = "Every kind of order, by chance",
  warmup = 4,
  analyzing_timeout = 40,
  params = {
    style = "bracket", -- bracket, resting, triggered or sized
    quantity = { default = 8, min = 0 }, -- base units; more than is usually shown
    reach = { default = 0.002, min = 0 }, -- of the price: how far levels lie from the market
  },
}

local function entry(long, md, quantity)
  return { action = long and "enter_long" or "enter_short", quantity = quantity, price = md.close }
end

local styles = {}

-- Market entries with stop and target; some stops trail, some move to the entry price.
function styles.bracket(md, params, atr, long)
  local sign = long and 1 or -1
  local order = entry(long, md, params.quantity)
  order.stop_loss, order.take_profit = params.reach, params.reach * 1.5
  local drawn = math.random(3)
  if drawn == 1 then
    order.trailing_percent = params.reach * 100
  elseif drawn == 2 then
    order.trailing_atr, order.atr = 2, atr
  else
    order.breakeven_at = md.close * (1 + sign * params.reach / 2)
  end
  return order
end

-- Limit orders behind the market that rest, are changed and run out.
function styles.resting(md, params, atr, long)
  local order = entry(long, md, params.quantity)
  order.order_type, order.manage = "limit", true
  order.limit_price = md.close * (1 - (long and 1 or -1) * params.reach / 2)
  order.stop_loss, order.take_profit = params.reach * 2, params.reach * 2
  local drawn = math.random(4)
  if drawn == 1 then
    order.expires_in = 0.2 + math.random()
  elseif drawn == 2 then
    order.post_only = true
  elseif drawn == 3 then
    order.limit_price = md.close * (1 + (long and 1 or -1) * params.reach)
    order.time_in_force = math.random(2) == 1 and "ioc" or "fok"
  end
  return order
end

-- Orders that wait for a level.
function styles.triggered(md, params, atr, long)
  local order = entry(long, md, params.quantity)
  local sign = long and 1 or -1
  local beyond, behind = md.close * (1 + sign * params.reach / 2), md.close * (1 - sign * params.reach / 2)
  order.manage, order.expires_in = true, 1 + math.random()
  order.stop_loss, order.trailing_stop = params.reach, md.close * params.reach
  local drawn = math.random(5)
  if drawn == 1 then
    order.order_type, order.trigger_price = "stop", beyond
  elseif drawn == 2 then
    order.order_type, order.trigger_price, order.limit_price = "stop_limit", beyond, beyond * (1 + sign * params.reach)
  elseif drawn == 3 then
    order.order_type, order.trigger_price = "take_profit", behind
  elseif drawn == 4 then
    order.order_type, order.trigger_price, order.limit_price = "take_profit_limit", behind, behind
  else
    order.order_type, order.trail_percent = "trailing_stop", params.reach * 50
  end
  return order
end

-- Entries whose size risk decides.
function styles.sized(md, params, atr, long)
  local order = entry(long, md, nil)
  order.stop_loss, order.take_profit = params.reach, params.reach * 2
  order.risk, order.atr = 0.0001, atr
  return order
end

function detect_opportunity(market_data, context, indicators)
  if math.random(3) > 1 then
    return nil
  end
  return { signal = "drawn", asked = false, leaving = false }
end

function filter_commitment(market_data, context, indicators)
  local atr = indicators.atr(3)
  if not atr or atr <= 0 then
    return nil
  end
  local price = market_data.close
  if context.asked then -- an entry rests, and it said that it wants to be asked
    local drawn = math.random(8)
    if drawn == 1 then
      return { action = "cancel", reason = "drawn" }
    elseif drawn == 2 then
      local leg = context.orders and #context.orders == 2 and math.random(2) or nil
      return { action = "amend", leg = leg, quantity = context.params.quantity * (0.5 + math.random()) }
    elseif drawn == 3 and context.params.style == "resting" then
      return { action = "amend", price = price * (1 + (math.random() - 0.5) * context.params.reach) }
    end
    return { action = "hold" }
  end
  local style, long = styles[context.params.style], math.random(2) == 1
  local order = style(market_data, context.params, atr, long)
  context.asked = order.manage == true
  if context.params.style == "triggered" and math.random(3) == 1 then -- of two, to both sides or to one, the first cancels the other
    local other = style(market_data, context.params, atr, long == (math.random(3) == 1))
    return { action = "oco", manage = true, reason = "pair", orders = { order, other } }
  end
  return order
end

function manage_position(market_data, context, indicators)
  local price, reach, long = market_data.close, context.params.reach, context.position.side == "long"
  local sign = long and 1 or -1
  local drawn = math.random(16)
  if drawn == 1 then
    return { action = "exit", reason = "drawn" }
  elseif drawn == 2 then
    return { action = "exit_partial", quantity = context.position.quantity / 3, reason = "drawn" }
  elseif drawn == 3 then
    context.leaving = true
    return { action = "exit", order_type = "limit", limit_price = price * (1 + sign * reach), expires_in = 0.5 }
  elseif drawn == 10 and not context.order then
    context.leaving = true
    return { action = "oco", reason = "pair", orders = {
      { action = "exit", order_type = "limit", limit_price = price * (1 + sign * reach) },
      { action = "exit", order_type = "stop", trigger_price = price * (1 - sign * reach) },
    } }
  elseif drawn == 4 then
    context.leaving = true
    return { action = "exit_partial", quantity = context.position.quantity / 2, order_type = "stop",
      trigger_price = price * (1 - sign * reach) }
  elseif drawn == 5 then
    return { action = "update_stop", price = price * (1 - sign * reach * 2) }
  elseif drawn == 6 then
    return { action = "update_target", price = price * (1 + sign * reach * 2) }
  elseif drawn == 7 then
    return { action = "trailing_stop", fraction = reach }
  elseif drawn == 8 then
    return { action = "breakeven_stop" }
  elseif drawn == 9 and context.leaving then
    context.leaving = false
    return { action = "cancel", reason = "drawn" }
  end
  return nil
end
