"""From the options of `orrery backtest` to a run on recorded events, and the run itself."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from common.config.instruments import instruments_of
from common.config.models import Config, ExecutionSection, MarketDataSection, RiskSection
from common.instruments import DEFAULT_STEP, Instrument, Instruments
from common.messages import BookSnapshot, BookUpdate, QueueMoved, Quote
from common.timeframes import timeframe_ns
from orrery.backtesting.inputs import execution_of, range_of, risk_of, settings_of, strategies_of
from orrery.backtesting.options import Options
from orrery.backtesting.remarks import Shown, lacking, noted, reads_more
from orrery.data.event_source import EventFile, EventSource, Timed
from orrery.data.kinds import Held
from orrery.data.names import same_symbol
from orrery.data.options import ReadOptions, mapping_of
from orrery.errors import CommandLineError
from services.backtest.event_plan import EventPlan
from services.backtest.events import Progress, run_events
from services.backtest.plan import PlanError
from services.backtest.report.indicators import BarTap
from services.backtest.result import DataTier, RunResult
from services.backtest.ticks import tick_notes
from services.signal.core.reads import where_series
from services.signal.core.roster import SignalLimits
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.lua import lua_factory
from services.signal.loading import limits_of

NEVER_MS: Final = 10**12
"""Thirty years: without a configuration no silence of the recording counts as staleness."""
NS_PER_MS: Final = 1_000_000
DEFAULT_TIMEFRAME: Final = "1m"
USUAL_TIMEFRAMES: Final = ("1m", "5m", "15m", "1h", "4h", "1d", "1w")
MODELS: Final[Mapping[DataTier, str]] = {
    DataTier.TRADES: "trades", DataTier.QUOTES: "touch", DataTier.DEPTH: "queue", DataTier.ORDERS: "orders",
}  # fmt: skip
"""How fills are made on a tier, if nothing else is said."""


@dataclass(frozen=True)
class EventRun:
    """A plan, and the events that it runs on. tap: the bars among them, once it has run. configured: symbols by instrument."""

    plan: EventPlan
    source: EventSource
    tap: BarTap = field(default_factory=BarTap)
    configured: frozenset[str] = frozenset()

    def run(self, progress: Progress | None = None) -> RunResult:
        """Return the result, with where its data came from."""
        shown, events = Shown(), self.tap.watch(self.events())
        seen = shown.watch(events) if reads_more(self.plan.runners) else events
        result = run_events(self.plan, seen, progress, require=self.source.require)
        lengths = {runner.symbol: runner.timeframe for runner in reversed(self.plan.runners)}
        provenance = tuple(each.provenance(lengths.get(next(iter(each.symbols), ""), "")) for each in self.source.files)
        facts = self.plan.instruments
        lowest = {
            symbol: min((close for close in closes if close > 0), default=math.inf)
            for symbol, closes in result.closes.items()
            if symbol not in self.configured
        }
        notes = [*tick_notes(facts, lowest, DEFAULT_STEP), *lacking(self.plan.runners, shown)]
        return msgspec.structs.replace(result, provenance=noted(provenance, notes))

    def events(self) -> Iterator[Timed]:
        """Yield what the cores are told, from the first event on: (time, message)."""
        events = self.source.events()
        if self.plan.tier is not DataTier.TRADES:
            return events
        hidden = (Quote, BookSnapshot, BookUpdate, QueueMoved)
        return ((at_ns, message) for at_ns, message in events if not isinstance(message, hidden))


def model_of(options: Options, tier: DataTier) -> str:
    """Return how fills are made: as was asked for, else as the configuration says, else as the tier allows."""
    if options.fill_model:
        return options.fill_model
    if options.tier or options.loaded is None or tier is DataTier.TRADES:
        return MODELS[tier]
    return options.loaded.execution.fill_model


def tier_of_fills(options: Options, tier: DataTier) -> DataTier:
    """Return the tier to name: of data that show more than the fill model looks at, only as much as it looks at."""
    looked_at = next((found for found, model in MODELS.items() if model == model_of(options, tier)), DataTier.DEPTH)
    return min(tier, looked_at, key=list(DataTier).index)


def make_event_run(options: Options, held: Sequence[Held], tier: DataTier) -> EventRun:
    """Return a run on files of events.

    Raises:
        CommandLineError: an option, a data file or a strategy file cannot be used.
    """
    tier = tier_of_fills(options, tier)
    files = [_file(each, options, number) for number, each in enumerate(held)]
    symbols = list(dict.fromkeys(symbol for each in files for symbol in each.symbols))
    strategies, config = strategies_of(options), options.loaded
    start_ns, end_ns = range_of(options)
    facts, gap_ns = _facts(options, symbols), max((each.usual_gap_ns for each in files), default=0)
    runners = [
        RunnerSpec(
            strategy=spec, symbol=symbol, timeframe=_timeframe(options, spec, gap_ns), currency=facts[symbol].quote
        )
        for spec in strategies
        for symbol in symbols
        if not spec.symbols or symbol in spec.symbols
    ]
    for runner in runners:
        _check_series(runner, symbols)
    try:
        plan = EventPlan(
            name="+".join(spec.name for spec in strategies),
            runners=runners,
            make_host=lua_factory(limits_of((config or Config()).signal)),
            tier=tier,
            risk=_risk(options, facts, symbols),
            execution=_execution(options, tier),
            instruments=facts,
            limits=SignalLimits() if config is None else SignalLimits(config.signal.max_errors, config.signal.window),
            start_ns=start_ns,
            end_ns=end_ns,
            trade_spread=float(options.spread or 0) if tier is DataTier.TRADES else None,
            settings=_settings(options, tier),
        )
    except PlanError as error:
        raise CommandLineError(f"backtest: {error}") from error
    section = _market_data(options, has_trades=any(each.held.has_trades for each in files))
    configured = frozenset() if config is None else frozenset(instruments_of(config))
    return EventRun(plan, EventSource(files, section, plan.required_bars), configured=configured)


def _check_series(runner: RunnerSpec, symbols: Sequence[str]) -> None:
    for key in runner.other_series:
        if key[0] not in symbols:
            text = (
                f"expected a symbol of the data ({', '.join(symbols)}), found {key[0]}; --symbol chooses, --data adds"
            )
            raise CommandLineError(f"{where_series(runner, key)}: {text}")


def _file(held: Held, options: Options, number: int) -> EventFile:
    wanted = options.symbols
    if len(options.data) > 1 and wanted:
        wanted = [wanted[number]]
    read = ReadOptions(
        symbol=wanted[0] if wanted else "",
        mapping=mapping_of(options.mapping),
        end_ns=range_of(options)[1],
        on_bad=options.on_bad,
    )
    if not held.symbols:
        return EventFile(held, (), read)
    unknown = [name for name in wanted if not any(same_symbol(name, found) for found in held.symbols)]
    if unknown:
        found = ", ".join(held.symbols)
        raise CommandLineError(f"{held.path}: symbol: expected {unknown[0]}, found {found}")
    return EventFile(held, tuple(_spelt(held, wanted)), read)


def _spelt(held: Held, wanted: Sequence[str]) -> Sequence[str]:
    if not wanted:
        return held.symbols
    return [found for found in held.symbols if any(same_symbol(name, found) for name in wanted)]


def _timeframe(options: Options, spec: StrategySpec, gap_ns: int) -> str:
    timeframe = options.timeframe or spec.timeframe or DEFAULT_TIMEFRAME
    try:
        length_ns = timeframe_ns(timeframe)
    except ValueError as error:
        raise CommandLineError(f"--timeframe: {error}") from error
    if options.timeframe or gap_ns <= length_ns:
        return timeframe
    # Rows further apart than the bars would give little else than empty ones.
    return next((name for name in USUAL_TIMEFRAMES if timeframe_ns(name) >= gap_ns), USUAL_TIMEFRAMES[-1])


def _facts(options: Options, symbols: Sequence[str]) -> Instruments:
    facts = Instruments() if options.loaded is None else instruments_of(options.loaded)
    for symbol in symbols:
        known = facts[symbol]
        if not known.quote:
            facts[symbol] = Instrument(
                symbol=symbol, base=known.base, quote=risk_of(options).account_currency, tick_size=known.tick_size,
                lot_size=known.lot_size, min_notional=known.min_notional,
            )  # fmt: skip
    return facts


def _risk(options: Options, facts: Instruments, symbols: Sequence[str]) -> RiskSection:
    currencies = sorted({facts[symbol].quote for symbol in symbols})
    if len(currencies) != 1:
        found = ", ".join(currencies) or "no symbol"
        raise CommandLineError(f"backtest: expected symbols of one quote currency, found {found}; --symbol chooses")
    patience = {} if options.loaded is not None else {"max_market_age_ms": NEVER_MS}
    return risk_of(options).model_copy(update={"account_currency": currencies[0], **patience})


def _execution(options: Options, tier: DataTier) -> ExecutionSection:
    section = execution_of(options)
    update: dict[str, object] = {"fill_model": model_of(options, tier)}
    if options.latency_ms:
        update["latency_ns"] = round(options.latency_ms * NS_PER_MS)
    if options.response_latency_ms:
        update["response_latency_ns"] = round(options.response_latency_ms * NS_PER_MS)
    return section.model_copy(update=update)


def _settings(options: Options, tier: DataTier) -> dict[str, str]:
    execution = _execution(options, tier)
    return {
        **settings_of(options),
        "start": options.start or "first event",
        "end": options.end or "last event",
        "fills": execution.fill_model,
        "latency": f"{execution.latency_ns / NS_PER_MS:g} ms there, {execution.response_latency_ns / NS_PER_MS:g} ms back",
    }


def _market_data(options: Options, *, has_trades: bool) -> MarketDataSection:
    section = MarketDataSection(stale_after_ms=NEVER_MS) if options.loaded is None else options.loaded.market_data
    return section if has_trades else section.model_copy(update={"bar_source": "quotes"})
