"""What `orrery risk` shows."""
