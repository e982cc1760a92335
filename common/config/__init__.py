"""The configuration: its schema, how it is loaded and checked, and what follows from it."""
