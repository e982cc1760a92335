"""Market data: what a venue shows, turned into trades, quotes, books and bars on the bus."""
