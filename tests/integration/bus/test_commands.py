"""Commands over real sockets: whatever happens to a server, its client gets an answer or a timeout, and goes on."""

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from common.bus import commands
from common.bus.commands import CommandClient, CommandError, CommandServer, CommandTimeoutError
from common.bus.frames import COMMAND_HIGH_WATER_MARK, MAX_MESSAGE_BYTES
from common.clock import WallClock
from common.codec import decode_reply, encode
from common.messages import Request
from tests.integration.bus.rig import Rig
from tests.integration.bus.tiny_core import intent
from tests.integration.bus.waiting import polling, until

ROOT = Path(__file__).resolve().parents[3]


class Served:
    """A command server in a thread of its own."""

    def __init__(self, address: str) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.server = CommandServer(self.context, address, WallClock(), None)
        self.calls: list[str] = []
        self.server.on("count", self._count)
        self.server.on("change", self._count, changes_state=True)
        self.server.on("fail", self._fail, changes_state=True)
        self.server.on("give", lambda arguments, _id: self.give(arguments))
        self.give: Callable[[dict[str, Any]], Any] = dict
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _count(self, _arguments: dict[str, Any], request_id: str) -> int:
        self.calls.append(request_id)
        return len(self.calls)

    def _fail(self, _arguments: dict[str, Any], request_id: str) -> None:
        self.calls.append(request_id)
        raise CommandError("the venue is closed")

    def _run(self) -> None:
        while not self._stop.is_set():
            if self.server.socket.poll(10):
                self.server.serve()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.server.close()
        self.context.destroy(linger=0)


@pytest.fixture
def address(rig: Rig) -> str:
    return rig.address("c")


@pytest.fixture
def served(address: str) -> Iterator[Served]:
    made = Served(address)
    yield made
    made.close()


@pytest.fixture
def client(address: str) -> Iterator[CommandClient]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    made = CommandClient(context, address, WallClock())
    yield made
    made.close()
    context.destroy(linger=0)


def test_a_command_is_answered(served: Served, client: CommandClient) -> None:
    served.give = lambda arguments: {"given": arguments["a"], "list": [1, 2.5, None, True, b"raw"]}
    assert client.request("give", {"a": "x"}) == {"given": "x", "list": [1, 2.5, None, True, b"raw"]}
    until(lambda: served.server.served == 1, "the answer is counted")


def test_a_retry_changes_the_state_once(served: Served, client: CommandClient) -> None:
    assert [client.request("change", request_id="one") for _ in range(3)] == [1, 1, 1]
    assert client.request("change", request_id="two") == 2
    assert served.calls == ["one", "two"]


def test_a_retry_of_a_refused_command_is_refused_alike(served: Served, client: CommandClient) -> None:
    for _ in range(2):
        with pytest.raises(CommandError, match="the venue is closed"):
            client.request("fail", request_id="one")
    assert served.calls == ["one"]


def test_a_query_is_answered_afresh(served: Served, client: CommandClient) -> None:
    assert [client.request("count", request_id="one") for _ in range(2)] == [1, 2]
    assert served.calls == ["one", "one"]


def test_the_same_id_for_another_command_is_another_command(served: Served, client: CommandClient) -> None:
    assert client.request("change", request_id="one") == 1
    assert client.request("count", request_id="one") == 2


def test_remembered_answers_are_bounded(served: Served, client: CommandClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "REMEMBERED_REPLIES", 2)
    for name in ("one", "two", "three"):
        client.request("change", request_id=name)
    assert client.request("change", request_id="three") == 3
    assert client.request("change", request_id="one") == 4


def test_an_answer_from_before_the_restart_can_be_remembered(served: Served, client: CommandClient) -> None:
    served.server.remember("change", "before", "done")
    assert client.request("change", request_id="before") == "done"
    assert served.calls == []


def test_an_unknown_command_names_the_known_ones(served: Served, client: CommandClient) -> None:
    with pytest.raises(CommandError, match="unknown command 'no_such'; known: change, count, fail, give"):
        client.request("no_such")


@pytest.mark.parametrize(
    "give",
    [
        lambda arguments: arguments["missing"],
        lambda arguments: int(arguments["a"]),
        lambda arguments: [][len(arguments)],
        lambda arguments: arguments + 1,
        lambda _arguments: int(float("inf")),
    ],
)
def test_bad_arguments_are_an_answer(
    served: Served, client: CommandClient, give: Callable[[dict[str, Any]], Any]
) -> None:
    served.give = give
    with pytest.raises(CommandError, match=r"give: bad arguments {'a': 'x'}: "):
        client.request("give", {"a": "x"})
    served.give = lambda _arguments: "well"
    assert client.request("give") == "well"


def test_a_result_that_cannot_travel_is_an_answer(served: Served, client: CommandClient) -> None:
    served.give = lambda _arguments: object()
    with pytest.raises(CommandError, match="give: the result cannot be sent: Encoding objects of type object"):
        client.request("give")
    served.give = lambda _arguments: 1 << 70
    with pytest.raises(CommandError, match="give: the result cannot be sent"):
        client.request("give")


def test_a_result_larger_than_a_frame_is_an_answer(served: Served, client: CommandClient) -> None:
    served.give = lambda _arguments: "x" * 16_000_001
    with pytest.raises(CommandError, match="more than the 16000000 of a frame; ask for less"):
        client.request("give")
    served.give = lambda _arguments: "x" * 15_000_000
    assert len(client.request("give", timeout_ms=10_000)) == 15_000_000


NESTED = b"\x82\xa4type\xa7request\xa9arguments" + b"\x81\xa1a" * 100_000 + b"\xc0"


GARBAGE = {
    "nothing": b"",
    "invalid": b"\xc1",
    "empty": b"\x80",
    "text": b"hello",
    "nested": NESTED,
    "long": b"\xff" * 999,
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_counted_and_the_next_command_works(
    served: Served, client: CommandClient, address: str, garbage: bytes
) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as rogue:
        rogue.linger = 0
        rogue.connect(address)
        rogue.send(garbage)
        rogue.send_multipart([b"", garbage])
        until(lambda: served.server.undecodable == 2, "the garbage is counted")
    assert client.request("count") == 1


def test_a_plain_req_socket_is_answered(served: Served, address: str) -> None:
    assert served.server.undecodable == 0
    request = Request(id="r", name="count", deadline_ns=WallClock().now_ns() + 10_000_000_000)
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.connect(address)
        socket.send(encode(request))
        assert socket.poll(10_000)
        assert decode_reply(socket.recv()).result == 1


def test_a_client_that_vanished_is_counted(address: str) -> None:
    server_context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    server = CommandServer(server_context, address, WallClock(), None)
    server.on("count", lambda _arguments, _id: 1)
    request = Request(id="r", name="count", deadline_ns=WallClock().now_ns() + 60_000_000_000)
    for _ in polling("an answer that nobody waits for"):
        with zmq.Context() as context, context.socket(zmq.DEALER) as rogue:
            rogue.connect(address)
            rogue.send(encode(request))
            assert server.socket.poll(10_000)
        for _ in range(5):
            server.socket.poll(1)
        server.serve()
        if server.unroutable:
            break
    server.close()
    server_context.destroy(linger=0)


def test_no_server_is_a_timeout_and_a_stale_request_is_not_executed(address: str, client: CommandClient) -> None:
    for _ in range(3):
        with pytest.raises(CommandTimeoutError, match=f"{address}: no answer to 'change' within 20 ms"):
            client.request("change", timeout_ms=20)
    with closing(Served(address)) as late:
        assert client.request("count", timeout_ms=10_000) == 1
        until(lambda: late.server.served == 4, "the stale requests are answered too")
        assert len(late.calls) == 1


def test_too_many_unanswered_requests_are_a_timeout(client: CommandClient) -> None:
    for _ in range(COMMAND_HIGH_WATER_MARK):
        client.socket.send(b"")
    with pytest.raises(CommandTimeoutError, match="1000 requests wait unanswered; 'count' was not sent"):
        client.request("count")


MORTAL = """
    import os, sys
    import zmq
    from common.bus.commands import CommandServer
    from common.clock import WallClock
    context = zmq.Context()
    server = CommandServer(context, sys.argv[1], WallClock(), None)
    server.on("die", lambda arguments, id: os.kill(os.getpid(), 9))
    server.on("hello", lambda arguments, id: os.getpid())
    print("up", flush=True)
    while True:
        server.socket.poll(100)
        server.serve()
"""


def mortal(address: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(MORTAL), address], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def test_a_server_killed_between_request_and_answer_wedges_nothing(address: str, client: CommandClient) -> None:
    for _ in range(3):
        with mortal(address) as process:
            assert client.request("hello", timeout_ms=10_000) == process.pid
            for _ in polling("the death of the server"):
                # One that it has not read within the time is not obeyed, so it is asked until it was.
                with pytest.raises(CommandTimeoutError):
                    client.request("die", timeout_ms=300)
                if process.poll() is not None:
                    break
            assert process.returncode == -9
    with mortal(address) as process:
        assert client.request("hello", timeout_ms=10_000) == process.pid
        process.kill()


def test_a_replay_of_large_messages_comes_in_pages(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True, ring_size=2)
    large = [msgspec.structs.replace(intent(number), reason="x" * (MAX_MESSAGE_BYTES - 500)) for number in range(1, 8)]
    station.say(*large)
    pages = []
    start = 1
    while start <= len(large):
        answer = station.publisher.replay({"topic": "intents", "start": start}, "")
        assert len(encode(answer)) < 9_000_000
        pages.append([number for number, _, _ in answer["messages"]])
        start = pages[-1][-1] + 1
    assert pages == [[1, 2], [3, 4], [5, 6], [7]]
    reader = ipc_rig.listener("intents")
    ipc_rig.join(reader)
    assert reader.messages("intents") == large


def test_a_message_too_large_for_any_reader_is_a_bug(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    with pytest.raises(AssertionError, match=r"intents: 4000[0-9]* bytes, at most 4000000"):
        station.say(msgspec.structs.replace(intent(1), reason="x" * MAX_MESSAGE_BYTES))


@pytest.mark.parametrize("arguments", [{}, {"topic": "intents"}, {"topic": "intents", "start": "x"}, {"start": None}])
def test_a_replay_request_with_bad_arguments_is_refused(ipc_rig: Rig, arguments: dict[str, Any]) -> None:
    station = ipc_rig.station("signal", journaled=True)
    station.say(intent(1))
    with pytest.raises((KeyError, ValueError, TypeError)):
        station.publisher.replay(arguments, "")


def test_replay_of_what_is_before_and_behind_the_topic(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    station.say(intent(1))
    assert station.outbox is not None
    incarnation = station.outbox.incarnation
    replay = station.publisher.replay
    assert [number for number, _, _ in replay({"topic": "intents", "start": -5}, "")["messages"]] == [1]
    assert replay({"topic": "intents", "start": 9}, "") == {"incarnation": incarnation, "last": 1, "messages": []}
    assert replay({"topic": "never", "start": 1}, "")["messages"] == []
