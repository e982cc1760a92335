"""Other people's backtest engines beside ours: same bars, same strategy, same machine, same run (`make bench-peers`)."""
