-- A strategy to start from: copy this file, give it a name, replace the three functions.
--
-- A runner is one strategy on one symbol. It is in one of three states, and each state asks one function at each update
-- (a closed bar):
--
--   Idle        detect_opportunity   nil, or a table that becomes the context      -> Analyzing
--   Analyzing   filter_commitment    nil (asked again), an entry, or cancel        -> InPosition or Idle
--   InPosition  manage_position      nil, or what to do with the position          -> Idle, when it is closed
--
-- market_data: symbol, timestamp (seconds since 1970 UTC), open, high, low, close, volume, bid, ask, price,
--   time_since_open() (seconds since 00:00 UTC). bid and ask are nil before the first quote.
-- indicators: ema(n), sma(n), rsi(n), macd(fast, slow, signal) -> macd, signal, histogram,
--   bollinger(n, k) -> upper, middle, lower, atr(n), stddev(n); highest(n), lowest(n), avg_volume(n) of the n bars
--   before this one. Each is nil until it has seen enough bars: look before you compare. Each takes a timeframe and a symbol
--   behind its parameters, ema(20, "1h"), ema(20, "1h", "ETHUSDT"), "" for its own timeframe; bar("1h") is the latest closed
--   bar: open, high, low, close, volume, timestamp. Only bars that ended by now are seen.
-- context: params; position (nil when flat, else side, quantity, entry_price, pnl, stop, target); order (nil when none
--   rests, else kind, side, order_type, quantity, filled, price, trigger_price, age, cancelling); account (currency, cash,
--   realised_pnl, fees, open_positions); what detect_opportunity returned; and whatever you put there yourself: numbers,
--   strings, booleans and tables of these, kept over restarts.
--
-- Check it with: orrery validate --strategy strategies/template.lua

strategy = {
  name = "template",
  description = "Enters above a moving average, leaves below it",

  -- timeframe = "5m",             -- bars; left out, the configuration decides
  -- symbols = { "BTCUSDT" },      -- where the configuration names none
  -- series = { { timeframe = "1h" }, { symbol = "ETHUSDT" } }, -- other series it reads; most are found without
  warmup = 20, -- bars before the first question

  -- What the configuration may override, with bounds.
  params = {
    period = { default = 20, min = 2, max = 500 },
    notional = { default = 1000, min = 0 }, -- quote units per entry
    max_quantity = { default = 5, min = 0 }, -- base units per entry
  },

  stop_loss = 0.02, -- fractions of the entry price; the risk manager watches them on every quote
  take_profit = 0.04,
  analyzing_timeout = 5, -- updates after which Analyzing is given up; limit entries are cancelled after as many
  -- evaluate_on = { in_position = "tick" },  -- ask on every quote in that state; "bar" is the rule
  -- tick_interval_ms = 500,                  -- but not more often than this
}

-- Is there something worth a closer look? Any keys may be returned; they can be read from context afterwards.
function detect_opportunity(market_data, context, indicators)
  local average = indicators.sma(context.params.period)
  if not average then
    return nil
  end
  if market_data.close > average then
    return { signal = "bullish", confidence = 0.5, average = average }
  end
  return nil
end

-- Shall we commit? Return nil to wait for the next update.
function filter_commitment(market_data, context, indicators)
  if market_data.close < context.average then
    return { action = "cancel_analysis", reason = "fell back below the average" }
  end
  local price = market_data.price
  return {
    action = "enter_long", -- or "enter_short"
    price = price, -- what you saw; the order itself is a market order
    quantity = math.min(context.params.notional / price, context.params.max_quantity),
    -- Left out, the risk manager sizes the entry by its [risk.sizing]; then these help, if it has use for them:
    -- risk = 0.01,                -- share of the equity to lose at the stop, never more than the configuration allows
    -- atr = indicators.atr(14),   -- a typical move of the price
    -- order_type = "limit",       -- then `price` is the limit
    -- stop_price = price * 0.98,  -- levels of this entry, in place of stop_loss and take_profit above
    -- target_price = price * 1.04,
  }
end

-- What shall become of the position? Also: { action = "exit_partial", quantity = .. }, { action = "update_stop", price = .. },
-- { action = "update_target", price = .. }, { action = "trailing_stop", fraction = 0.01 }, { action = "breakeven_stop" }.
function manage_position(market_data, context, indicators)
  local average = indicators.sma(context.params.period)
  if average and market_data.close < average then
    return { action = "exit", price = market_data.price, reason = "closed below the average" }
  end
  return nil
end
