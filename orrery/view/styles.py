"""Colours of the terminal, by meaning."""

DIM = "grey58"
BORDER = "grey37"
LABEL = "cyan"
GAIN, LOSS = "green", "red"
WARN, BAD = "yellow", "bold red"

_STATE_STYLES = {
    "ready": GAIN,
    "live": GAIN,
    "in_position": GAIN,
    "starting": WARN,
    "restarting": WARN,
    "analyzing": WARN,
    "resyncing": WARN,
    "degraded": WARN,
    "stale": LOSS,
    "disconnected": LOSS,
    "failed": BAD,
    "unreachable": BAD,
    "paused": BAD,
}


def state_style(state: str) -> str:
    """Return the style of a state's name, dim for one that says nothing."""
    return _STATE_STYLES.get(state, DIM)


def signed_style(value: float | None) -> str:
    """Return the style of an amount by its sign."""
    if not value:
        return ""
    return GAIN if value > 0 else LOSS
