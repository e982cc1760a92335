"""Execution: takes approved orders to the venue and tells what became of them."""
