"""One file an engine: how it is given the bars and the strategy. Each runs in a process and an environment of its own."""
