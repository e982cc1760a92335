"""The report of a backtest: one HTML file that holds everything it shows and opens without a network."""

from services.backtest.report.page import render

__all__ = ["render"]
