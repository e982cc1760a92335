"""Runners in worker processes of the signal service: shared out, watched, brought back when they hang or die."""
