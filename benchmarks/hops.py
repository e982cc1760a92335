"""Where an order's time goes: each hop, from what the services' journals say of when they took what in.

Costs the services nothing: the time at which a core was told an input is in its inbox anyway.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.figures import Figure, latency_figures, percentile
from common.codec import decode
from common.inputs import Input
from common.journal import read_folder
from common.messages import AnyMessage, ApprovedOrder, OrderIntent, Quote
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL

SETTLE_S = 0.5
"""After which inputs without consequence are written down, too."""
STAGES = ("quote taken by signal", "intent taken by risk", "order taken by execution", "accepted here", "filled here")
SUBMITTED, ACKED = 2, 4
"""Between which of the moments an order is on its way: risk has its intent, we have what the venue says."""

_decode_input = msgspec.msgpack.Decoder(Input).decode


class Arrival(NamedTuple):
    """When the reports of an order came to us, nanoseconds UTC."""

    accepted_ns: int
    filled_ns: int


def moments_of(data: Path, arrivals: Mapping[str, Arrival]) -> list[tuple[int, ...]]:
    """Return, for each intent in `arrivals`, when its quote was sent and when each of `STAGES` was reached."""
    time.sleep(SETTLE_S)
    sent = {message.id: message.event_ns for _, message in _inbox(data / SIGNAL) if isinstance(message, Quote)}
    checked = {message.id: (ns, message) for ns, message in _inbox(data / RISK_MANAGER) if type(message) is OrderIntent}
    taken = {message.intent_id: ns for ns, message in _inbox(data / EXECUTION) if isinstance(message, ApprovedOrder)}
    return [
        (sent[checked[id_][1].cause], checked[id_][1].event_ns, checked[id_][0], taken[id_], *arrival)
        for id_, arrival in arrivals.items()
    ]


def _inbox(folder: Path) -> Iterator[tuple[int, AnyMessage]]:
    for _, record in read_folder(folder / "inbox"):
        taken = _decode_input(record)
        if taken.payload:
            yield taken.now_ns, decode(taken.payload)


def hop_figures(moments: Sequence[tuple[int, ...]]) -> list[Figure]:
    """Return p50 and p99 of each hop; they do not add up, for no order is slow everywhere."""
    figures = []
    hops = [[(after - before) / 1e3 for before, after in pairwise(each)] for each in moments]
    for number, stage in enumerate(STAGES):
        samples = [hop[number] for hop in hops]
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            figures.append(Figure(f". -> {stage} {name}", percentile(samples, share), "us"))
    return figures


def ack_figures(name: str, moments: Sequence[tuple[int, ...]]) -> list[Figure]:
    """Return what lies between an order that risk begins to check and the venue's answer in another process."""
    samples = [(each[ACKED] - each[SUBMITTED]) / 1e3 for each in moments]
    return latency_figures(f"order submission -> paper ack, {name}", samples, owed="< 50 ms", aim="p99 < 1 ms")
