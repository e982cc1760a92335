"""Strategies and their runners: hears market data and answers of risk and execution, says what strategies want."""
