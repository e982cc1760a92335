"""What a backtest leaves behind: enough for metrics, report, comparison and proof; plain data, no behaviour."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from services.backtest.data_quality import QualityReport


class DataTier(StrEnum):
    """How much of the market the data shows, and so what a fill can and cannot know."""

    BARS = "bars"
    TRADES = "trades"
    QUOTES = "quotes"
    DEPTH = "depth"
    ORDERS = "orders"


class ClosedTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A round trip: from flat to flat, or to the other side. pnl is net of fees, quote currency."""

    runner: str
    strategy: str
    symbol: str
    side: str
    quantity: Decimal
    entry_ns: int
    entry_price: Decimal
    exit_ns: int
    exit_price: Decimal
    pnl: Decimal
    fees: Decimal
    bars_held: int
    entry_reason: str = ""
    exit_reason: str = ""


class EquityPoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The account at the end of a bar: equity and the part of it that is in positions, account currency."""

    time_ns: int
    equity: float
    exposure: float


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where the data came from: file name (no folder), its SHA-256, symbol, timeframe, first and last bar, policy notes.

    quality: what was found wrong with its bars and done about it; None where nobody looked.
    """

    file: str
    sha256: str
    symbol: str
    timeframe: str
    start_ns: int
    end_ns: int
    rows: int
    notes: tuple[str, ...] = ()
    quality: QualityReport | None = None


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One backtest. closes: (symbol -> closes at the equity points' times) for price charts and buy and hold.

    digest: over intents, decisions and reports in their order. On recorded events, events: how much market data was
    taken, and digests: one for each of these streams.
    """

    name: str
    tier: DataTier
    strategies: tuple[str, ...]
    params: dict[str, dict[str, float | int | str | bool]]
    settings: dict[str, str]
    provenance: tuple[Provenance, ...]
    initial_cash: Decimal
    final_equity: Decimal
    bars: int
    intents: int
    orders: int
    fills: int
    refusals: int
    fees: Decimal
    slippage_paid: Decimal
    turnover: Decimal
    trades: tuple[ClosedTrade, ...]
    equity: tuple[EquityPoint, ...]
    closes: dict[str, tuple[float, ...]]
    digest: str
    seconds: float
    bars_per_second: float
    is_complete: bool = True
    error: str = ""
    events: int = 0
    digests: dict[str, str] = {}
