-- ML signal: trade what a model says, when it is sure enough.
--
-- Idea: a model turns features of the closed bars (RSI, MACD, place in the bands, volume, returns …) into a signal, 1 for up,
-- -1 for down, 0 for neither, with its probability. The strategy enters when the probability is high, and leaves when the
-- model says the opposite or after a number of bars; the model's horizon is what that number should be.
-- Risk: a model knows the market it was trained on. It is sure of itself where it has never been, and its edge, if it had
-- one, wears off without a sign; the stop and the number of bars bound what one wrong answer costs, fees what many cost.
--
-- The model is that of the configuration: signal.model_path and signal.model_sha256; docs/models.md tells how one is made.
-- strategies/models/btcusdt_1s.onnx is an example, for bars of one second.
--
-- Indicators: model(). Bars: those the configuration gives it, of the length that the model was trained on.

strategy = {
  name = "ml_signal",
  description = "Trades the signal of a model while its probability is high",
  params = {
    threshold = { default = 0.6, min = 0, max = 1 }, -- least probability to enter
    hold_bars = { default = 10, min = 1, max = 100000 },
    allow_short = { default = false },
    notional = { default = 1000, min = 0 }, -- quote units per entry
    max_quantity = { default = 5, min = 0 }, -- base units per entry
  },
  stop_loss = 0.02,
  analyzing_timeout = 3,
}

function detect_opportunity(market_data, context, indicators)
  local signal, confidence = indicators.model()
  if not signal or confidence < context.params.threshold then
    return nil
  elseif signal > 0 or (signal < 0 and context.params.allow_short) then
    return { signal = signal > 0 and "bullish" or "bearish", confidence = confidence, bars_held = 0 }
  end
  return nil
end

function filter_commitment(market_data, context, indicators)
  local params, price = context.params, market_data.price
  return {
    action = context.signal == "bullish" and "enter_long" or "enter_short",
    price = price,
    quantity = math.min(params.notional / price, params.max_quantity),
  }
end

function manage_position(market_data, context, indicators)
  local signal, confidence = indicators.model()
  local against = context.position.side == "long" and -1 or 1
  context.bars_held = (context.bars_held or 0) + 1
  if context.bars_held >= context.params.hold_bars then
    return { action = "exit", price = market_data.price, reason = "held for its number of bars" }
  elseif signal == against and confidence >= context.params.threshold then
    return { action = "exit", price = market_data.price, reason = "the model says the opposite" }
  end
  return nil
end
