"""Data files that people have: CSV, Parquet, Feather, JSON Lines, read into bars, trades and quotes."""
