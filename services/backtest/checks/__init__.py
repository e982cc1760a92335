"""Checks of strategies: whether they look into the future, and whether they remember where the data began."""
