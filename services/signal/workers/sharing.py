"""Which worker a runner lives in, and a core's state cut into theirs and put together again.

How it works: a runner's place follows from its id alone, so any number of workers takes over any state. What all runners
share (series, quotes, accounts) is given to every worker; put together, it is taken from the one who keeps it whole.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from zlib import crc32

import msgspec

from common.messages import AnyMessage, OperatorCommand
from services.signal.core.changes import ADD, RELOAD
from services.signal.core.roster import Counters
from services.signal.core.saving import Saved, SavedChanges
from services.signal.core.spec import RunnerSpec, SeriesKey, StrategySpec


def share_of(id_: str, count: int) -> int:
    """Return the number of the worker, of `count`, that a runner lives in."""
    return crc32(id_.encode()) % count


def runner_named(message: AnyMessage) -> str:
    """Return the runner that a message is for, empty for what all may hear."""
    if type(message) is not OperatorCommand:
        return str(getattr(message, "runner", ""))
    given = message.arguments
    if message.name != ADD:
        return given.get("runner", "")
    try:
        return f"{_decode_named(given.get('spec', '').encode()).name}:{given.get('symbol', '')}"
    except msgspec.MsgspecError:
        return ""


def series_wanted(command: OperatorCommand) -> list[SeriesKey]:
    """Return the series that the runner of a command to add or reload will hear, as far as the command tells."""
    given = command.arguments
    if command.name not in (ADD, RELOAD):
        return []
    try:
        strategy = _decode_spec(given.get("spec", "").encode())
        symbol = given.get("symbol", "") if command.name == ADD else runner_named(command).rpartition(":")[2]
        spec = RunnerSpec(strategy=strategy, symbol=symbol, timeframe=given.get("timeframe", ""))
        others = spec.other_series
    except ValueError:
        return []  # it is refused, or its timeframe stays
    return [(spec.symbol, spec.timeframe), *others]


class _Named(msgspec.Struct):
    name: str


_decode_named = msgspec.json.Decoder(_Named).decode
_decode_spec = msgspec.json.Decoder(StrategySpec).decode


def cut(saved: Saved, count: int) -> list[Saved]:
    """Return the states of `count` workers. Counters begin at zero: who puts them together knows what they were."""
    zero = msgspec.structs.astuple(Counters())
    return [
        msgspec.structs.replace(
            saved,
            runners=[runner for runner in saved.runners if share_of(runner.id, count) == number],
            counters=zero,
            changes=_cut_changes(saved.changes, number, count),
        )
        for number in range(count)
    ]


def _cut_changes(changes: SavedChanges | None, number: int, count: int) -> SavedChanges | None:
    if changes is None:
        return None

    def mine(id_: str) -> bool:
        return share_of(id_, count) == number

    return SavedChanges(
        order=changes.order,
        changed=[entry for entry in changes.changed if mine(entry[0])],
        sources=changes.sources,
        retired=[entry for entry in changes.retired if mine(entry[0])],
        leaving=[entry for entry in changes.leaving if mine(entry[0])],
        throttles=[entry for entry in changes.throttles if mine(entry[0])],
        stopped=[id_ for id_ in changes.stopped if mine(id_)],
    )


def joined_counters(base: Counters, parts: Iterable[Sequence[int]]) -> Counters:
    """Return `base` with what workers counted of their own runners; what they share is counted in `base` alone."""
    total = msgspec.structs.replace(base)
    for part in parts:
        own = Counters(*part)
        for name in OWN_COUNTERS:
            setattr(total, name, getattr(total, name) + getattr(own, name))
    return total


OWN_COUNTERS = ("intents", "strangers", "dropped_runners", "changes", "changes_refused")


def joined_changes(parts: Sequence[SavedChanges | None], order: Sequence[str]) -> SavedChanges | None:
    """Return what commands did to all workers' runners, as one core would say it."""
    there = [part for part in parts if part is not None]
    if not there:
        return None
    changed = [(id_, change, part.sources[at]) for part in there for id_, change, at in part.changed]
    sources = sorted({source for _, _, source in changed})
    return SavedChanges(
        order=list(order),
        changed=[(id_, change, sources.index(source)) for id_, change, source in sorted(changed, key=itemgetter(0))],
        sources=sources,
        retired=sorted((entry for part in there for entry in part.retired), key=itemgetter(0)),
        leaving=sorted(entry for part in there for entry in part.leaving),
        throttles=sorted(entry for part in there for entry in part.throttles),
        stopped=sorted(id_ for part in there for id_ in part.stopped),
    )
