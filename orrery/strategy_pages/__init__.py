"""The pages in docs/strategies: what each example strategy is, and what it did on recorded data."""
