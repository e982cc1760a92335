"""The signal service's ways to the world: operators who ask, and processes that check strategy files."""
