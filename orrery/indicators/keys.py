"""Indicators by the names that people type: our own, and `ta:NAME` for pandas-ta's; with their parameters."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from orrery.errors import CommandLineError
from services.signal.core.indicator import BadParametersError, Indicator, IndicatorKey, Parameter, checked
from services.signal.core.indicators import REGISTRY
from services.signal.hosts import pandas_ta
from services.signal.hosts.pandas_ta import FAMILY, Entry, catalogue

TYPICAL_PERIOD = 20
"""Stands in for a parameter without a default that is not told, bars."""


def entry_of(name: str) -> Entry | None:
    """Return the library's entry behind a name such as `ta:hma`; None for names of our own."""
    return catalogue().get(name.removeprefix(FAMILY)) if name.startswith(FAMILY) else None


def kind_of(name: str) -> type[Indicator]:
    """Return the indicator of a name.

    Raises:
        CommandLineError: there is none, or it is refused; the text says why, or which are written alike.
    """
    pandas_ta.install()
    kind = REGISTRY.get(name)
    if kind is not None:
        found: type[Indicator] = kind
        return found
    entry = entry_of(name)
    if entry is not None:
        raise CommandLineError(f"{name}: refused: {entry.refused}")
    bare = name.removeprefix(FAMILY)
    known = [*REGISTRY, *(FAMILY + each.name for each in catalogue().values() if not each.refused)]
    close = [f"{FAMILY}{bare}"] if f"{FAMILY}{bare}" in known else get_close_matches(name.lower(), known, n=3)
    close += [FAMILY + each for each in pandas_ta.close_names(bare) if FAMILY + each not in close]
    meant = f"; did you mean {' or '.join(close[:4])}?" if close else ""
    raise CommandLineError(f"{name}: expected an indicator, one of `orrery indicators --list`{meant}")


def key_of(name: str, texts: Sequence[str]) -> IndicatorKey:
    """Return an indicator with its parameters. texts: `NAME=VALUE` each; a period that is not told is TYPICAL_PERIOD.

    Raises:
        CommandLineError: there is no such indicator or parameter, or it does not take the value.
    """
    kind = kind_of(name)
    choices = _choices(name)
    names = [parameter.name for parameter in kind.PARAMETERS]
    given: dict[str, float] = {}
    for text in texts:
        parameter, _, value = text.partition("=")
        if parameter not in names or parameter in given:
            raise CommandLineError(f"--param {text}: expected NAME=VALUE once for {', '.join(names) or 'no parameter'}")
        given[parameter] = _value(text, value, choices.get(parameter, ()))
    values = [given.get(one.name, TYPICAL_PERIOD if one.default is None else one.default) for one in kind.PARAMETERS]
    try:
        return IndicatorKey(name, checked(name, kind.PARAMETERS, values))
    except BadParametersError as error:
        raise CommandLineError(str(error)) from error


def _choices(name: str) -> Mapping[str, tuple[str, ...]]:
    entry = entry_of(name)
    return {} if entry is None else {option.name: option.choices for option in entry.options if option.choices}


def _value(text: str, value: str, choices: Sequence[str]) -> float:
    if choices:
        if value not in choices:
            raise CommandLineError(f"--param {text}: expected one of {', '.join(choices)}, found {value or 'nothing'}")
        return choices.index(value)
    try:
        return float(value)
    except ValueError:
        raise CommandLineError(f"--param {text}: expected a number, found {value or 'nothing'}") from None


def written(name: str, parameters: Sequence[Parameter]) -> str:
    """Return an indicator of ours with its parameters and their defaults."""
    each = (one.name + ("" if one.default is None else f" = {one.default:g}") for one in parameters)
    return f"{name}({', '.join(each)})"
