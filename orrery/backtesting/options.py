"""What was typed after `orrery backtest`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.config.models import Config
from services.backtest.on_bad import OnBad


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was typed. loaded: the configuration, if one was asked for; its risk limits and instruments then apply."""

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
