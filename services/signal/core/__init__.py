"""The pure part of the signal service: indicators, state machine, runners."""
