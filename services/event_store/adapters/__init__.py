"""The event store's files: writing, reading, verifying."""
