"""Execution's ways out of the process: bytes to venues and back."""
