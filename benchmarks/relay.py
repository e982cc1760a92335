"""The floor: a bare pyzmq + msgpack relay of four hops, nothing but receive, decode, encode, send."""

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

import msgpack
import zmq

TICK = {
    "type": "quote",
    "event_ns": 1_700_000_000_000_000_000,
    "received_ns": 1_700_000_000_000_000_001,
    "symbol": "BTCUSDT",
    "bid": 61837.63,
    "bid_size": 3.78,
    "ask": 61837.64,
    "ask_size": 1.54,
    "update_id": 50093239212,
}
HOPS = 4


def _hop(source: str, target: str) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    inbound, outbound = context.socket(zmq.SUB), context.socket(zmq.PUB)
    outbound.bind(target)
    inbound.subscribe(b"")
    inbound.connect(source)
    while True:
        outbound.send(msgpack.packb(msgpack.unpackb(inbound.recv())))


@contextmanager
def bare_relay() -> Iterator[tuple["zmq.Socket[bytes]", "zmq.Socket[bytes]"]]:
    """Yield (first PUB, last SUB) of a chain p1 -> p2 -> p3 -> p4 -> p1: three processes between us and ourselves."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        addresses = [f"ipc://{folder}/hop{number}" for number in range(HOPS)]
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        first, last = context.socket(zmq.PUB), context.socket(zmq.SUB)
        first.bind(addresses[0])
        last.subscribe(b"")
        last.connect(addresses[-1])
        hops: list[BaseProcess] = [
            spawn.Process(target=_hop, args=(addresses[number], addresses[number + 1]), daemon=True)
            for number in range(HOPS - 1)
        ]
        for hop in hops:
            hop.start()
        _until_connected(first, last)
        try:
            yield first, last
        finally:
            for hop in hops:
                hop.kill()
                hop.join()
            context.destroy(linger=0)


def _until_connected(first: "zmq.Socket[bytes]", last: "zmq.Socket[bytes]") -> None:
    for _ in range(500):
        first.send(msgpack.packb(TICK))
        if last.poll(20):
            break
    else:
        raise RuntimeError("the relay did not start within 10 s")
    while last.poll(200):
        last.recv()


def relay_latencies_us(count: int, rate: float) -> list[float]:
    """Return the latency of `count` ticks sent at `rate` a second, one in flight when rate is 0."""
    samples = []
    payload = msgpack.packb(TICK)
    with bare_relay() as (first, last):
        due = time.perf_counter()
        for _ in range(count):
            if rate:
                due += 1.0 / rate
                time.sleep(max(0.0, due - time.perf_counter()))
            start_ns = time.perf_counter_ns()
            first.send(payload)
            last.recv()
            samples.append((time.perf_counter_ns() - start_ns) / 1e3)
    return samples
