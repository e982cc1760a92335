"""What to run a backtest on and with: everything that decides its outcome, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from common.config.models import ExecutionSection, RiskSection
from common.instruments import DEFAULT_STEP, Instrument, Instruments
from common.messages import ExternalSignal
from common.timeframes import timeframe_ns
from services.backtest.bars_table import BarTable
from services.backtest.result import Provenance
from services.backtest.ticks import tick_notes, tick_of
from services.signal.core.host import HostFactory
from services.signal.core.reads import where_series
from services.signal.core.roster import SignalLimits
from services.signal.core.spec import RunnerSpec, SeriesKey, StrategySpec

WARMUP_BARS_MAX = 1_000
"""Bars before the start that indicators are fed with, at most: as many as a runner keeps."""


class Steps(StrEnum):
    """How a run goes through bars at which nothing happens; what it finds is the same."""

    SPAN = "span"
    """Many at once, inside the strategy's host, where there is one runner; else one by one."""
    BAR = "bar"
    """One by one, as messages."""


class PlanError(ValueError):
    """Nothing can be run by this plan; the text says what was expected and what was found."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One account: tables of bars, one a symbol; strategies, each on every symbol unless its file names some.

    start_ns, end_ns: trade on bars that begin in between; None is where the data begins or ends. Up to WARMUP_BARS_MAX
    bars before the start feed the indicators, and as many as are declared where a strategy reads other series. shows_all: show quotes that nobody can act on, too.
    signals: from outside the market, in the order of their times. Risk's initial_cash is the account, in the symbols' quote currency.

    Raises:
        PlanError: no bars, no strategy, two of one name, or symbols of several quote currencies.
    """

    name: str
    tables: tuple[BarTable, ...]
    strategies: tuple[StrategySpec, ...]
    make_host: HostFactory
    risk: RiskSection = field(default_factory=RiskSection)
    execution: ExecutionSection = field(default_factory=ExecutionSection)
    instruments: tuple[Instrument, ...] = ()
    limits: SignalLimits = field(default_factory=SignalLimits)
    provenance: tuple[Provenance, ...] = ()
    start_ns: int | None = None
    end_ns: int | None = None
    settings: dict[str, str] = field(default_factory=dict)
    shows_all: bool = False
    steps: Steps = Steps.SPAN
    signals: tuple[ExternalSignal, ...] = ()

    def __post_init__(self) -> None:
        _refuse_twice("symbol", [table.symbol for table in self.tables])
        _refuse_twice("strategy", [strategy.name for strategy in self.strategies])
        if not self.strategies:
            raise PlanError("expected a strategy, found none")
        for table in self.traded:
            if not len(table):
                raise PlanError(f"{table.symbol}: expected bars between start and end, found none")
        self.currency  # noqa: B018 - raises where the symbols have several
        if not self.runners:
            raise PlanError(f"expected a strategy for {', '.join(self.symbols)}, found none")
        for runner in self.runners:
            for key in runner.other_series:
                self.check_series(runner, key)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the symbols, in the order of the tables."""
        return tuple(table.symbol for table in self.tables)

    def check_series(self, runner: RunnerSpec, key: SeriesKey) -> None:
        """Raise PlanError if a series that a runner reads cannot be made of the data."""
        symbol, timeframe = key
        table = next((table for table in self.tables if table.symbol == symbol), None)
        if table is None:
            text = f"expected a symbol that there are bars of ({', '.join(self.symbols)}), found {symbol}"
            raise PlanError(f"{where_series(runner, key)}: {text}")
        if timeframe_ns(timeframe) % table.length_ns:
            text = (
                f"expected a multiple of {table.timeframe}, which the data of {symbol} are bars of, found {timeframe}"
            )
            raise PlanError(f"{where_series(runner, key)}: {text}")

    @cached_property
    def longer(self) -> tuple[SeriesKey, ...]:
        """Return the series that are read and must be made of shorter bars."""
        there = {(table.symbol, table.timeframe) for table in self.tables}
        read = dict.fromkeys(key for runner in self.runners for key in runner.other_series)
        return tuple(key for key in read if key not in there)

    @cached_property
    def reads_others(self) -> bool:
        """Return whether a runner reads another series than its own."""
        return any(runner.other_series for runner in self.runners)

    @cached_property
    def traded(self) -> tuple[BarTable, ...]:
        """Return the bars that are traded on."""
        return tuple(table.between(self.start_ns, self.end_ns) for table in self.tables)

    @cached_property
    def fed(self) -> tuple[BarTable, ...]:
        """Return the bars that strategies hear: those traded on, with the warm-up before them."""
        return tuple(self._fed(table) for table in self.tables)

    def _fed(self, table: BarTable) -> BarTable:
        behind = len(table.between(None, self.end_ns))
        first = behind - len(table.between(self.start_ns, self.end_ns))
        most = min(WARMUP_BARS_MAX, self.limits.window)
        if self.reads_others:
            most = max(most, *(strategy.warmup for strategy in self.strategies))
        return table.rows(max(0, first - most), behind)

    @property
    def facts(self) -> Instruments:
        """Return the instruments; a symbol whose quote currency nobody knows is quoted in the account's.

        One that is not configured has a finer tick than usual where its prices are too small for that.
        """
        known = Instruments(self.instruments)
        configured = set(known)
        for table in self.tables:
            instrument = known[table.symbol]
            tick = instrument.tick_size if table.symbol in configured else tick_of(table, DEFAULT_STEP)
            known[table.symbol] = Instrument(
                symbol=instrument.symbol,
                base=instrument.base,
                quote=instrument.quote or self.risk.account_currency,
                tick_size=tick,
                lot_size=instrument.lot_size,
                min_notional=instrument.min_notional,
            )
        return known

    @property
    def tick_notes(self) -> list[str]:
        """Return notes on symbols that are not configured and whose prices are very small."""
        configured = {instrument.symbol for instrument in self.instruments}
        lowest = {table.symbol: float(table.low.min()) for table in self.tables if table.symbol not in configured}
        return tick_notes(self.facts, lowest, DEFAULT_STEP)

    @property
    def currency(self) -> str:
        """Return the quote currency of all symbols, which is the account's; raises PlanError where there are several."""
        facts = self.facts
        found = sorted({facts[symbol].quote for symbol in self.symbols})
        if len(found) != 1:
            raise PlanError(f"expected symbols of one quote currency, found {', '.join(found) or 'no symbol'}")
        return found[0]

    @property
    def runners(self) -> list[RunnerSpec]:
        """Return the runners: strategies in their order, each on its symbols; bars are those of the data."""
        facts = self.facts
        return [
            RunnerSpec(
                strategy=strategy, symbol=table.symbol, timeframe=table.timeframe, currency=facts[table.symbol].quote
            )
            for strategy in self.strategies
            for table in self.tables
            if not strategy.symbols or table.symbol in strategy.symbols
        ]

    @property
    def initial_cash(self) -> Decimal:
        """Return what the account begins with."""
        return self.risk.initial_cash


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PlanError(f"{what}: expected each once, found {', '.join(twice)} again")
