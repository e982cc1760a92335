"""Kept backtests: each a folder under `<data_dir>/backtests`, to be listed, shown and compared."""
