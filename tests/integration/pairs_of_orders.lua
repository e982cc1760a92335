-- Enters by a straddle or by a pair of one side, changes one of it, and leaves by a pair; for parity tests.
strategy = { name = "pairs", timeframe = "1s", analyzing_timeout = 5 }

function detect_opportunity(market_data, context, indicators)
  context.turn, context.asked = (context.turn or 0) + 1, 0
  return { signal = "next" }
end

function filter_commitment(market_data, context, indicators)
  context.asked = context.asked + 1
  local price, away = market_data.close, 0.3 + context.turn % 3 * 0.4
  if context.asked == 1 then
    local up = { action = "enter_long", order_type = "stop", trigger_price = price + away, quantity = 0.01, stop_loss = 0.002 }
    local down = { action = "enter_short", order_type = "stop", trigger_price = price - away, quantity = 0.02 }
    if context.turn % 4 == 0 then
      down = { action = "enter_long", order_type = "limit", price = price - away, quantity = 0.02, post_only = true }
    end
    return { action = "oco", manage = true, orders = { up, down } }
  end
  local pair = context.orders
  if pair and #pair == 2 and pair[1].age == 2 then
    return { action = "amend", leg = 2, quantity = 0.03 }
  end
  if context.asked == 5 and context.turn % 2 == 0 then return { action = "cancel", reason = "late" } end
end

function manage_position(market_data, context, indicators)
  context.held = (context.held or 0) + 1
  local sign = context.position.side == "long" and 1 or -1
  if not context.order and context.held % 3 ~= 0 then
    return { action = "oco", reason = "out", orders = {
      { action = "exit", order_type = "limit", price = market_data.close + sign * 0.4 },
      { action = "exit", order_type = "stop", trigger_price = market_data.close - sign * 0.4 },
    } }
  end
  if context.held % 7 == 0 then return { action = "exit", reason = "long enough" } end
end
