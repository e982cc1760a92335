"""From a strategy file's `strategy` table to a `StrategySpec`: every key checked, every mistake named with its line."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from math import isfinite
from typing import Any

from common.messages import RunnerState
from common.timeframes import NS_PER_MS, timeframe_name, timeframe_ns
from services.signal.core.spec import (
    DEFAULT_ANALYZING_TIMEOUT,
    DEFAULT_TRIAL_PRICE,
    ParameterSpec,
    ParameterValue,
    SeriesKey,
    StrategySpec,
    Update,
)

KEYS = (
    "name", "symbols", "timeframe", "params", "warmup", "stop_loss", "take_profit", "analyzing_timeout", "evaluate_on",
    "tick_interval_ms", "series", "trial", "greeks", "description", "version", "author",
)  # fmt: skip
"""What a `strategy` table may say; the last three are for people."""

MAX_WARMUP = 1_000_000
MAX_TIMEOUT = 1_000_000
MAX_TRIAL_PRICE = 1e9


class MetadataError(ValueError):
    """A `strategy` table, or an override of its parameters, that cannot be used; the text begins with file and line."""


class Metadata:
    """Reads a `strategy` table. `source` is the file's text, for the lines of keys."""

    def __init__(self, script: str, source: str, table: Any) -> None:
        self._script = script
        self._source = source
        self._table: Mapping[str, Any] = {}
        if table is not None:
            if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
                raise self.error("strategy", "expected a table with named keys")
            self._table = table

    def error(self, key: str, text: str) -> MetadataError:
        """Return the error of a key, with its line."""
        name = key.rpartition(".")[2]
        match = re.search(rf"(?m)^.*?\b{re.escape(name)}\s*=", self._source)
        line = 0 if match is None else self._source.count("\n", 0, match.start()) + 1
        where = f"{self._script}:{line}" if line else self._script
        return MetadataError(f"{where}: {key}: {text}")

    def unknown_keys(self) -> list[tuple[str, str]]:
        """Return the keys that mean nothing, each with a hint that may be empty."""
        return [(key, _similar(key, KEYS)) for key in self._table if key not in KEYS]

    def spec(self, name: str, source: bytes, overrides: Mapping[str, ParameterValue]) -> StrategySpec:
        """Return the strategy as its file describes it, with parameters overridden.

        Raises:
            MetadataError: naming file, line, key, what was expected and what was found.
        """
        declared = self._declared()
        params = self._params(declared, overrides)
        interval_ms = self._number("tick_interval_ms", 0, 86_400_000) or 0
        return StrategySpec(
            name=name or self._text("name") or self._script.rpartition("/")[2].removesuffix(".lua"),
            script=self._script,
            source=source,
            timeframe=self._timeframe(),
            warmup=self._whole("warmup", 0, MAX_WARMUP, 0),
            params=params,
            declared=declared,
            stop_loss=self._fraction("stop_loss"),
            take_profit=self._fraction("take_profit", 1_000.0),
            analyzing_timeout=self._whole("analyzing_timeout", 0, MAX_TIMEOUT, DEFAULT_ANALYZING_TIMEOUT),
            evaluate_on=self._evaluate_on(),
            tick_interval_ns=int(interval_ms * NS_PER_MS),
            symbols=self._symbols(),
            trial_price=self._trial_price(),
            greeks=_greeks(self, self._table.get("greeks"), params),
            series=_series(self, self._table.get("series")),
        )

    def _trial_price(self) -> float:
        table = self._table.get("trial", {})
        price = table.get("price", DEFAULT_TRIAL_PRICE) if isinstance(table, dict) else 0.0
        if not _is_number(price) or not 0.0 < float(price) <= MAX_TRIAL_PRICE:
            text = f"expected {{ price = a number above 0, at most {MAX_TRIAL_PRICE:g} }}, found {_shown(table)}"
            raise self.error("strategy.trial", text)
        return float(price)

    def _text(self, key: str) -> str:
        value = self._table.get(key, "")
        if not isinstance(value, str):
            raise self.error(f"strategy.{key}", f"expected a string, found {_shown(value)}")
        return value

    def _number(self, key: str, low: float, high: float) -> float | None:
        value = self._table.get(key)
        if value is None:
            return None
        if not _is_number(value) or not low <= value <= high:
            raise self.error(f"strategy.{key}", f"expected a number from {low:g} to {high:g}, found {_shown(value)}")
        return float(value)

    def _whole(self, key: str, low: int, high: int, default: int) -> int:
        value = self._number(key, low, high)
        if value is not None and value != int(value):
            raise self.error(f"strategy.{key}", f"expected an integer, found {_shown(value)}")
        return default if value is None else int(value)

    def _fraction(self, key: str, high: float = 1.0) -> float | None:
        value = self._table.get(key)
        if value is None:
            return None
        if not _is_number(value) or not 0.0 < value < high:
            text = f"expected a fraction of the price above 0 and below {high:g}, found {_shown(value)}"
            raise self.error(f"strategy.{key}", text)
        return float(value)

    def _timeframe(self) -> str:
        timeframe = self._text("timeframe")
        try:
            if timeframe:
                timeframe_ns(timeframe)
        except ValueError as error:
            raise self.error("strategy.timeframe", str(error)) from error
        return timeframe

    def _symbols(self) -> tuple[str, ...]:
        value = self._table.get("symbols") or []
        if not isinstance(value, list) or not all(isinstance(symbol, str) and symbol for symbol in value):
            raise self.error("strategy.symbols", f"expected a list of symbols, found {_shown(value)}")
        return tuple(value)

    def _evaluate_on(self) -> dict[RunnerState, Update]:
        value = self._table.get("evaluate_on", {})
        by_state = {state.value: value for state in RunnerState} if isinstance(value, str) else value
        if not isinstance(by_state, dict):
            raise self.error("strategy.evaluate_on", f'expected "bar", "tick" or a table, found {_shown(value)}')
        wanted: dict[RunnerState, Update] = {}
        for state, update in sorted(by_state.items(), key=str):
            if state not in list(RunnerState) or update not in list(Update):
                text = f'expected idle, analyzing, in_position with "bar" or "tick", found {state} = {_shown(update)}'
                raise self.error("strategy.evaluate_on", text)
            wanted[RunnerState(state)] = Update(update)
        return wanted

    def _declared(self) -> dict[str, ParameterSpec]:
        table = self._table.get("params", {})
        if not isinstance(table, dict):
            raise self.error("strategy.params", f"expected a table of named parameters, found {_shown(table)}")
        return {str(name): self._parameter(str(name), value) for name, value in table.items()}

    def _parameter(self, name: str, value: Any) -> ParameterSpec:
        key = f"strategy.params.{name}"
        if not isinstance(value, dict):
            value = {"default": value}
        default = value.get("default")
        if not isinstance(default, int | float | str | bool):
            raise self.error(key, f"expected a default that is a number, string or boolean, found {_shown(default)}")
        bounds = [value.get(bound) for bound in ("min", "max")]
        for bound in bounds:
            if bound is not None and not (_is_number(bound) and _is_number(default)):
                raise self.error(key, f"expected min and max to be numbers around a number, found {_shown(bound)}")
        spec = ParameterSpec(default, *bounds)
        _check(spec, default, lambda text: self.error(key, f"default: {text}"))
        return spec

    def _params(
        self, declared: Mapping[str, ParameterSpec], overrides: Mapping[str, ParameterValue]
    ) -> dict[str, ParameterValue]:
        for name, value in overrides.items():
            if name not in declared:
                known = ", ".join(declared) or "none"
                text = f"no such parameter{_similar(name, declared)}; the file declares {known}"
                raise MetadataError(f"{self._script}: params.{name}: {text}")
            _check(declared[name], value, partial(_override_error, f"{self._script}: params.{name}"))
        return {name: overrides.get(name, spec.default) for name, spec in declared.items()}


def _greeks(metadata: Metadata, wanted: Any, params: Mapping[str, ParameterValue]) -> str | None:
    if wanted is None or wanted is False:
        return None
    if wanted is True:
        return ""
    option = params.get(wanted) if isinstance(wanted, str) else None
    if not isinstance(option, str):
        text = f"expected true, or the name of a parameter that holds the symbol of an option, found {_shown(wanted)}"
        raise metadata.error("strategy.greeks", text)
    return option


def _series(metadata: Metadata, wanted: Any) -> tuple[SeriesKey, ...]:
    if wanted is None:
        return ()
    found: list[SeriesKey] = []
    for wish in wanted if isinstance(wanted, list) else [wanted]:
        is_known = isinstance(wish, dict) and bool(wish) and wish.keys() <= {"symbol", "timeframe"}
        symbol, timeframe = (wish.get(key, "") if is_known else None for key in ("symbol", "timeframe"))
        if not isinstance(symbol, str) or not isinstance(timeframe, str):
            expected = 'expected a list of { timeframe = "1h", symbol = "ETHUSDT" }, either of both'
            raise metadata.error("strategy.series", f"{expected}, found {_shown(wish)}")
        try:
            found.append((symbol, timeframe_name(timeframe_ns(timeframe)) if timeframe else ""))
        except ValueError as error:
            raise metadata.error("strategy.series", str(error)) from error
    return tuple(found)


def _override_error(where: str, text: str) -> MetadataError:
    return MetadataError(f"{where}: {text}")


def _check(spec: ParameterSpec, value: ParameterValue, error: Callable[[str], MetadataError]) -> None:
    if _is_number(spec.default) != _is_number(value) or isinstance(spec.default, str) != isinstance(value, str):
        raise error(f"expected a value like {_shown(spec.default)}, found {_shown(value)}")
    if isinstance(value, str) or (spec.min is None and spec.max is None):
        return
    low, high = float("-inf") if spec.min is None else spec.min, float("inf") if spec.max is None else spec.max
    if not low <= value <= high:
        raise error(f"expected a number from {low:g} to {high:g}, found {_shown(value)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _similar(name: str, known: Any) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _shown(value: Any) -> str:
    return repr(value)[:80]
