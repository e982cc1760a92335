"""The market that stacks are tried in."""

FAST_MARKET = """
[data_source]
type = "simulated"

[data_source.simulated]
seed = 11
volatility = 0.001
tick_rate = 100
initial_price = 100

[market_data]
symbols = ["AAAUSDT", "BBBUSDT"]

[signal]
update_interval_ms = 50

[risk]
max_position_size = 1000
max_open_positions = 10
"""
"""Fast bars and small steps, so that orders are on their way at every moment; further keys of `[risk]` may follow."""
