"""What `orrery indicators` prints for people."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from orrery.indicators.backends import NAMES, NATIVE, inputs_of
from orrery.indicators.keys import entry_of, kind_of, written
from orrery.indicators.verify import Comparison
from services.signal.core.indicators import REGISTRY
from services.signal.hosts.pandas_ta import FAMILY, Entry, catalogue

WIDTH = 58
OUTPUTS_SHOWN = 30
"""Characters of output names in the list."""
SIGNS = {"equal": "=", "equal once settled": "~", "too few bars": "?", "does not have it": "-", "differs": "!"}


def listed() -> Iterator[str]:
    """Yield the lines of the list: ours, the library's, and those that are refused."""
    yield "ours, as indicators.NAME(…); several outputs are several values"
    for name, kind in sorted(REGISTRY.items()):
        yield f"  {written(name, kind.PARAMETERS):<{WIDTH}} {', '.join(kind.OUTPUTS)}"
    entries = catalogue().values()
    yield ""
    yield 'from pandas-ta, as indicators.ta("NAME", {…}); `orrery indicators ta:NAME` tells more'
    for entry in entries:
        if not entry.refused:
            outputs = textwrap.shorten(" ".join(entry.outputs), OUTPUTS_SHOWN, placeholder=" …")
            yield f"  {FAMILY + entry.name:<20} {outputs:<{OUTPUTS_SHOWN}} {entry.title}"
    yield ""
    yield "refused"
    for entry in entries:
        if entry.refused:
            yield f"  {FAMILY + entry.name:<20} {entry.refused}"

    yield ""
    yield "on other bars"
    yield '  each takes a timeframe and a symbol: indicators.ema(20, "1h"), indicators.ema(20, "1h", "ETHUSDT"), "" for the own timeframe;'
    yield '  indicators.bar("1h") is the latest closed bar: open, high, low, close, volume, timestamp (its end)'


def described(name: str) -> Iterator[str]:
    """Yield what there is to say of one indicator; raises CommandLineError where there is none."""
    kind, entry = kind_of(name), entry_of(name)
    if entry is not None:
        yield from _entry(entry)
        return
    yield written(name, kind.PARAMETERS)
    yield f"takes    {', '.join(inputs_of(kind))}"
    yield f"returns  {', '.join(kind.OUTPUTS)}"
    for one in kind.PARAMETERS:
        yield f"  {one.name:<14} {'an integer' if one.integer else 'a number'} from {one.minimum:g} to {one.maximum:g}"


def _entry(entry: Entry) -> Iterator[str]:
    values = ", ".join(f"{option.name} = {_default(option.shown(option.default))}" for option in entry.options)
    yield f"{entry.title}: {FAMILY}{entry.name}, of pandas-ta"
    yield f'in Lua   indicators.ta("{entry.name}"' + (f", {{{values}}})" if values else ")")
    yield f"takes    {', '.join(entry.inputs)}, the latest {entry.bars} bars"
    yield f"returns  {', '.join(entry.outputs)}"
    for option in entry.options:
        kind = "an integer" if option.integer else "a number"
        takes = ", ".join(option.choices) or f"{kind} from {option.minimum:g} to {option.maximum:g}"
        yield f"  {option.name:<14} {takes}"
    if entry.begins:
        yield f"Depends on where the window begins: a window twice as long gives {entry.begins:.0e} of its size more or less."


def _default(text: str) -> str:
    return text if text in ("true", "false") or text.replace(".", "").isdigit() else f'"{text}"'


def rows(times: Sequence[str], outputs: Mapping[str, Sequence[float | None]]) -> Iterator[str]:
    """Yield a table: a line a bar, a column an output."""
    cells = {
        name: ["nil" if value is None else f"{value:.15g}" for value in values] for name, values in outputs.items()
    }
    widths = {name: max(len(name), *map(len, column)) + 2 for name, column in cells.items()}
    yield f"{'time':<{max(map(len, times))}}" + "".join(f"{name:>{widths[name]}}" for name in cells)
    for number, time in enumerate(times):
        yield time + "".join(f"{column[number]:>{widths[name]}}" for name, column in cells.items())


def compared(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield a line an indicator, a column an implementation: the largest difference from ours."""
    others = [name for name in NAMES if name != NATIVE and any(one.backend == name for one in comparisons)]
    yield f"{'':<22}" + "".join(f"{name:<28}" for name in others).rstrip()
    for name in dict.fromkeys(one.title for one in comparisons):
        cells = {one.backend: cell(one) for one in comparisons if one.title == name}
        yield f"{name:<22}" + "".join(f"{cells.get(other, ''):<28}" for other in others).rstrip()
    yield "= equal: within 1e-9 of the series' size, from the same bar on. ~ equal once another seed is forgotten."
    yield "? begins otherwise, and the bars are too few to forget that (40 periods). - is not there. ! differs."


def cell(one: Comparison) -> str:
    """Return a comparison in a few characters."""
    sign = SIGNS.get(one.verdict, "-")
    if one.difference is None:
        return sign
    if one.verdict == "equal" or one.settled is None:
        return f"{sign} {one.difference:.1e}"
    return f"{sign} {one.difference:.1e}, then {one.settled:.1e}"
