"""How a run is shown: a live table in a terminal, plain lines elsewhere."""
