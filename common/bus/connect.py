"""From the routes to sockets: what a service hears, connected to those who say it."""

from collections.abc import Mapping, Sequence

import zmq

from common.bus.frames import HIGH_WATER_MARK, bound_socket
from common.bus.peers import Peer, Peers
from common.bus.security import Security, leave_plain
from common.bus.subscriber import Subscriber
from common.clock import Clock
from common.config.endpoints import Endpoints, is_private
from common.routes import HEARS, publisher_of


class Connector:
    """Makes the connected sockets of one participant, with keys where an address reaches beyond this machine."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        endpoints: Mapping[str, Endpoints],
        security: Security | None,
        clock: Clock,
        peer_timeout_ms: int,
    ) -> None:
        self._context, self._endpoints, self._security = context, endpoints, security
        self._clock, self._peer_timeout_ms = clock, peer_timeout_ms

    def subscriber(self, service: str, also: tuple[str, ...] = ()) -> Subscriber:
        """Return a reader of everything `service` hears, and of `also`; raises KeysError for a missing key."""
        wanted = HEARS[service] + also
        names = list(dict.fromkeys(publisher_of(topic) for topic in wanted))
        peers = [Peer(name, self._context.socket(zmq.DEALER)) for name in names]
        stream = self._context.socket(zmq.SUB)
        subscriber = Subscriber(stream, Peers(peers, self._clock, self._peer_timeout_ms), service, wanted)
        for peer in peers:
            end = self._endpoints[peer.name]
            self._connect(stream, peer.name, end.bind_publish, end.connect_publish)
            self._connect(peer.socket, peer.name, end.bind_command, end.connect_command)
        return subscriber

    def listener(self, topics: Sequence[tuple[str, str]]) -> "zmq.Socket[bytes]":
        """Return a SUB socket that hears these (service, topic or prefix) from now on; what is missed is not asked for."""
        socket = self._context.socket(zmq.SUB)
        bound_socket(socket, HIGH_WATER_MARK, linger_ms=0)
        for _, topic in topics:
            socket.subscribe(topic)
        for service in dict.fromkeys(service for service, _ in topics):
            end = self._endpoints[service]
            self._connect(socket, service, end.bind_publish, end.connect_publish)
        return socket

    def commander(self, service: str) -> "zmq.Socket[bytes]":
        """Return a DEALER connected to a service's command socket; the caller gives it its bounds and reads the answers."""
        socket = self._context.socket(zmq.DEALER)
        end = self._endpoints[service]
        self._connect(socket, service, end.bind_command, end.connect_command)
        return socket

    def _connect(self, socket: "zmq.Socket[bytes]", server: str, bound: str, address: str) -> None:
        if self._security is None or is_private(bound):
            leave_plain(socket)
        else:
            self._security.protect_client(socket, server)
        socket.connect(address)
