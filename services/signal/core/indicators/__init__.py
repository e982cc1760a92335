"""The indicators there are, by name: one file each, found here by the name of its file."""

from collections.abc import Callable, Mapping
from typing import Any, override

from services.signal.core.bar_view import BarView
from services.signal.core.indicator import Indicator, IndicatorKey
from services.signal.core.indicators.adx import Adx
from services.signal.core.indicators.atr import Atr
from services.signal.core.indicators.avg_volume import AvgVolume
from services.signal.core.indicators.bollinger import Bollinger
from services.signal.core.indicators.cci import Cci
from services.signal.core.indicators.donchian import Donchian
from services.signal.core.indicators.ema import Ema
from services.signal.core.indicators.highest import Highest
from services.signal.core.indicators.keltner import Keltner
from services.signal.core.indicators.lowest import Lowest
from services.signal.core.indicators.macd import Macd
from services.signal.core.indicators.obv import Obv
from services.signal.core.indicators.roc import Roc
from services.signal.core.indicators.rsi import Rsi
from services.signal.core.indicators.sma import Sma
from services.signal.core.indicators.stddev import Stddev
from services.signal.core.indicators.stochastic import Stochastic
from services.signal.core.indicators.vwap import Vwap
from services.signal.core.indicators.wma import Wma

type Family = Callable[[str], type[Indicator] | None]
"""Finds an indicator by its whole name; None where there is none."""


class Registry(dict[str, type[Indicator]]):
    """Names to classes. Those of a family, such as `ta:hma`, are found by it when asked for, and are not listed.

    unlisted: what is no indicator and asked for like one.
    """

    def __init__(self, known: Mapping[str, type[Indicator]]) -> None:
        super().__init__(known)
        self.families: dict[str, Family] = {}
        self.unlisted: dict[str, type[Indicator]] = {"bar": BarView}

    @override
    def get(self, name: str, default: Any = None) -> Any:
        """Return the class of a name, of a family's too."""
        if super().__contains__(name):
            return self[name]
        find = self.families.get(name[: name.find(":") + 1])
        found = self.unlisted.get(name) if find is None else find(name)
        return default if found is None else found

    @override
    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and self.get(name) is not None)

    def __missing__(self, name: str) -> type[Indicator]:
        found: type[Indicator] | None = self.get(name)
        if found is None:
            raise KeyError(name)
        return found


REGISTRY = Registry(
    {
        "adx": Adx,
        "atr": Atr,
        "avg_volume": AvgVolume,
        "bollinger": Bollinger,
        "cci": Cci,
        "donchian": Donchian,
        "ema": Ema,
        "highest": Highest,
        "keltner": Keltner,
        "lowest": Lowest,
        "macd": Macd,
        "obv": Obv,
        "roc": Roc,
        "rsi": Rsi,
        "sma": Sma,
        "stddev": Stddev,
        "stochastic": Stochastic,
        "vwap": Vwap,
        "wma": Wma,
    }
)
"""Indicator name to class; a test compares it with the folder."""

BUILT_IN = frozenset(REGISTRY)


def register(name: str, kind: type[Indicator]) -> None:
    """Add a plug-in indicator, in place of one of its name; ValueError where that one is built in."""
    if name in BUILT_IN or name in REGISTRY.unlisted:
        raise ValueError(f"{name}: expected a name that no built-in indicator has")
    REGISTRY[name] = kind


def unregister(name: str) -> None:
    """Take a plug-in indicator away."""
    assert name not in BUILT_IN, f"{name} is built in"
    REGISTRY.pop(name, None)


def add_family(prefix: str, find: Family) -> None:
    """Let all indicators whose names begin so be found by a function. prefix: with its colon, such as `ta:`."""
    assert prefix.endswith(":"), f"expected a prefix that ends in a colon, found {prefix}"
    REGISTRY.families[prefix] = find


def title_of(key: IndicatorKey) -> str:
    """Return an indicator as a strategy writes it, such as `macd(12, 26, 9)` or `ta("hma", {length = 20})`."""
    written = getattr(REGISTRY.get(key.name), "written", None)
    return key.title if written is None else str(written(key.parameters, key.series_texts))
