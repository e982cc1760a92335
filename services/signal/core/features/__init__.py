"""Features: named numbers about the latest closed bars, the input of models."""
