"""Recording: the running stack's market data, or a venue's raw frames, into files that can be replayed."""
