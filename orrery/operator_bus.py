"""The operator's place on the bus: sockets to every service, with keys where the bus leaves this machine."""

from collections.abc import Sequence
from pathlib import Path

import zmq

from common.bus.peers import Peer, Peers
from common.bus.security import OPERATOR, Security, leave_plain
from common.bus.subscriber import Subscriber
from common.clock import WallClock
from common.config.endpoints import all_endpoints, is_private
from common.config.models import Config
from common.routes import publisher_of


class OperatorBus:
    """Makes the sockets the command line needs, and closes them all."""

    def __init__(self, config: Config) -> None:
        """Prepare; nothing connects yet.

        Raises:
            KeysError: a service is beyond loopback and the operator's keys are missing.
        """
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.clock = WallClock()
        self.endpoints = all_endpoints(config)
        self._peer_timeout_ms = config.engine.peer_timeout_ms
        self._sockets: list[zmq.Socket[bytes]] = []
        self._security = self._load_security(config)

    def command_socket(self, service: str) -> "zmq.Socket[bytes]":
        """Return a DEALER connected to a service's command socket; requests to a dead service are not queued."""
        socket = self._socket(zmq.DEALER)
        socket.linger = 0
        socket.immediate = True
        self._protect(socket, service, self.endpoints[service].bind_command)
        socket.connect(self.endpoints[service].connect_command)
        return socket

    def subscriber(self, name: str, wanted: tuple[str, ...]) -> Subscriber:
        """Return a reader of these topics, or prefixes that end in a dot; lost messages are asked for again."""
        publishers = list(dict.fromkeys(publisher_of(topic) for topic in wanted))
        peers = [Peer(service, self.command_socket(service)) for service in publishers]
        socket = self._socket(zmq.SUB)
        subscriber = Subscriber(socket, Peers(peers, self.clock, self._peer_timeout_ms), name, wanted)
        for service in publishers:
            self._protect(socket, service, self.endpoints[service].bind_publish)
            socket.connect(self.endpoints[service].connect_publish)
        return subscriber

    def listener(self, topics: Sequence[tuple[str, str]]) -> "zmq.Socket[bytes]":
        """Return a plain SUB socket that hears these topics, each of its service, from now on."""
        socket = self._socket(zmq.SUB)
        for service in dict.fromkeys(service for service, _ in topics):
            self._protect(socket, service, self.endpoints[service].bind_publish)
            socket.connect(self.endpoints[service].connect_publish)
        for _, topic in topics:
            socket.subscribe(topic)
        return socket

    def close(self) -> None:
        """Close all sockets; nothing is waited for."""
        for socket in self._sockets:
            socket.close(linger=0)
        if self._security is not None:
            self._security.close()
        self.context.term()

    def _socket(self, kind: int) -> "zmq.Socket[bytes]":
        socket = self.context.socket(kind)
        self._sockets.append(socket)
        return socket

    def _protect(self, socket: "zmq.Socket[bytes]", service: str, bound: str) -> None:
        if self._security is not None and not is_private(bound):
            self._security.protect_client(socket, service)
        else:
            leave_plain(socket)

    def _load_security(self, config: Config) -> Security | None:
        addresses = [address for end in self.endpoints.values() for address in (end.bind_publish, end.bind_command)]
        if all(is_private(address) for address in addresses):
            return None
        return Security(self.context, Path(config.engine.keys_dir), OPERATOR)
