"""Indicators on a file: computed by any of the implementations, and held against each other."""
