"""The event store, code name Oracle: everything that happened, in one order, chained by hashes."""
