"""The escape corpus: what strategies may try against the sandbox, and whether it holds."""
