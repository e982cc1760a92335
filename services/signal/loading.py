"""Strategy files: found, read, checked and tried out; and from the configuration to the runners there are to be."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from common.config.signal_keys import SignalKeys
from common.instruments import split_symbol
from common.timeframes import NS_PER_MS, timeframe_name
from services.signal.core.host import FUNCTION_NAMES
from services.signal.core.indicators import title_of
from services.signal.core.model import MODEL_KEY
from services.signal.core.plugins import PluginFailedError
from services.signal.core.reads import symbols_named
from services.signal.core.spec import ParameterValue, RunnerSpec, StrategySpec
from services.signal.hosts.lua import CHUNK_NAME_MAX, LoadError, LuaHost, LuaLimits, display_name
from services.signal.hosts.metadata import Metadata, MetadataError
from services.signal.hosts.models import install_model, made_up_model
from services.signal.hosts.models_text import ModelError
from services.signal.hosts.pandas_ta import meant
from services.signal.hosts.plugin_files import PluginError, install
from services.signal.hosts.trial import Trial, TrialResult

if TYPE_CHECKING:
    from common.config.models import Config, StrategySection

MAX_FILE_BYTES = 1_000_000
"""Largest strategy file."""
TRIAL_SYMBOL = "BTCUSDT"
_SIGNATURE = "(market_data, context, indicators)"
_HINTS = (
    (r"global '(os|io|package|require|debug|load|loadstring|dofile|coroutine|collectgarbage)'",
     "strategies are closed in: no files, no clock but market_data.timestamp, no further code"),
    (r"(compare|arithmetic on|index) .*nil",
     "an indicator is nil until it is warm: return nil before you use it"),
    (r"no such indicator", "`orrery indicators --list` shows what there is"),
    (r"instructions in one call", "loop over less, or keep partial results in context"),
    (r"not plain data", "context and answers take numbers, strings, booleans and tables of these"),
)  # fmt: skip


class StrategyFileError(Exception):
    """A strategy file that cannot be used; the text begins with the file, and the line where it is known."""


class TrialFailedError(StrategyFileError):
    """A file of which an indicator failed on made-up bars."""


class Problem(msgspec.Struct, frozen=True):
    """Something wrong in a strategy file. line: 0 where it is not known. is_fatal: the file cannot run."""

    text: str
    line: int = 0
    hint: str = ""
    is_fatal: bool = True


class Report(msgspec.Struct, frozen=True):
    """What `validate` found. spec and trial are None where the file did not come that far."""

    path: str
    problems: tuple[Problem, ...]
    spec: StrategySpec | None = None
    trial: TrialResult | None = None

    @property
    def ok(self) -> bool:
        """Return whether the strategy can run."""
        return not any(problem.is_fatal for problem in self.problems)

    @property
    def indicators(self) -> list[str]:
        """Return the indicators used, as they are written in Lua."""
        keys = () if self.spec is None else self.spec.indicators
        return [title_of(key) for key in keys]


def limits_of(section: SignalKeys) -> LuaLimits:
    """Return what a call may cost by the configuration."""
    return LuaLimits(section.instruction_limit, section.memory_limit_mb)


def load_strategy(
    path: str | Path,
    *,
    name: str = "",
    params: Mapping[str, ParameterValue] | None = None,
    limits: LuaLimits | None = None,
) -> StrategySpec:
    """Return a strategy, ready to run.

    name: its name in ids; the file's own if empty. params: overrides of the file's parameters.

    Raises:
        StrategyFileError: with file, line, what was expected and what was found.
    """
    return load_source(read_source(path), path, name=name, params=params, limits=limits)


def load_source(
    source: bytes,
    path: str | Path,
    *,
    name: str = "",
    params: Mapping[str, ParameterValue] | None = None,
    limits: LuaLimits | None = None,
) -> StrategySpec:
    """Return the strategy that a file of this content is, ready to run; raises as `load_strategy`."""
    limits = limits or LuaLimits()
    return _tried(read_spec(source, path, name=name, params=params, limits=limits), limits)[0]


def read_spec(
    source: bytes,
    path: str | Path,
    *,
    name: str = "",
    params: Mapping[str, ParameterValue] | None = None,
    limits: LuaLimits | None = None,
) -> StrategySpec:
    """Return what a file of this content says of itself, without a trial; raises as `load_strategy`."""
    try:
        return _read(source, path, name, params or {}, limits or LuaLimits())[0]
    except (LoadError, MetadataError) as error:
        raise StrategyFileError(str(error)) from error


def validate(
    path: str | Path, *, params: Mapping[str, ParameterValue] | None = None, limits: LuaLimits | None = None
) -> Report:
    """Return everything that is to be said of a strategy file; never raises for what is in the file."""
    try:
        source = read_source(path)
    except StrategyFileError as error:
        return Report(str(path), (_problem(str(error)),))
    return validate_source(source, path, params=params, limits=limits)


def validate_source(
    source: bytes,
    path: str | Path,
    *,
    name: str = "",
    params: Mapping[str, ParameterValue] | None = None,
    limits: LuaLimits | None = None,
) -> Report:
    """Return everything that is to be said of a file of this content."""
    limits = limits or LuaLimits()
    try:
        spec, metadata = _read(source, path, name, params or {}, limits)
    except (LoadError, MetadataError, StrategyFileError) as error:
        return Report(str(path), (_problem(str(error)),))
    problems = [
        Problem(f"{spec.script}: strategy.{key}: unknown key, ignored{hint}", is_fatal=False)
        for key, hint in metadata.unknown_keys()
    ]
    try:
        spec, trial = _tried(spec, limits)
    except StrategyFileError as error:
        return Report(str(path), (*problems, _problem(str(error))), spec)
    problems += [_problem(text) for text in trial.errors]
    if trial.warm_after is not None and 0 < spec.warmup < trial.warm_after - 1:
        text = f"{spec.script}: strategy.warmup: {spec.warmup} bars, but the indicators need {trial.warm_after}{trial.reads}"
        problems.append(Problem(text, is_fatal=False))
    return Report(str(path), tuple(problems), spec, trial)


def build_runners(config: "Config") -> list[RunnerSpec]:
    """Return the runners that a configuration asks for, in its order, tried in this process.

    Raises:
        StrategyFileError: a strategy or plug-in file cannot be used, or a strategy wants symbols that are not followed.
    """
    try:
        install([Path(name) for name in config.signal.indicators])
    except PluginError as error:
        raise StrategyFileError(f"signal.indicators: {error}") from error
    limits = limits_of(config.signal)
    specs = [
        load_strategy(section.script, name=section.name, params=section.params, limits=limits)
        for section in config.strategies
    ]
    use_model(specs, config.signal)
    pairs = zip(config.strategies, specs, strict=True)
    return [runner for section, spec in pairs for runner in runners_of(config, section, spec)]


def runners_of(config: "Config", section: "StrategySection", spec: StrategySpec) -> list[RunnerSpec]:
    """Return the runners that a section of the configuration asks for; StrategyFileError for symbols not followed."""
    currencies = {instrument.symbol: instrument.quote for instrument in config.instruments if instrument.quote}
    timeframe = section.timeframe or timeframe_of(config, spec)
    return [
        RunnerSpec(
            strategy=spec,
            symbol=symbol,
            timeframe=timeframe,
            currency=currencies.get(symbol) or split_symbol(symbol)[1],
        )
        for symbol in _followed(section, spec, config.market_data.symbols)
    ]


def timeframe_of(config: "Config", spec: StrategySpec) -> str:
    """Return the timeframe of a strategy's runners where nobody names another."""
    return spec.timeframe or timeframe_name(config.signal.update_interval_ms * NS_PER_MS)


def use_model(specs: Sequence[StrategySpec], section: SignalKeys) -> None:
    """Load the configured model if one of these strategies uses a model.

    Raises:
        StrategyFileError: there is none, or it cannot be used.
    """
    user = next((spec for spec in specs if MODEL_KEY in spec.indicators), None)
    if user is not None:
        try:
            install_model(section)
        except ModelError as error:
            raise StrategyFileError(f"{user.script}: indicators.model(): {error}") from error


def _followed(section: "StrategySection", spec: StrategySpec, followed: Sequence[str]) -> Sequence[str]:
    wanted = section.symbols or spec.symbols or followed
    for place, symbol in symbols_named(spec, wanted):
        if symbol not in followed:
            known = ", ".join(followed)
            raise StrategyFileError(f"{place}: expected symbols of market_data.symbols ({known}), found {symbol}")
    return wanted


def _read(
    source: bytes, path: str | Path, name: str, params: Mapping[str, ParameterValue], limits: LuaLimits
) -> tuple[StrategySpec, Metadata]:
    script = script_name(path)
    host = LuaHost(source, script, limits)
    functions = host.description.functions
    _check_functions(script, functions, host.description.names)
    metadata = Metadata(script, source.decode(errors="replace"), host.description.strategy)
    lines = {function: functions[function][1] for function in FUNCTION_NAMES}
    return msgspec.structs.replace(metadata.spec(name, source, params), lines=lines), metadata


def script_name(path: str | Path) -> str:
    """Return how errors name a file: as given, but of an absolute path only folder and file, the same on every machine."""
    given = Path(path)
    text = "/".join(given.parts[-2:]) if given.is_absolute() else str(given)
    return text if len(text.encode()) <= CHUNK_NAME_MAX else display_name(text)


def read_source(given: str | Path) -> bytes:
    """Return a strategy file's content; StrategyFileError if it cannot be read or is too large."""
    path, script = Path(given), script_name(given)
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise StrategyFileError(f"{script}: expected at most {MAX_FILE_BYTES} bytes, found {size}")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise StrategyFileError(f"{path}: no such file") from error
    except OSError as error:
        raise StrategyFileError(f"{path}: cannot be read: {error.strerror}") from error


def _check_functions(script: str, functions: Mapping[str, tuple[str, int]], names: Sequence[str]) -> None:
    for function in FUNCTION_NAMES:
        kind = functions[function][0]
        if kind == "nil":
            close = get_close_matches(function, [name for name in names if name not in functions], n=1)
            meant = f"; did you mean to name {close[0]} so?" if close else ""
            raise StrategyFileError(
                f"{script}: {function}: expected a function {function}{_SIGNATURE}, found none{meant}"
            )
        if kind != "function":
            raise StrategyFileError(f"{script}: {function}: expected a function {function}{_SIGNATURE}, found a {kind}")


def _tried(spec: StrategySpec, limits: LuaLimits) -> tuple[StrategySpec, TrialResult]:
    symbol = spec.symbols[0] if spec.symbols else TRIAL_SYMBOL
    timeframe, currency = spec.timeframe or "1m", split_symbol(symbol)[1]
    runner = RunnerSpec(strategy=spec, symbol=symbol, timeframe=timeframe, currency=currency)
    try:
        with made_up_model():
            trial = Trial(runner, limits).run()
    except PluginFailedError as error:
        raise TrialFailedError(f"{spec.script}: an indicator failed on made-up bars: {error}") from error
    return msgspec.structs.replace(spec, indicators=tuple(trial.indicators)), trial


def _problem(text: str) -> Problem:
    line = re.match(r"[^:]*:(\d+): ", text)
    hint = next((hint for pattern, hint in _HINTS if re.search(pattern, text)), "")
    return Problem(text, int(line.group(1)) if line else 0, meant(text) + hint)
