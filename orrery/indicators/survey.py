"""Look through pandas-ta on recorded bars: which indicators can be offered, with which parameters, on how many bars.

How it works: `python -m orrery.indicators.survey FILE` reads the defaults of each function from its source, tries every
parameter, and computes on windows that end earlier: an indicator whose value at a bar changes once later bars are known
looks ahead. It prints the table `services/signal/hosts/pandas_ta.json`, and on standard error what is refused.
"""

import ast
import contextlib
import inspect
import io
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from orrery.data.bars import load_bars
from services.backtest.bars_table import BarTable
from services.signal.hosts.pandas_ta import LOGICAL, Entry, Option, call, library

BARS = (1_000, 500, 250)
"""Windows: the longest that is fast enough is taken, bars."""
MILLISECONDS = 15.0
"""Processor time that one indicator may cost at each close on its window, on the machine that made the table, ms."""
ENDS = (0.30, 0.50, 0.61, 0.70, 0.78, 0.85, 0.91, 0.95, 0.977, 0.99, 0.995, 0.998, 0.999)
"""Where windows end that are compared with the whole one, as fractions of it."""
AGREES = 1e-9
LARGEST, SMALLEST = 1e9, 1e-6
"""Bounds of parameters that are no periods."""
COLUMNS = {"open_": "open", "open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume"}
UNTITLED = ("cdl_doji", "cdl_inside", "dm", "drawdown", "ttm_trend", "vp")
"""Functions that no category of the library names."""
UNOFFERED = {"offset", "talib", "drift", "pi", "sqrt2", "sqrt3", "asint", "prenan", "kwargs", "stds", "percent"}
"""Parameters that are about the shape of the result, or constants of nature."""
MODES = ("dema", "ema", "fwma", "hma", "linreg", "midpoint", "pwma", "rma", "sinwma", "sma", "ssf", "swma", "t3", "tema",
         "trima", "vidya", "wma")  # fmt: skip
NAMES = {"mode": ("linear", "exponential"), "src": ("open", "high", "low", "close")}
DEFAULTS: dict[str, dict[str, Any]] = {
    "alma": {"dist_offset": 0.85}, "cksp": {"x": 3.0, "q": 20.0, "mamode": "sma"}, "jma": {"length": 7},
    "psar": {"af0": 0.02, "af": 0.02, "max_af": 0.2},
}  # fmt: skip
"""Defaults that the source does not say as one literal."""
BOUNDS = {("jma", "phase"): (-100.0, 100.0), ("mcgd", "c"): (SMALLEST, 1.0), ("thermo", "short"): (SMALLEST, LARGEST)}
"""Bounds of numbers that have others than those near theirs; beyond them the library silently takes the default."""
FIXED: dict[str, dict[str, Any]] = {
    "cdl_z": {"full": False},
    "dpo": {"centered": False},
    "ichimoku": {"include_chikou": False},
}
"""What would look ahead, switched off."""
REFUSED = {
    "cci": "pandas-ta 0.4.71b0 computes it wrongly without TA-Lib (it divides the mean alone); indicators.cci() is there",
    "cdl_pattern": "its patterns need TA-Lib; cdl_doji and cdl_inside are there by themselves",
    "long_run": "it compares two series of your own, which plain Lua does as well",
    "pivots": "which columns it has depends on the data, and it needs whole days",
    "short_run": "it compares two series of your own, which plain Lua does as well",
    "tos_stdevall": "it looks ahead: one regression through all bars, later ones too, gives the value at each",
    "vhm": "it looks ahead: it divides by the deviation of all bars, later ones too",
    "vp": "it is a profile of prices over all bars, not a value at each bar",
    "vwap": "it begins at the day's first bar, which may lie before the window; indicators.vwap() keeps the day's sums",
    "zigzag": "it looks ahead: a turn is moved to where later bars show it to have been",
}

Floats = npt.NDArray[np.float64]
Found = tuple[tuple[str, ...], Floats]


class Survey:
    """The library's functions, tried on the bars of one table."""

    def __init__(self, table: BarTable) -> None:
        self._columns = {name: getattr(table, name) for name in ("open", "high", "low", "close", "volume")}
        self._size = len(table)

    def compute(self, entry: Entry, first: int, behind: int, **named: Any) -> Found | None:
        """Return columns and values over some bars; None where the function gives nothing."""
        from pandas import Series

        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            series = {name: Series(self._columns[name][first:behind].copy()) for name in entry.inputs}
            found = call(entry, series, named)
        if found is None or len(found) != behind - first:
            return None
        values = found.to_numpy(dtype=np.float64).reshape(behind - first, -1)
        return tuple(map(str, found.columns)) if found.ndim > 1 else (str(found.name),), values

    def entry(self, name: str) -> Entry:
        """Return what the table says of a function."""
        function = getattr(library(), name)
        title = (inspect.getdoc(function) or name).splitlines()[0].strip()
        inputs = tuple(COLUMNS[each] for each in inspect.signature(function).parameters if each in COLUMNS)
        bare = Entry(name, title, inputs, fixed=FIXED.get(name, {}), refused=REFUSED.get(name, ""))
        if bare.refused:
            return bare
        found = self.compute(bare, 0, BARS[0])
        if found is None:
            return msgspec.structs.replace(bare, refused="it gives nothing on bars alone")
        bare = msgspec.structs.replace(bare, outputs=found[0])
        bare = msgspec.structs.replace(bare, bars=self._bars(bare))
        options = tuple(filter(None, (self._tried(bare, option) for option in options_of(name, function))))
        return msgspec.structs.replace(bare, options=options, begins=self._begins(bare))

    def _bars(self, entry: Entry) -> int:
        for bars in BARS[:-1]:
            costs = []
            for _ in range(5):
                began = time.process_time()
                self.compute(entry, 0, bars)
                costs.append(time.process_time() - began)
            if min(costs) * 1e3 <= MILLISECONDS:
                return bars
        return BARS[-1]

    def _works(self, entry: Entry, named: Mapping[str, Any]) -> Floats | None:
        found = self.compute(entry, 0, entry.bars, **named)
        same = found is not None and found[1].shape[1] == len(entry.outputs)
        return found[1] if found is not None and same and np.isfinite(found[1]).any() else None

    def _tried(self, entry: Entry, option: Option) -> Option | None:
        """Return a parameter with the bounds or names that work; None where it has no effect, or changes the columns."""
        plain = self._works(entry, {})
        assert plain is not None, f"{entry.name}: expected values"
        if option.choices:
            return self._chosen(entry, option, plain)
        if option.integer:
            begin = 0 if option.name == "ddof" else 1
            works = (low for low in range(begin, 9) if self._works(entry, {option.name: low}) is not None)
            least = next(works, None)
            if least is None:
                return None
            option = msgspec.structs.replace(option, minimum=least, maximum=entry.bars)
        tried = (self._works(entry, {option.name: option.given(other)}) for other in _others(option))
        has_effect = any(found is not None and not np.array_equal(found, plain, equal_nan=True) for found in tried)
        return option if has_effect else None

    def _chosen(self, entry: Entry, option: Option, plain: Floats) -> Option | None:
        kept: dict[str, Floats] = {}
        for number, name in enumerate(option.choices):
            found = self._works(entry, {option.name: option.given(number)})
            if found is not None and (
                option.choices == LOGICAL
                or not any(np.array_equal(found, other, equal_nan=True) for other in kept.values())
            ):
                kept[name] = found
        default = option.choices[int(option.default)]
        if len(kept) < 2 or default not in kept or not np.array_equal(kept[default], plain, equal_nan=True):
            return None
        names = tuple(kept) if option.choices != LOGICAL else LOGICAL
        return msgspec.structs.replace(option, choices=names, default=names.index(default))

    def _begins(self, entry: Entry) -> float:
        last = 2 * entry.bars
        short, long = self.compute(entry, entry.bars, last), self.compute(entry, 0, last)
        if short is None or long is None:
            return 0.0
        gap, size = np.abs(short[1][-1] - long[1][-1]), np.nanmax(np.abs(long[1]), axis=0)
        worst = float(np.nanmax(gap / np.maximum(size, 1e-12)))
        return 0.0 if worst < AGREES else float(f"{worst:.0e}")

    def looks_ahead(self, entry: Entry) -> bool:
        """Return whether a value changes once later bars are known, with any of the parameters."""
        return any(self._changes(entry, named) for named in _variations(entry))

    def _changes(self, entry: Entry, named: Mapping[str, Any]) -> bool:
        whole = self.compute(entry, 0, entry.bars or BARS[0], **named)
        if whole is None:
            return False
        for end in (int(len(whole[1]) * part) for part in ENDS):
            found = self.compute(entry, 0, end, **named)
            if found is None or len(found[0]) != len(whole[0]):
                continue
            now, then = whole[1][end - 1], found[1][-1]
            scale = AGREES * max(1.0, float(np.nanmax(np.abs(whole[1]), initial=0.0)))
            if not np.allclose(now, then, rtol=0.0, atol=scale, equal_nan=True):
                return True
        return False


def _variations(entry: Entry) -> Iterator[dict[str, Any]]:
    yield {}
    for option in entry.options:
        if option.choices:
            yield from ({option.name: option.given(number)} for number in range(len(option.choices)))
        else:
            yield from ({option.name: option.given(other)} for other in _others(option))


def _others(option: Option) -> list[float]:
    """Return values beside the default."""
    if option.integer:
        return [option.default + 3, option.default * 2]
    middle = option.default or 1.0
    return [each for each in (middle * 0.9, middle / 2, middle * 2) if option.minimum <= each <= option.maximum]


def options_of(name: str, function: Callable[..., Any]) -> Iterator[Option]:
    """Yield the parameters of a function that have a default of their own."""
    written = _assignments(function)
    for each, parameter in inspect.signature(function).parameters.items():
        if each in COLUMNS or each in UNOFFERED or each in FIXED.get(name, {}):
            continue
        default = DEFAULTS.get(name, {}).get(each, _default(written.get(each)))
        kind = str(parameter.annotation)
        if isinstance(default, bool):
            yield Option(each, int(default), choices=LOGICAL)
        elif isinstance(default, str):
            choices = NAMES.get(each, MODES)
            if default in choices:
                yield Option(each, choices.index(default), choices=choices)
        elif isinstance(default, int) and ("float" not in kind or (name, each) == ("jma", "length")):
            yield Option(each, default)
        elif default is not None:
            low, high = BOUNDS.get((name, each), (SMALLEST, 1.0 if default < 1.0 else LARGEST))
            yield Option(each, default, low, high, integer=False)


def _assignments(function: Callable[..., Any]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, node.value)
    return found


def _default(node: ast.expr | None) -> Any:
    """Return the default in `v_pos_default(length, 10)` or `… if … else 10`; None where it is no literal."""
    if isinstance(node, ast.IfExp):
        node = node.orelse
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "v_ascending":
            return True
        place = 2 if node.func.id == "v_lowerbound" else 1
        node = node.args[place] if len(node.args) > place else None
    return node.value if isinstance(node, ast.Constant) else None


def main(file: str) -> None:
    """Print the table; what is refused, and what looks ahead, goes to standard error."""
    survey = Survey(load_bars(Path(file))[0])
    known = {name for names in library().Category.values() for name in names}
    entries = []
    for name in sorted(known.union(UNTITLED)):
        entry = survey.entry(name)
        if not entry.refused and survey.looks_ahead(entry):
            entry = Entry(name, entry.title, refused="it looks ahead: its value at a bar changes with later bars")
        if entry.refused:
            print(f"{name}: {entry.refused}", file=sys.stderr)
        entries.append(entry)
    lines = (msgspec.json.encode(entry).decode() for entry in entries)
    print("[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    main(sys.argv[1])
