"""What `orrery alerts` asks and shows."""
