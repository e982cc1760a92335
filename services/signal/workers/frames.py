"""What the signal service and its workers say to each other: orders one way, an answer to each the other way.

How it works: an order and an answer are bytes, the first of which says what they are. Inputs are packed once, whoever gets
them: the time, a length and the message as it is on the bus. Most answers say that nothing follows and are one byte long.
"""

import struct
from collections.abc import Iterator
from typing import Any

import msgspec

from common.codec import encode
from common.config.signal_keys import RunnerKeys
from common.instruments import Instrument
from common.messages import AnyMessage
from services.signal.core.questions import Question
from services.signal.core.spec import RunnerSpec

BEGIN, RESTORE, TELL, SAVE, ASK, OPINION = b"B", b"R", b"T", b"S", b"Q", b"O"
"""Orders: make the runners; take over a state; take inputs; give the state; answer a question; tell of indicators."""
NOTHING, TOLD, STATE, ANSWERED, UNFIT = b"-", b"t", b"s", b"a", b"v"
"""Answers. UNFIT: the state to be taken over does not fit."""

OFFER_NS = -1
"""The time of what is no input but what the next one may need."""
_HEAD = struct.Struct("<qI")

SavedSeries = tuple[str, str, int, list[tuple[Any, ...]]]


class Begin(msgspec.Struct, frozen=True):
    """Runners to be made. instruments: those of the configuration. unloadable: plug-ins that are not loaded, and why."""

    signal: RunnerKeys
    instruments: list[Instrument]
    specs: list[RunnerSpec]
    unloadable: dict[str, str] = {}


class News(msgspec.Struct, frozen=True, array_like=True):
    """A worker's runners, told when they are others than before.

    ids: in their order. specs: of those that are new or changed. series, ticks, greeks: what they hear.
    """

    ids: list[str]
    specs: list[RunnerSpec]
    retired: list[str]
    series: list[tuple[str, str]]
    ticks: list[str]
    greeks: list[str]


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """What the next input may need: series that other workers have; how many runners have gone from those."""

    series: list[SavedSeries]
    retired_elsewhere: int


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What followed from inputs. refusal: why the last command among them was not obeyed."""

    out: list[AnyMessage] = []
    refusal: str = ""
    news: News | None = None


class LostError(Exception):
    """A worker is gone. cause: hung, killed or failed. culprit: the runner it was at, empty if it was at none."""

    def __init__(self, cause: str, culprit: str, text: str) -> None:
        super().__init__(text)
        self.cause, self.culprit = cause, culprit


_encoder = msgspec.msgpack.Encoder(decimal_format="string")
pack = _encoder.encode
"""Return the bytes of anything that is said beside inputs."""
unpack_told = msgspec.msgpack.Decoder(Told).decode
unpack_question = msgspec.msgpack.Decoder(Question).decode
unpack_begin = msgspec.msgpack.Decoder(Begin).decode
unpack_offer = msgspec.msgpack.Decoder(Offer).decode
unpack_plain = msgspec.msgpack.Decoder().decode


def chunk_of(message: AnyMessage, now_ns: int) -> bytes:
    """Return an input, to be told at `now_ns`."""
    payload = encode(message)
    return _HEAD.pack(now_ns, len(payload)) + payload


def chunk_of_offer(offer: Offer) -> bytes:
    """Return what the next command may need."""
    payload = pack(offer)
    return _HEAD.pack(OFFER_NS, len(payload)) + payload


def chunks_in(order: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yield (now_ns, payload) of all that an order to take inputs holds."""
    view, at = memoryview(order), len(TELL)
    while at < len(order):
        now_ns, size = _HEAD.unpack_from(view, at)
        at += _HEAD.size
        yield now_ns, view[at : at + size]
        at += size
