"""The bus: messages a second and latency of a hop, beside bare pyzmq + msgpack over the same transport."""

import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import msgpack
import msgspec
import zmq

from benchmarks.figures import Figure, latency_figures
from benchmarks.relay import HOPS, TICK, relay_latencies_us
from common.bus.peers import Peer, Peers
from common.bus.publisher import Publisher
from common.bus.subscriber import Subscriber
from common.clock import WallClock
from common.codec import decode
from common.messages import Quote

MESSAGES = 200_000
SAMPLES = 3_000
QUOTE = msgspec.convert(TICK, Quote)


def run() -> list[Figure]:
    """Measure throughput of one stream between two processes, ours and bare, and the bare four-hop latency."""
    bare, ours = _throughput(_bare_reader, _bare_writer), _throughput(_our_reader, _our_writer)
    return [
        Figure("bare pyzmq + msgpack, messages/s", bare, "1/s"),
        Figure("orrery stream (numbered, typed, checked), messages/s", ours, "1/s"),
        Figure("orrery / bare", ours / bare, "ratio"),
        *latency_figures("bare relay of four hops, one in flight", relay_latencies_us(SAMPLES, 0)),
        *latency_figures("orrery streams over four hops, one in flight", _our_latencies_us(SAMPLES, 0)),
        *latency_figures("bare relay of four hops, 1000/s", relay_latencies_us(SAMPLES, 1_000)),
        *latency_figures("orrery streams over four hops, 1000/s", _our_latencies_us(SAMPLES, 1_000)),
    ]


def _reader(context: "zmq.Context[zmq.Socket[bytes]]", source: str) -> Subscriber:
    """Return a subscriber to one publisher's quotes that needs no command socket."""
    command = context.socket(zmq.DEALER)
    command.connect(source + "-none")
    peers = Peers([Peer("market_data", command)], WallClock(), 60_000)
    subscriber = Subscriber(context.socket(zmq.SUB), peers, "execution", ("quote.",))
    subscriber.open_gate()
    subscriber.socket.rcvhwm = 0
    subscriber.socket.connect(source)
    return subscriber


def _our_hop(source: str, target: str) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    publisher, subscriber = Publisher(context, target, WallClock()), _reader(context, source)
    while True:
        subscriber.socket.poll()
        for received in subscriber.drain():
            publisher.publish(decode(received.payload))


@contextlib.contextmanager
def _our_relay() -> Iterator[tuple[Publisher, Subscriber]]:
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        addresses = [f"ipc://{folder}/hop{number}" for number in range(HOPS)]
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        first, last = Publisher(context, addresses[0], WallClock()), _reader(context, addresses[-1])
        hops = [
            spawn.Process(target=_our_hop, args=(addresses[number], addresses[number + 1]), daemon=True)
            for number in range(HOPS - 1)
        ]
        for hop in hops:
            hop.start()
        try:
            give_up = time.monotonic() + 10
            while not last.socket.poll(20) and time.monotonic() < give_up:
                first.publish(QUOTE)
            while last.socket.poll(200):
                last.drain()
            yield first, last
        finally:
            for hop in hops:
                hop.kill()
                hop.join()
            context.destroy(linger=0)


def _our_latencies_us(count: int, rate: float) -> list[float]:
    samples = []
    with _our_relay() as (first, last):
        due = time.perf_counter()
        for _ in range(count):
            if rate:
                due += 1.0 / rate
                time.sleep(max(0.0, due - time.perf_counter()))
            start_ns = time.perf_counter_ns()
            first.publish(QUOTE)
            last.socket.poll()
            for received in last.drain():
                decode(received.payload)
            samples.append((time.perf_counter_ns() - start_ns) / 1e3)
    return samples


type Side = Callable[[str, "Connection[object, object]"], None]


def _throughput(reader: Side, writer: Side) -> float:
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=reader, args=(folder, theirs), daemon=True)
        process.start()
        writer(folder, ours)
        seconds: float = ours.recv()
        process.join()
    return MESSAGES / seconds


def _bare_writer(folder: str, pipe: "Connection[object, object]") -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.PUB)
    socket.sndhwm = 0
    socket.bind(f"ipc://{folder}/stream")
    pipe.recv()
    while not pipe.poll(0.01):
        socket.send(msgpack.packb(TICK))
    pipe.recv()
    for _ in range(MESSAGES):
        socket.send(msgpack.packb(TICK))
    pipe.poll(60)
    context.destroy(linger=0)


def _bare_reader(folder: str, pipe: "Connection[object, object]") -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.rcvhwm = 0
    socket.subscribe(b"")
    pipe.send("up")
    socket.connect(f"ipc://{folder}/stream")
    socket.recv()
    pipe.send("connected")
    start = 0.0
    for _ in range(MESSAGES):
        msgpack.unpackb(socket.recv())
        start = start or time.perf_counter()
    pipe.send(time.perf_counter() - start)
    context.destroy(linger=0)


def _our_writer(folder: str, pipe: "Connection[object, object]") -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    publisher = Publisher(context, f"ipc://{folder}/stream", WallClock())
    publisher.socket.sndhwm = 0
    pipe.recv()
    while not pipe.poll(0.01):
        publisher.heartbeat("market_data")
    pipe.recv()
    for _ in range(MESSAGES):
        publisher.publish(QUOTE)
    pipe.poll(60)
    context.destroy(linger=0)


def _our_reader(folder: str, pipe: "Connection[object, object]") -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    subscriber = _reader(context, f"ipc://{folder}/stream")
    pipe.send("up")
    while not subscriber.peers.all_alive():
        subscriber.socket.poll()
        subscriber.drain()
    pipe.send("connected")
    start, count = 0.0, 0
    while count < MESSAGES:
        subscriber.socket.poll()
        for received in subscriber.drain():
            decode(received.payload)
            count += 1
            start = start or time.perf_counter()
    pipe.send(time.perf_counter() - start)
    context.destroy(linger=0)
