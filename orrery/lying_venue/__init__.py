"""A venue for tests that times out, repeats, reorders, forgets, refuses and restarts, the same way for the same seed."""
