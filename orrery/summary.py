"""From the statuses of the services to what a run comes to: the one place that knows their keys.

A service that is down keeps the figures it gave last. Counters are those since the run began; P&L, positions and prices
are of the account and the market as they are.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from orrery.counting import JournaledTotal, ProcessTotal, Total

MONEY_DIGITS = 8
READY = "ready"
IDLE, PAUSED, WARMING = "idle", "paused", "warming"


class ServiceLine(msgspec.Struct, kw_only=True):
    """One service in the summary. last_message_age_ms: since its last input, None before the first."""

    state: str
    restarts: int = 0
    last_message_age_ms: int | None = None
    uptime_ms: int | None = None
    pid: int | None = None
    detail: str = ""

    @property
    def trouble(self) -> str:
        """Return state and reason of a service that is not ready; empty if it is."""
        if self.state == READY:
            return ""
        return f"{self.state}: {self.detail}" if self.detail else self.state


class MarketLine(msgspec.Struct, kw_only=True):
    """One symbol as market data has it."""

    state: str = ""
    bid: float | None = None
    ask: float | None = None
    quotes: int = 0
    trades: int = 0
    bars: int = 0
    gaps: int = 0
    resyncs: int = 0
    crossed: int = 0
    missed_trades: int = 0
    book_ticker_checks: int = 0
    book_ticker_mismatches: int = 0


class PositionLine(msgspec.Struct, kw_only=True):
    """What a runner holds. Quantities in base units, money in the quote currency."""

    runner: str
    symbol: str
    quantity: float
    average_price: float
    realised_pnl: float
    unrealised_pnl: float


class RunnerLine(msgspec.Struct, kw_only=True):
    """A strategy on a symbol. state: of its state machine, or paused, or warming while it lacks bars."""

    state: str
    bars: int = 0
    decisions: int = 0
    errors: int = 0
    last_error: str = ""


class Summary(msgspec.Struct, kw_only=True):
    """What a run came to. P&L and equity in the account's currency; cash and fees by currency; `exact` as decimal texts.

    trading: active, reducing or halted, as risk has it; in_the_way: why entries are refused, by the reason's name.
    """

    ticks: int = 0
    bars: int = 0
    intents: int = 0
    orders: int = 0
    refusals: int = 0
    fills: int = 0
    realised_pnl: float = 0.0
    unrealised_pnl: float = 0.0
    equity: float | None = None
    services: dict[str, ServiceLine] = {}
    duration_s: float = 0.0
    startup_s: float | None = None
    refusals_by_reason: dict[str, int] = {}
    positions: list[PositionLine] = []
    market: dict[str, MarketLine] = {}
    runners: dict[str, RunnerLine] = {}
    cash: dict[str, float] = {}
    fees: dict[str, float] = {}
    exact: dict[str, str] = {}
    trading: str = ""
    in_the_way: dict[str, str] = {}


MARKET_COUNTERS = tuple(
    field.name for field in msgspec.structs.fields(MarketLine) if field.name not in {"state", "bid", "ask"}
)
"""What a market line counts; it goes on over restarts of market data."""


class Tally:
    """Takes statuses as they come and sums them up."""

    def __init__(self, *, since_the_beginning: bool = False) -> None:
        """Count from the first status on, or, `since_the_beginning`, all that the services' journals hold."""
        journaled = ProcessTotal if since_the_beginning else JournaledTotal
        self._latest: dict[str, Mapping[str, Any]] = {}
        self._totals: dict[tuple[str, str], Total] = {
            (MARKET_DATA, "ticks"): ProcessTotal(),
            (MARKET_DATA, "bars"): ProcessTotal(),
            (SIGNAL, "intents"): journaled(),
            (RISK_MANAGER, "approved"): journaled(),
            (RISK_MANAGER, "protective_exits"): journaled(),
            (RISK_MANAGER, "refused"): journaled(),
            (EXECUTION, "fills"): journaled(),
        }
        self._market_totals: dict[str, dict[str, ProcessTotal]] = {}
        self._refused_before: Mapping[str, int] | None = {} if since_the_beginning else None

    def take(self, service: str, status: Mapping[str, Any]) -> None:
        """Learn a service's latest status."""
        self._latest[service] = status
        core = self._core(service)
        for (owner, key), total in self._totals.items():
            if owner == service and key in core:
                total.take(core[key])
        if service == MARKET_DATA:
            self._take_market(core.get("symbols", {}))
        if service == RISK_MANAGER and self._refused_before is None:
            self._refused_before = dict(core.get("refusals", {}))

    def is_finished(self) -> bool:
        """Return whether market data says that its recording is played."""
        return bool(self._latest.get(MARKET_DATA, {}).get("finished", False))

    def orders_on_their_way(self) -> int:
        """Return how many intents are undecided, approved orders not taken by execution and fills not booked by risk."""
        decided = self._count(RISK_MANAGER, "approved") + self._count(RISK_MANAGER, "refused")
        approved = self._count(RISK_MANAGER, "approved") + self._count(RISK_MANAGER, "protective_exits")
        undecided = self._count(SIGNAL, "intents") - decided
        untaken = approved - self._count(EXECUTION, "orders")
        unbooked = self._count(EXECUTION, "fills") - self._count(RISK_MANAGER, "fills")
        return max(0, undecided) + max(0, untaken) + max(0, unbooked)

    def summary(self, services: dict[str, ServiceLine]) -> Summary:
        """Return the sums, with these lines for the services."""
        risk, symbols = self._core(RISK_MANAGER), self._core(MARKET_DATA).get("symbols", {})
        money = {key: str(risk[key]) for key in ("realised_pnl", "unrealised_pnl", "equity") if key in risk}
        return Summary(
            ticks=self._total(MARKET_DATA, "ticks"),
            bars=self._total(MARKET_DATA, "bars"),
            intents=self._total(SIGNAL, "intents"),
            orders=self._total(RISK_MANAGER, "approved") + self._total(RISK_MANAGER, "protective_exits"),
            refusals=self._total(RISK_MANAGER, "refused"),
            fills=self._total(EXECUTION, "fills"),
            realised_pnl=_number(money.get("realised_pnl", "0")),
            unrealised_pnl=_number(money.get("unrealised_pnl", "0")),
            equity=_number(money["equity"]) if "equity" in money else None,
            services=services,
            refusals_by_reason=self._refusals(),
            positions=[_position(position) for position in risk.get("positions", ())],
            market={symbol: self._market_line(symbol, desk) for symbol, desk in symbols.items()},
            runners={str(line["id"]): _runner(line) for line in self._core(SIGNAL).get("runners", ())},
            cash=_numbers(risk.get("cash", {})),
            fees=_numbers(risk.get("fees", {})),
            exact=money,
            trading=str(risk.get("trading", "")),
            in_the_way=dict(risk.get("in_the_way", {})),
        )

    def _take_market(self, symbols: Mapping[str, Mapping[str, Any]]) -> None:
        for symbol, desk in symbols.items():
            totals = self._market_totals.setdefault(symbol, {key: ProcessTotal() for key in MARKET_COUNTERS})
            for key, total in totals.items():
                total.take(desk.get(key, 0))

    def _market_line(self, symbol: str, desk: Mapping[str, Any]) -> MarketLine:
        totals = {key: total.value for key, total in self._market_totals[symbol].items()}
        return MarketLine(state=desk.get("state", ""), bid=desk.get("bid"), ask=desk.get("ask"), **totals)

    def _core(self, service: str) -> Mapping[str, Any]:
        core: Mapping[str, Any] = self._latest.get(service, {}).get("core", {})
        return core

    def _count(self, service: str, key: str) -> int:
        return int(self._core(service).get(key, 0))

    def _total(self, service: str, key: str) -> int:
        total: int = self._totals[service, key].value
        return total

    def _refusals(self) -> dict[str, int]:
        before = self._refused_before or {}
        now = self._core(RISK_MANAGER).get("refusals", {})
        fresh = {reason: count - before.get(reason, 0) for reason, count in now.items()}
        return {reason: count for reason, count in fresh.items() if count}


def _number(text: str) -> float:
    return round(float(text), MONEY_DIGITS)


def _numbers(texts: Mapping[str, str]) -> dict[str, float]:
    return {name: _number(text) for name, text in texts.items()}


def _position(position: Mapping[str, Any]) -> PositionLine:
    figures = ("quantity", "average_price", "realised_pnl", "unrealised_pnl")
    return PositionLine(
        runner=position["runner"],
        symbol=position["symbol"],
        **{name: _number(position[name]) for name in figures},
    )


def _runner(line: Mapping[str, Any]) -> RunnerLine:
    state = str(line["state"])
    if line["paused"]:
        state = PAUSED
    elif state == IDLE and line["bars"] < line["warmup"]:
        state = WARMING
    counts = {name: line[name] for name in ("bars", "decisions", "errors")}
    return RunnerLine(state=state, last_error=str(line["last_error"] or ""), **counts)
