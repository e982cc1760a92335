"""Risk manager: the one owner of positions, stops and limits; nothing is ordered that it has not approved."""
