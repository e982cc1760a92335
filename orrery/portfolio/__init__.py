"""The account as a portfolio of strategies: what it made, how its parts move together, and what share each should have."""
