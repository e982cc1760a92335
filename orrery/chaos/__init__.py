"""Chaos: a running stack through kills, stops, bad networks, full disks and wrong clocks; then everything must add up."""
