"""The services a reader depends on: whether they live, and the asking for what was missed. Never waits."""

from collections.abc import Callable
from typing import Any

import msgspec
import zmq

from common.bus.cursors import Cursor, Deliveries
from common.bus.deadlines import request_for
from common.bus.frames import COMMAND_HIGH_WATER_MARK, Received, bound_socket
from common.clock import Clock, monotonic_ns
from common.codec import UndecodableError, decode_reply, encode
from common.messages import Reply

ASK_TIMEOUT_NS = 500_000_000
"""How long an answer may take before the question is asked again."""
REQUEST_LIFE_NS = 5_000_000_000
"""How long a question may be under way before the publisher need not answer it any more."""
QUESTIONS_PER_PEER = 16
"""Replay requests under way to one publisher, so that a reader that starts does not drown it."""
OPEN_QUESTIONS = 10_000
"""Requests whose answers are still understood; the oldest is forgotten."""

type Command = tuple[str, dict[str, Any]]


class _Replay(msgspec.Struct):
    incarnation: int
    last: int
    messages: list[tuple[int, int, bytes]]


class Peer:
    """One publisher: its command socket and when it was last heard."""

    def __init__(self, name: str, socket: "zmq.Socket[bytes]") -> None:
        """Take over a DEALER socket; connect it afterwards."""
        self.name = name
        self.socket = socket
        bound_socket(socket, COMMAND_HIGH_WATER_MARK, linger_ms=0)
        self.heard_ns: int | None = None
        self.incarnation = 0
        self.asked: dict[str, int] = {}
        self.owed: list[Command] = []
        self.told_ns = 0

    def was_heard_within(self, timeout_ns: int) -> bool:
        """Return whether the publisher gave a sign of life within that time."""
        return self.heard_ns is not None and monotonic_ns() - self.heard_ns < timeout_ns

    def forget_unanswered(self, now_ns: int) -> int:
        """Make room for other questions by giving up those that got no answer; return how many those were."""
        late = [topic for topic, asked_ns in self.asked.items() if now_ns - asked_ns >= ASK_TIMEOUT_NS]
        for topic in late:
            del self.asked[topic]
        return len(late)


class Peers:
    """All publishers of a reader.

    on_appeared: publisher to commands it is sent when it appears or starts anew, until it has answered each.
    on_sent: is called behind every request: a loop that reads the sockets must look at them again.
    unanswered: questions that got no usable answer in time. last_error: what a publisher last refused.
    """

    def __init__(self, peers: list[Peer], clock: Clock, timeout_ms: int) -> None:
        self._peers = {peer.name: peer for peer in peers}
        self._clock = clock
        self._timeout_ns = timeout_ms * 1_000_000
        self._questions: dict[str, tuple[Peer, Cursor, int]] = {}
        self._tellings: dict[str, tuple[Peer, Command]] = {}
        self.on_appeared: dict[str, list[Command]] = {}
        self.on_sent: Callable[[], None] = lambda: None
        self.unanswered = 0
        self.last_error = ""

    def sockets(self) -> list["zmq.Socket[bytes]"]:
        """Return the sockets to poll for answers."""
        return [peer.socket for peer in self._peers.values()]

    def knows(self, name: str) -> bool:
        """Return whether a service is one of ours."""
        return name in self._peers

    def heard(self, name: str, incarnation: int) -> bool:
        """Note a sign of life of the publisher's process `incarnation`; return whether it is another than before."""
        peer = self._peers[name]
        anew = incarnation != peer.incarnation
        if anew or not peer.was_heard_within(self._timeout_ns):
            peer.incarnation = incarnation
            peer.asked.clear()
            peer.owed = list(self.on_appeared.get(name, ()))
            peer.told_ns = 0
        peer.heard_ns = monotonic_ns()
        if peer.owed:
            self._tell_owed(peer)
        return anew

    def all_alive(self) -> bool:
        """Return whether every peer was heard within the timeout."""
        return all(peer.was_heard_within(self._timeout_ns) for peer in self._peers.values())

    def silent(self) -> list[str]:
        """Return the names of peers not heard within the timeout."""
        return [peer.name for peer in self._peers.values() if not peer.was_heard_within(self._timeout_ns)]

    def tell(self, name: str, command: str, arguments: dict[str, Any]) -> None:
        """Send a command whose answer is not waited for; a silent publisher is not told."""
        peer = self._peers[name]
        if peer.was_heard_within(self._timeout_ns):
            self._send(peer, command, arguments)

    def ask(self, name: str, cursor: Cursor) -> None:
        """Ask a living publisher for what follows the cursor, unless an answer may still be on its way."""
        peer, now_ns = self._peers[name], monotonic_ns()
        asked_ns = peer.asked.get(cursor.topic)
        if asked_ns is None and len(peer.asked) >= QUESTIONS_PER_PEER:
            self.unanswered += peer.forget_unanswered(now_ns)
            if len(peer.asked) >= QUESTIONS_PER_PEER:
                return
        if asked_ns is not None and now_ns - asked_ns < ASK_TIMEOUT_NS:
            return
        if not peer.was_heard_within(self._timeout_ns):
            return
        self.unanswered += asked_ns is not None
        start = cursor.number + 1
        request_id = self._send(peer, "stream.replay", {"topic": cursor.topic, "start": start})
        peer.asked[cursor.topic] = now_ns
        self._questions[request_id] = (peer, cursor, start)
        if len(self._questions) > OPEN_QUESTIONS:
            del self._questions[next(iter(self._questions))]

    def collect(self, out: Deliveries) -> None:
        """Take all answers that have arrived and deliver what they bring."""
        for peer in self._peers.values():
            while True:
                try:
                    payload = peer.socket.recv_multipart(zmq.NOBLOCK)[-1]
                except zmq.Again:
                    break
                self._take_reply(payload, out)

    @property
    def expects_answers(self) -> bool:
        """Return whether an answer is under way that matters."""
        return any(peer.asked or peer.owed for peer in self._peers.values())

    def _take_reply(self, payload: bytes, out: Deliveries) -> None:
        try:
            reply = decode_reply(payload)
        except UndecodableError as error:
            self._refused(f"a reply that is none: {error}")
            return
        question = self._questions.pop(reply.id, None)
        telling = self._tellings.pop(reply.id, None)
        if telling is not None:
            peer, command = telling
            peer.owed = [owed for owed in peer.owed if owed is not command]
            if not reply.ok:
                self._refused(f"{peer.name} refused {command[0]}: {reply.error}")
        elif question is not None:
            self._take_answer(*question, reply, out)

    def _take_answer(self, peer: Peer, cursor: Cursor, start: int, reply: Reply, out: Deliveries) -> None:
        if not reply.ok:
            self._refused(f"{peer.name} cannot replay {cursor.topic} from #{start}: {reply.error}")
            return
        try:
            replay = msgspec.convert(reply.result, _Replay)
        except msgspec.ValidationError as error:
            self._refused(f"{peer.name} answered for {cursor.topic} what is no replay: {error}")
            return
        topic, incarnation = cursor.topic, replay.incarnation
        messages = [Received(topic, incarnation, number, 0, payload) for number, _, payload in replay.messages]
        if cursor.answer(start, incarnation, replay.last, messages, out) or not cursor.waiting:
            peer.asked.pop(topic, None)

    def _refused(self, text: str) -> None:
        self.unanswered += 1
        self.last_error = text

    def _tell_owed(self, peer: Peer) -> None:
        now_ns = monotonic_ns()
        if now_ns - peer.told_ns < ASK_TIMEOUT_NS:
            return
        peer.told_ns = now_ns
        for command in peer.owed:
            self._tellings[self._send(peer, *command)] = (peer, command)
            if len(self._tellings) > OPEN_QUESTIONS:
                del self._tellings[next(iter(self._tellings))]

    def _send(self, peer: Peer, command: str, arguments: dict[str, Any]) -> str:
        request = request_for(command, arguments, REQUEST_LIFE_NS, self._clock)
        try:
            peer.socket.send(encode(request), zmq.NOBLOCK)
        except zmq.Again:
            self.unanswered += 1
        self.on_sent()
        return request.id

    def close(self) -> None:
        """Close all sockets."""
        for peer in self._peers.values():
            peer.socket.close(linger=0)
