"""What a reader of data files is told: whose data, which part of it, under which names, and how strict to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.backtest.quality import OnBad


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """symbol: empty for the only one in the file. mapping: our column's name to the file's. timeframe: empty to infer it.

    start_ns: the first moment wanted; end_ns: the first no longer wanted; None does not limit.
    """

    symbol: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    start_ns: int | None = None
    end_ns: int | None = None
    timeframe: str = ""
    on_bad: OnBad = OnBad.ERROR
