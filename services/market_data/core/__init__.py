"""The pure part of the market-data service: frames and times in, messages and requests out."""
