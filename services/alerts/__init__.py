"""Alerts: what happens on the bus that somebody should know, told once, to whom it concerns."""
