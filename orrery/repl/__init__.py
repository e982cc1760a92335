"""`orrery repl`: a strategy tried on a data file or on a running stack, step by step, forward and back."""
