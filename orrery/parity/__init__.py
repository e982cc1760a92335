"""What `orrery parity` does: proves that the running stack and the backtester decide alike."""
