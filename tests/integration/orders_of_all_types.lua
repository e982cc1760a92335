-- Sends an order of each type in turn, moves what rests, and leaves by orders that rest; for parity tests.
strategy = { name = "all_types", timeframe = "1s", analyzing_timeout = 6 }

local KINDS = { "stop", "limit", "trailing_stop", "stop_limit", "market", "take_profit", "take_profit_limit" }

function detect_opportunity(market_data, context, indicators)
  context.turn = (context.turn or 0) + 1
  context.asked = 0
  return { signal = "next" }
end

local function order(kind, price, away)
  local answer = { quantity = 0.01, price = price, order_type = kind }
  if kind == "limit" then answer.price = price - away end
  if kind == "stop" or kind == "stop_limit" then answer.trigger_price = price + away end
  if kind == "take_profit" or kind == "take_profit_limit" then answer.trigger_price = price - away end
  if kind == "stop_limit" or kind == "take_profit_limit" then answer.limit_price = answer.trigger_price + math.abs(away) end
  if kind == "trailing_stop" then answer.trail = math.abs(away) * 2 end
  return answer
end

function filter_commitment(market_data, context, indicators)
  context.asked = context.asked + 1
  if context.asked == 1 then
    local answer = order(KINDS[context.turn % #KINDS + 1], market_data.close, 0.5)
    answer.action, answer.manage, answer.stop_loss, answer.trailing_percent = "enter_long", true, 0.002, 0.1
    if context.turn % 3 == 0 and answer.order_type ~= "market" then answer.expires_in = 2.5 end
    return answer
  end
  local resting = context.order
  if resting and resting.age == 2 then return { action = "amend", quantity = resting.quantity * 2 } end
  if context.asked == 6 then return { action = "cancel", reason = "late" } end
end

function manage_position(market_data, context, indicators)
  context.held = (context.held or 0) + 1
  local resting = context.order
  if resting and resting.kind == "exit" and resting.price and resting.age == 2 then
    return { action = "amend", price = resting.price + 0.5, reason = resting.order_type .. " " .. resting.filled }
  end
  if context.held % 4 == 1 then
    local answer = order(KINDS[context.held % #KINDS + 1], market_data.close, -0.5)
    answer.action = "exit"
    return answer
  end
  if context.held % 4 == 0 then return { action = "exit", reason = "long enough" } end
end
