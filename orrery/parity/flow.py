"""What a run came to, stream by stream, as bytes; two runs held against each other; the first difference and its causes."""

import hashlib
from itertools import zip_longest
from typing import Final, NamedTuple

import msgspec

from common.codec import encode
from common.messages import (
    AccountChanged,
    AmendRejected,
    AnyMessage,
    ApprovedAmend,
    ApprovedCancel,
    ApprovedOrder,
    Fill,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRejected,
    OrderTriggered,
    PositionChanged,
)
from common.routes import topic_of
from orrery.parity.causes import chain, id_of
from orrery.parity.differences import Difference, differing_fields, shown

MARKET: Final = "market"
PUBLISHED: Final = (MARKET, "intents", "decisions", "reports")
"""Streams as they are published, in the order of the flow; `market` is what strategies hear of it."""
PARTS: Final = {
    "orders": (
        ApprovedOrder,
        ApprovedCancel,
        ApprovedAmend,
        OrderAccepted,
        OrderTriggered,
        OrderAmended,
        AmendRejected,
        OrderRejected,
        OrderCancelled,
    ),
    "fills": (Fill,),
    "balances": (AccountChanged, PositionChanged),
}
"""What of the order flow is shown by itself."""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of both runs. digests: SHA-256 over the encoded messages, one after another."""

    name: str
    stack: int
    backtest: int
    stack_digest: str
    backtest_digest: str

    @property
    def is_equal(self) -> bool:
        """Return whether both have the same messages in the same order."""
        return self.stack_digest == self.backtest_digest


class Flow:
    """The messages of one run, in the order of each stream, with the time at which market data was taken."""

    def __init__(self) -> None:
        self.streams: dict[str, list[AnyMessage]] = {name: [] for name in PUBLISHED}
        self.taken_ns: list[int] = []

    def hear(self, message: AnyMessage, now_ns: int) -> None:
        """Add market data."""
        self.streams[MARKET].append(message)
        self.taken_ns.append(now_ns)

    def tell(self, message: AnyMessage) -> None:
        """Add a message of the order flow; others are left out."""
        stream = self.streams.get(topic_of(message) or "")
        if stream is not None:
            stream.append(message)

    def part(self, name: str) -> list[AnyMessage]:
        """Return a published stream, or what of the order flow is shown by itself."""
        if name not in PARTS:
            return self.streams[name]
        return [
            each
            for stream in ("decisions", "reports")
            for each in self.streams[stream]
            if isinstance(each, PARTS[name])
        ]

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a stream."""
        digest = hashlib.sha256()
        for number, message in enumerate(self.part(name)):
            digest.update(encode(message))
            if name == MARKET:
                digest.update(self.taken_ns[number].to_bytes(8, "big"))
        return digest.hexdigest()


def compare(stack: Flow, backtest: Flow) -> list[Stream]:
    """Return each stream of both runs, the published ones first."""
    return [
        Stream(
            name=name,
            stack=len(stack.part(name)),
            backtest=len(backtest.part(name)),
            stack_digest=stack.digest(name),
            backtest_digest=backtest.digest(name),
        )
        for name in (*PUBLISHED, *PARTS)
    ]


def first_difference(stack: Flow, backtest: Flow) -> Difference | None:
    """Return what differs first: by the time at which it was published, and not because of something else that differs."""
    found = [each for name in PUBLISHED if (each := _first_of(name, stack, backtest)) is not None]
    if not found:
        return None
    at_ns = min(each.at_ns for each in found)
    earliest = [each for each in found if each.at_ns == at_ns]
    first = next((each for each in earliest if not _follows_from(each, earliest, stack, backtest)), earliest[0])
    expected, got = _payload(first.backtest), _payload(first.stack)
    fields = differing_fields(expected, got)
    if first.stack is not None and first.stack == first.backtest:
        number = first.number
        fields = [f"taken at: expected {backtest.taken_ns[number]}, found {stack.taken_ns[number]}"]
    return Difference(
        what=f"message {first.number + 1} of {first.stream}",
        where="backtest (expected) and running stack (found)",
        expected=shown(expected),
        found=shown(got),
        fields=fields,
        causes=[str(each) for each in first.causes(stack, backtest)],
    )


class _Differing(NamedTuple):
    """The first place at which a stream differs: its number there, and what each run has, None behind the end."""

    at_ns: int
    stream: str
    number: int
    stack: AnyMessage | None
    backtest: AnyMessage | None

    def causes(self, stack: Flow, backtest: Flow) -> list[AnyMessage]:
        """Return what led to the stack's message, or to the backtest's where the stack has none."""
        if self.stack is not None:
            return _causes(self.stack, stack)
        return [] if self.backtest is None else _causes(self.backtest, backtest)


def _first_of(name: str, stack: Flow, backtest: Flow) -> _Differing | None:
    ours, theirs = stack.streams[name], backtest.streams[name]
    late = _late(stack, backtest) if name == MARKET else None
    for number, (one, other) in enumerate(zip_longest(ours, theirs)):
        if one != other or number == late:
            at_ns = min(each.received_ns for each in (one, other) if each is not None)
            return _Differing(at_ns, name, number, one, other)
    return None


def _late(stack: Flow, backtest: Flow) -> int | None:
    """Return the number of the first market data that was taken at another time."""
    pairs = enumerate(zip(stack.taken_ns, backtest.taken_ns, strict=False))
    return next((number for number, (one, other) in pairs if one != other), None)


def _follows_from(each: _Differing, others: list[_Differing], stack: Flow, backtest: Flow) -> bool:
    causes = each.causes(stack, backtest)
    return any(message in causes for other in others if other is not each for message in (other.stack, other.backtest))


def _causes(message: AnyMessage, flow: Flow) -> list[AnyMessage]:
    every = [each for stream in flow.streams.values() for each in stream]
    return chain(message, lambda wanted: [each for each in every if id_of(each) == wanted])


def _payload(message: AnyMessage | None) -> bytes | None:
    return None if message is None else encode(message)
