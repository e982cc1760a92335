"""What `orrery backtest` does: from options to a plan, from a result to what people read."""
