"""The bus: messages a second and latency of a hop, beside bare pyzmq + msgpack over the same transport."""

import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection

import msgpack
import zmq

from benchmarks.figures import Figure, latency_figures
from benchmarks.relay import TICK, relay_latencies_us
from common.bus.peers import Peer, Peers
from common.bus.publisher import Publisher
from common.bus.subscriber import Subscriber
from common.clock import WallClock
from common.codec import decode
from common.messages import Quote

MESSAGES = 200_000
BURST = 1_000
QUOTE = Quote(**{key: value for key, value in TICK.items() if key != "type"})  # type: ignore[arg-type]  # a literal above


def run() -> list[Figure]:
    """Measure throughput of one stream between two processes, ours and bare, and the bare four-hop latency."""
    bare, ours = _throughput(_bare_reader, _bare_writer), _throughput(_our_reader, _our_writer)
    return [
        Figure("bare pyzmq + msgpack, messages/s", bare, "1/s"),
        Figure("orrery stream (numbered, typed, checked), messages/s", ours, "1/s"),
        Figure("orrery / bare", ours / bare, "ratio"),
        *latency_figures("bare relay of four hops, one in flight", relay_latencies_us(3_000, 0)),
        *latency_figures("bare relay of four hops, 1000/s", relay_latencies_us(3_000, 1_000)),
    ]


def _throughput(reader: "object", writer: "object") -> float:
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=reader, args=(folder, theirs), daemon=True)  # type: ignore[arg-type]  # a function
        process.start()
        writer(folder, ours)  # type: ignore[operator]  # a function
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
    command = context.socket(zmq.DEALER)
    command.connect(f"ipc://{folder}/none")
    peers = Peers([Peer("market_data", command)], WallClock(), 60_000)
    subscriber = Subscriber(context.socket(zmq.SUB), peers, "execution", ("quote.",))
    subscriber.socket.rcvhwm = 0
    subscriber.open_gate()
    pipe.send("up")
    subscriber.socket.connect(f"ipc://{folder}/stream")
    while not peers.all_alive():
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
