"""Where strategies live: one module for each language."""
