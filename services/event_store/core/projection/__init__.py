"""The platform's state, folded from events: accounts, positions, orders, runners, markets; its bytes and SHA-256."""
