"""What was typed after `orrery backtest`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.config.models import Config
from services.backtest.on_bad import OnBad


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was typed. loaded: the configuration, if one was asked for; its risk limits and instruments then apply.

    tier: empty for what the data allow. timeframe: the bars that strategies get; empty for the data's, or the strategy's.
    spread: a fraction. latency_ms, response_latency_ms: to the venue and back; fill_model: empty for the tier's.
    warmup: bars before the start, None for as many as runners keep.
    """

    strategies: Sequence[Path]
    data: Sequence[Path]
    symbols: Sequence[str]
    start: str
    end: str
    cash: str
    fee: str
    slippage: str
    params: Sequence[str]
    loaded: Config | None
    mapping: Sequence[str] = ()
    on_bad: OnBad = OnBad.ERROR
    tier: str = ""
    timeframe: str = ""
    spread: str = "0"
    latency_ms: float = 0.0
    response_latency_ms: float = 0.0
    fill_model: str = ""
    warmup: int | None = None
    catalogue: Path = Path("data")
