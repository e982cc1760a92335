"""Orders and the venue from an operator's side: what an order would do, and whether venue and stack agree."""
