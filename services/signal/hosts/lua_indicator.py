"""An indicator written in Lua: a file with `update(bar, context, indicators)`, closed in like a strategy.

How it works: the file is run by the host of strategies. Three lines are put behind it that make `update` the function
which that host asks, and `indicator` the table that describes it; so fence, limits and memory are those of a strategy.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from services.signal.core.host import Function
from services.signal.core.indicator import Indicator, Number, Parameter
from services.signal.core.plugins import PluginFailedError
from services.signal.core.spec import ParameterValue, RunnerSpec, StrategySpec
from services.signal.hosts.lua import LoadError, LuaHost, LuaLimits

SHIM = b"""
strategy = indicator
function detect_opportunity(bar, context, indicators)
  local values = table.pack(update(bar, context, indicators))
  local answer = {}
  for number = 1, values.n do answer["output" .. number] = values[number] end
  return next(answer) and answer or nil
end
function filter_commitment() end
function manage_position() end
"""


class LuaIndicatorError(ValueError):
    """A Lua indicator that cannot be used; the text begins with its file."""


class LuaIndicator:
    """A Lua file with its parameters, in a runtime of its own; subclasses say which file."""

    SOURCE: ClassVar[bytes]
    FILE: ClassVar[str]
    INPUTS: ClassVar[tuple[str, ...]] = ("end_ns", "open", "high", "low", "close", "volume")
    OUTPUTS: ClassVar[tuple[str, ...]]
    PARAMETERS: ClassVar[tuple[Parameter, ...]]

    __slots__ = ("_host", "value")

    def __init__(self, *parameters: Number) -> None:
        self._host = LuaHost(self.SOURCE + SHIM, self.FILE, LuaLimits())
        names = [parameter.name for parameter in self.PARAMETERS]
        params: dict[str, ParameterValue] = dict(zip(names, parameters, strict=True))
        spec = StrategySpec(name=self.FILE, script=self.FILE, source=self.SOURCE, params=params)
        self._host.configure(RunnerSpec(strategy=spec, symbol="", timeframe=""))
        self.value: Any = None

    def update(self, end_ns: int, *prices: float) -> Any:
        """Take a bar; return its outputs, None where the file returned nil."""
        outcome = self._host.evaluate(Function.DETECT, (end_ns / 1e9, *prices, None, None, prices[3]))
        if outcome is not None and outcome.error is not None:
            raise PluginFailedError(outcome.error.text)
        answer = {} if outcome is None or outcome.answer is None else outcome.answer
        row = tuple(self._number(answer.get(f"output{number + 1}")) for number in range(len(self.OUTPUTS)))
        self.value = row[0] if len(row) == 1 else row
        return self.value

    def _number(self, value: Any) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise PluginFailedError(f"{self.FILE}: update: expected numbers or nil, found {value!r}")
        return float(value)

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._host.save(), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned; only in a fresh one."""
        saved, value = state
        self._host.restore(saved)
        self.value = tuple(value) if isinstance(value, list) else value


def lua_kind(name: str, source: bytes, file: str) -> type[Indicator]:
    """Return the indicator of a Lua file.

    Raises:
        LuaIndicatorError: the file cannot be run, or describes no indicator.
    """
    try:
        description = LuaHost(source + SHIM, file, LuaLimits()).description
    except LoadError as error:
        raise LuaIndicatorError(str(error)) from error
    if "update" not in description.names:
        raise LuaIndicatorError(f"{file}: expected a function update(bar, context, indicators), found none")
    table = description.strategy if isinstance(description.strategy, Mapping) else {}
    outputs = table.get("outputs") or [name]
    if not isinstance(outputs, list) or not all(isinstance(output, str) for output in outputs):
        raise LuaIndicatorError(f"{file}: indicator.outputs: expected a list of names, found {outputs!r}")
    members = {
        "__doc__": f"The Lua indicator {name}.",
        "__slots__": (),
        "SOURCE": source,
        "FILE": file,
        "OUTPUTS": tuple(outputs),
        "PARAMETERS": tuple(_parameters(file, table.get("parameters") or [])),
    }
    return type(name, (LuaIndicator,), members)


def _parameters(file: str, given: Any) -> list[Parameter]:
    found: list[Parameter] = []
    for entry in given if isinstance(given, list) else [given]:
        try:
            found.append(
                Parameter(
                    str(entry["name"]),
                    float(entry["min"]),
                    float(entry["max"]),
                    None if entry.get("default") is None else float(entry["default"]),
                    integer=bool(entry.get("integer", True)),
                )
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            expected = "a list of { name =, min =, max =, default = }"
            raise LuaIndicatorError(f"{file}: indicator.parameters: expected {expected}, found {entry!r}") from None
    return found
