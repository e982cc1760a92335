"""What people should know of a run beside its figures: what its strategies read that the data never show."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from common.messages import AnyMessage, ExternalSignal, Greeks
from services.backtest.result import Provenance
from services.signal.core.spec import RunnerSpec, StrategySpec

_COMMENT = re.compile(rb"--[^\n]*")
_SIGNALS = re.compile(rb"\.\s*signals\b")


class Shown:
    """What the data of a run show of all that only some strategies read. greeks: symbols of options."""

    def __init__(self, *, has_signals: bool = False) -> None:
        self.has_signals = has_signals
        self.greeks: dict[str, None] = {}

    def watch(self, events: Iterable[tuple[int, AnyMessage]]) -> Iterator[tuple[int, AnyMessage]]:
        """Yield the events as they are."""
        for event in events:
            match event[1]:
                case Greeks(symbol=symbol):
                    self.greeks[symbol] = None
                case ExternalSignal():
                    self.has_signals = True
                case _:
                    pass
            yield event


def reads_more(runners: Sequence[RunnerSpec]) -> bool:
    """Return whether a strategy reads something that not all data show."""
    return any(runner.strategy.greeks is not None or _reads_signals(runner.strategy) for runner in runners)


def lacking(runners: Sequence[RunnerSpec], shown: Shown) -> list[str]:
    """Return a note for each thing that a strategy reads and the data do not have."""
    notes: dict[str, None] = {}
    for runner in runners:
        strategy, name = runner.strategy, runner.strategy.name
        option = strategy.greeks or runner.symbol
        if strategy.greeks is not None and option not in shown.greeks:
            others = f" (of {', '.join(list(shown.greeks)[:3])} alone)" if shown.greeks else ""
            notes[f"no greeks of {option}{others}, which {name} reads: market_data.delta and the like stay nil"] = None
        if _reads_signals(strategy) and not shown.has_signals:
            notes[f"no signals from outside, which {name} reads; a file of them is one more --data"] = None
    return list(notes)


def noted(provenance: Sequence[Provenance], notes: Sequence[str]) -> tuple[Provenance, ...]:
    """Return where data came from, with further notes on the first file."""
    if not notes or not provenance:
        return tuple(provenance)
    first, *others = provenance
    return msgspec.structs.replace(first, notes=(*first.notes, *notes)), *others


def _reads_signals(strategy: StrategySpec) -> bool:
    return _SIGNALS.search(_COMMENT.sub(b"", strategy.source)) is not None
