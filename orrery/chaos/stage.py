"""What a chaos run is set up with: its configuration, its strategies, and whether a venue that lies stands at the end."""

from enum import StrEnum
from pathlib import Path
from typing import Final

from orrery.chaos.market import FAST_MARKET

STRATEGY: Final = Path(__file__).with_name("strategy.lua")
STYLES: Final = ("bracket", "resting", "triggered", "sized")
"""One runner for each, on each symbol."""


class VenueKind(StrEnum):
    """What execution trades on."""

    PAPER = "paper"
    LYING = "lying"


_COMMON: Final = f"""{FAST_MARKET}
max_notional_exposure = 10000000
trailing_stop_percent = 0.5
breakeven_percent = 0.3
max_holding_ms = 5000

[risk.sizing]
model = "risk_per_trade"
risk_percent = 0.02
volatility_sample_ms = 100

[[instruments]]
symbol = "AAAUSDT"
lot_size = 0.001

[[instruments]]
symbol = "BBBUSDT"
lot_size = 0.001

[engine]
durability = "power"
"""
"""Fast bars and small steps, so that orders are on their way at every moment; fsync, so that it can fail."""

_SIGNAL: Final = """max_errors = 1000
indicator_verify_every = 5
"""

_PAPER: Final = """
[execution]
fill_model = "queue"
"""
"""Who takes gets what is shown, who waits what is left behind those before him: most orders fill in parts."""

_LYING: Final = """
[execution]
venue = "gateway"
exchange_api_url = "{address}"
rate_limit_per_second = 1000
retry_delay_ms = 50
request_timeout_ms = 200
order_validity_ms = 300
reconcile_interval_ms = 500
"""

_STRATEGY: Final = """
[[strategies]]
name = "{style}"
script = "{script}"
params = {{ style = "{style}" }}
"""


def write_stage(folder: Path, venue: VenueKind, address: str) -> Path:
    """Write configuration and strategy file into a folder; return the configuration's path."""
    text = _COMMON.replace("update_interval_ms = 50\n", f"update_interval_ms = 50\n{_SIGNAL}")
    text += _PAPER if venue is VenueKind.PAPER else _LYING.format(address=address)
    text += "".join(_STRATEGY.format(style=style, script=STRATEGY.name) for style in STYLES)
    (folder / STRATEGY.name).write_text(STRATEGY.read_text())
    config = folder / "config.toml"
    config.write_text(text)
    return config
