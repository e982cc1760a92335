"""From the options of `orrery backtest` to a plan that can be run; every mistake names its option."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain
from pathlib import Path

from common.config.instruments import instruments_of
from common.config.models import Config, ExecutionSection, RiskSection, SignalSection
from common.messages import ExternalSignal
from common.money import figure
from orrery.backtesting.options import Options
from orrery.backtesting.remarks import Shown, lacking, noted
from orrery.data.bars import read_bars
from orrery.data.kinds import signals_in
from orrery.data.lengths import bars_of_length
from orrery.data.options import ReadOptions, mapping_of
from orrery.errors import CommandLineError
from services.backtest.bars_table import BarTable
from services.backtest.plan import Plan, PlanError
from services.backtest.result import Provenance
from services.signal.core.roster import SignalLimits
from services.signal.core.spec import ParameterValue, StrategySpec
from services.signal.hosts.lua import lua_factory
from services.signal.hosts.ocaml_backend import use_backend
from services.signal.loading import StrategyFileError, limits_of, load_strategy, use_model

BASIS_POINTS = 10_000
UNLIMITED = Decimal(10) ** 18
"""Size and notional that no account reaches: without a configuration nothing but the cash limits a strategy."""


def make_plan(options: Options) -> Plan:
    """Return the plan of a backtest on bars.

    Raises:
        CommandLineError: an option, a data file or a strategy file cannot be used.
    """
    start_ns, end_ns = range_of(options)
    signals = {path: found for path in options.data if (found := signals_in(path))}
    files = [path for path in options.data if path not in signals]
    loaded = [_table(path, symbol, options) for path, symbol in zip(files, symbols_of(options, files), strict=True)]
    config = options.loaded
    strategies = strategies_of(options)
    try:
        plan = Plan(
            name="+".join(strategy.name for strategy in strategies),
            tables=tuple(table for table, _ in loaded),
            strategies=tuple(strategies),
            make_host=lua_factory(limits_of((config or Config()).signal)),
            risk=risk_of(options),
            execution=execution_of(options),
            instruments=() if config is None else tuple(instruments_of(config).values()),
            limits=SignalLimits() if config is None else SignalLimits(config.signal.max_errors, config.signal.window),
            provenance=(*(provenance for _, provenance in loaded), *(_of_signals(*each) for each in signals.items())),
            signals=tuple(sorted(chain.from_iterable(signals.values()), key=lambda signal: signal.event_ns)),
            start_ns=start_ns,
            end_ns=end_ns,
            settings=settings_of(options),
        )
    except PlanError as error:
        raise CommandLineError(f"backtest: {error}") from error
    notes = [*plan.tick_notes, *lacking(plan.runners, Shown(has_signals=bool(signals)))]
    return replace(plan, provenance=noted(plan.provenance, notes)) if notes else plan


def range_of(options: Options) -> tuple[int | None, int | None]:
    """Return --start and --end, nanoseconds UTC; CommandLineError where they are no times, or leave nothing between."""
    start_ns, end_ns = _time("--start", options.start), _time("--end", options.end)
    if start_ns is not None and end_ns is not None and start_ns >= end_ns:
        raise CommandLineError(f"--end {options.end}: expected a time after --start {options.start}")
    return start_ns, end_ns


def symbols_of(options: Options, files: Sequence[Path]) -> Sequence[str]:
    """Return the symbol of each file of bars, empty where none is told; CommandLineError for another number of them."""
    if len(options.symbols) not in {0, len(files)}:
        found = f"{len(options.symbols)} of --symbol and {len(files)} of --data"
        raise CommandLineError(f"--symbol: expected none, or one for each --data in their order, found {found}")
    return options.symbols or [""] * len(files)


def _of_signals(path: Path, signals: Sequence[ExternalSignal]) -> Provenance:
    names = ", ".join(dict.fromkeys(signal.name for signal in signals))
    return Provenance(
        file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), symbol=names, timeframe="signals",
        start_ns=signals[0].event_ns, end_ns=signals[-1].event_ns, rows=len(signals),
    )  # fmt: skip


def _table(path: Path, symbol: str, options: Options) -> tuple[BarTable, Provenance]:
    start_ns, end_ns = range_of(options)
    read = ReadOptions(symbol=symbol, mapping=mapping_of(options.mapping), end_ns=end_ns, on_bad=options.on_bad)
    if not options.timeframe:
        loaded = read_bars(path, read)
        table, provenance = loaded.table, loaded.provenance
    else:
        table, provenance = bars_of_length(path, read, options.timeframe)
    if options.warmup is not None and start_ns is not None:
        table = table.between(start_ns - options.warmup * table.length_ns, None)
    return table, provenance


def settings_of(options: Options) -> dict[str, str]:
    """Return what was asked for, as the report shows it; what was left at its default and changes nothing is left out."""
    told = {
        "cash": options.cash or "of the configuration",
        "fee": options.fee,
        "slippage": options.slippage,
        "start": options.start or "first bar",
        "end": options.end or "last bar",
        "limits": "of the configuration" if options.loaded is not None else "the cash alone",
    }
    if options.loaded is not None and options.loaded.signal.indicator_backend != "native":
        told["indicators"] = options.loaded.signal.indicator_backend
    if options.timeframe:
        told["timeframe"] = options.timeframe
    if options.spread not in {"", "0"}:
        told["spread"] = options.spread
    return told


def risk_of(options: Options) -> RiskSection:
    """Return the limits: the configuration's, or the cash alone."""
    config = options.loaded
    section = (
        RiskSection(max_position_size=UNLIMITED, max_notional_exposure=UNLIMITED, max_open_positions=10**6)
        if config is None
        else config.risk
    )
    if not options.cash:
        return section
    cash = _amount("--cash", options.cash, UNLIMITED)
    return section.model_copy(update={"initial_cash": cash})


def execution_of(options: Options) -> ExecutionSection:
    """Return the costs: fee, slippage, and half the spread on top of it, for bars and trades show none."""
    section = ExecutionSection() if options.loaded is None else options.loaded.execution
    fee, slippage = _basis_points("--fee", options.fee), _basis_points("--slippage", options.slippage)
    half = _basis_points("--spread", options.spread or "0") / 2
    return section.model_copy(
        update={"taker_fee_bps": fee, "maker_fee_bps": fee, "slippage_bps": Decimal(figure(slippage + half))}
    )


def _basis_points(option: str, text: str) -> Decimal:
    # One form for equal numbers: fees keep the digits of their rate, and digests see them.
    return Decimal(figure(_amount(option, text, Decimal("0.1")) * BASIS_POINTS))


def _amount(option: str, text: str, most: Decimal) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= most:
        raise CommandLineError(f"{option} {text}: expected a number from 0 to {most:f}")
    return amount


def _time(option: str, text: str) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandLineError(f"{option} {text}: expected a time such as 2024-01-31 or 2024-01-31T12:00") from None
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    seconds = int(utc.replace(microsecond=0).timestamp())
    return seconds * 1_000_000_000 + utc.microsecond * 1_000


def strategies_of(options: Options) -> list[StrategySpec]:
    """Return the strategies with their parameters; CommandLineError for a file or a parameter that cannot be used."""
    params = dict(_param(text) for text in options.params)
    try:
        found = [load_strategy(path) for path in options.strategies]
        declared = {name for strategy in found for name in strategy.declared}
        unknown = sorted(params.keys() - declared)
        if unknown:
            known = ", ".join(sorted(declared)) or "none"
            raise CommandLineError(f"--param {unknown[0]}: no such parameter; the strategies declare {known}")
        section = SignalSection() if options.loaded is None else options.loaded.signal
        use_model(found, section)
        wanted = [_with_params(path, spec, params) for path, spec in zip(options.strategies, found, strict=True)]
    except StrategyFileError as error:
        raise CommandLineError(str(error)) from error
    use_backend(section, is_strict=True)
    return wanted


def _with_params(path: Path, spec: StrategySpec, params: Mapping[str, ParameterValue]) -> StrategySpec:
    own = {name: value for name, value in params.items() if name in spec.declared}
    return load_strategy(path, params=own) if own else spec


def _param(text: str) -> tuple[str, ParameterValue]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CommandLineError(f"--param {text}: expected NAME=VALUE")
    if value in {"true", "false"}:
        return name, value == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value
