"""From the options of `orrery backtest` to a plan that can be run; every mistake names its option."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from common.config.instruments import instruments_of
from common.config.models import Config, ExecutionSection, RiskSection
from common.money import figure
from orrery.backtesting.options import Options
from orrery.data.bars import load_bars
from orrery.data.options import mapping_of
from orrery.errors import CommandLineError
from services.backtest.plan import Plan, PlanError
from services.signal.core.roster import SignalLimits
from services.signal.core.spec import ParameterValue, StrategySpec
from services.signal.hosts.lua import lua_factory
from services.signal.loading import StrategyFileError, limits_of, load_strategy

BASIS_POINTS = 10_000
UNLIMITED = Decimal(10) ** 18
"""Size and notional that no account reaches: without a configuration nothing but the cash limits a strategy."""


def make_plan(options: Options) -> Plan:
    """Return the plan.

    Raises:
        CommandLineError: an option, a data file or a strategy file cannot be used.
    """
    start_ns, end_ns = _time("--start", options.start), _time("--end", options.end)
    if start_ns is not None and end_ns is not None and start_ns >= end_ns:
        raise CommandLineError(f"--end {options.end}: expected a time after --start {options.start}")
    if len(options.symbols) not in {0, len(options.data)}:
        found = f"{len(options.symbols)} of --symbol and {len(options.data)} of --data"
        raise CommandLineError(f"--symbol: expected none, or one for each --data in their order, found {found}")
    symbols = options.symbols or [""] * len(options.data)
    mapping, policy = mapping_of(options.mapping), options.on_bad
    loaded = [
        load_bars(path, symbol=symbol, mapping=mapping, end=end_ns, policy=policy)
        for path, symbol in zip(options.data, symbols, strict=True)
    ]
    config = options.loaded
    strategies = _strategies(options)
    try:
        return Plan(
            name="+".join(strategy.name for strategy in strategies),
            tables=tuple(table for table, _ in loaded),
            strategies=tuple(strategies),
            make_host=lua_factory(limits_of((config or Config()).signal)),
            risk=_risk(options),
            execution=_execution(options),
            instruments=() if config is None else tuple(instruments_of(config).values()),
            limits=SignalLimits() if config is None else SignalLimits(config.signal.max_errors, config.signal.window),
            provenance=tuple(provenance for _, provenance in loaded),
            start_ns=start_ns,
            end_ns=end_ns,
            settings=_settings(options),
        )
    except PlanError as error:
        raise CommandLineError(f"backtest: {error}") from error


def _settings(options: Options) -> dict[str, str]:
    return {
        "cash": options.cash or "of the configuration",
        "fee": options.fee,
        "slippage": options.slippage,
        "start": options.start or "first bar",
        "end": options.end or "last bar",
        "limits": "of the configuration" if options.loaded is not None else "the cash alone",
    }


def _risk(options: Options) -> RiskSection:
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


def _execution(options: Options) -> ExecutionSection:
    section = ExecutionSection() if options.loaded is None else options.loaded.execution
    fee, slippage = _basis_points("--fee", options.fee), _basis_points("--slippage", options.slippage)
    return section.model_copy(update={"taker_fee_bps": fee, "maker_fee_bps": fee, "slippage_bps": slippage})


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


def _strategies(options: Options) -> list[StrategySpec]:
    params = dict(_param(text) for text in options.params)
    try:
        found = [load_strategy(path) for path in options.strategies]
        declared = {name for strategy in found for name in strategy.declared}
        unknown = sorted(params.keys() - declared)
        if unknown:
            known = ", ".join(sorted(declared)) or "none"
            raise CommandLineError(f"--param {unknown[0]}: no such parameter; the strategies declare {known}")
        return [_with_params(path, spec, params) for path, spec in zip(options.strategies, found, strict=True)]
    except StrategyFileError as error:
        raise CommandLineError(str(error)) from error


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
