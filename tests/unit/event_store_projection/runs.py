"""Streams of real cores, and ways to interleave them."""

import random

from common.codec import encode
from common.messages import AnyMessage
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL, publisher_of, topic_of
from services.event_store.core.projection.fold import Projection
from services.event_store.core.stored import Stored
from tests.unit.test_cores_together import KINDS, Stack

PUBLISHERS = (SIGNAL, RISK_MANAGER, EXECUTION)


def stack(steps: int = 400) -> Stack:
    """Return real risk and execution cores after a scripted run."""
    made, state = Stack(), 4321
    for _ in range(steps):
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        draw = state >> 20
        made.step((KINDS[draw % 11], draw // 11 % 10**6, draw // 7 % 12 + 1, 9_700 + draw // 13 % 600))
    return made


def streams(of: Stack) -> dict[str, list[AnyMessage]]:
    """Return what each service published, in its order."""
    found: dict[str, list[AnyMessage]] = {name: [] for name in PUBLISHERS}
    for message in (*of.asked, *of.published):
        topic = topic_of(message)
        assert topic is not None
        found[publisher_of(topic)].append(message)
    return found


def interleaved(of: dict[str, list[AnyMessage]], seed: int) -> list[AnyMessage]:
    """Return all messages, each stream in its order, the streams in any."""
    order = [name for name, messages in of.items() for _ in messages]
    random.Random(seed).shuffle(order)
    each = {name: iter(messages) for name, messages in of.items()}
    return [next(each[name]) for name in order]


def as_stored(messages: list[AnyMessage]) -> list[Stored]:
    """Return messages as a store keeps them."""
    stored = []
    for number, message in enumerate(messages, 1):
        topic = topic_of(message) or ""
        stored.append(Stored(number, message.received_ns, publisher_of(topic), topic, number, encode(message)))
    return stored


def folded(messages: list[AnyMessage], kept: int = 10) -> Projection:
    """Return the projection of messages."""
    projection = Projection(kept)
    for message in messages:
        projection.apply(message)
    return projection


def digest_of_the_run() -> str:
    """Return the digest of a fixed run, for other processes to print."""
    return folded(interleaved(streams(stack()), 1)).digest()
