"""A network between a publisher and its readers that drops, repeats, delays and reorders whole messages, by a seed."""

import random
from collections import Counter
from typing import NamedTuple

import zmq


class Faults(NamedTuple):
    """How likely each fault is, per message; what is delayed comes after up to `delay` further messages."""

    drop: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0
    furthest: int = 10


class FaultyProxy:
    """Stands between a publisher's address and its own. `plan` decides from now on; `done` counts what it did,
    `seen` the messages of each topic that came by."""

    def __init__(self, source: str, address: str, seed: int, plan: Faults) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._source = self.context.socket(zmq.SUB)
        self._source.rcvhwm = 0
        self._source.subscribe(b"")
        self._source.connect(source)
        self._target = self.context.socket(zmq.PUB)
        self._target.sndhwm = 0
        self._target.bind(address)
        self._chance = random.Random(seed)
        self._delayed: list[tuple[int, list[bytes]]] = []
        self.plan = plan
        self.done: Counter[str] = Counter()
        self.seen: Counter[bytes] = Counter()

    def turn(self) -> None:
        """Pass on, or not, what has come."""
        while True:
            try:
                frames = self._source.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._treat(frames)

    def send(self, *frames: bytes) -> None:
        """Send readers what no publisher said."""
        self._target.send_multipart(frames)

    def close(self) -> None:
        """Close all sockets."""
        self.context.destroy(linger=0)

    def _treat(self, frames: list[bytes]) -> None:
        self.seen[frames[0]] += 1
        plan, chance = self.plan, self._chance.random()
        if chance < plan.drop:
            self.done["dropped"] += 1
        elif chance < plan.drop + plan.repeat:
            self.done["repeated"] += 1
            self.send(*frames)
            self.send(*frames)
        elif chance < plan.drop + plan.repeat + plan.delay:
            self.done["delayed"] += 1
            self._delayed.append((self._chance.randrange(1, plan.furthest), frames))
        else:
            self.send(*frames)
        self._age()

    def _age(self) -> None:
        waiting, self._delayed = self._delayed, []
        for left, frames in waiting:
            if left:
                self._delayed.append((left - 1, frames))
            else:
                self.send(*frames)
