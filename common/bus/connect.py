"""From the routes to sockets: what a service hears, connected to those who say it."""

from collections.abc import Mapping

import zmq

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

    def subscriber(self, service: str) -> Subscriber:
        """Return a reader of everything `service` hears; raises KeysError for a missing key."""
        names = list(dict.fromkeys(publisher_of(topic) for topic in HEARS[service]))
        peers = [Peer(name, self._context.socket(zmq.DEALER)) for name in names]
        stream = self._context.socket(zmq.SUB)
        subscriber = Subscriber(stream, Peers(peers, self._clock, self._peer_timeout_ms), service)
        for peer in peers:
            end = self._endpoints[peer.name]
            self._connect(stream, peer.name, end.bind_publish, end.connect_publish)
            self._connect(peer.socket, peer.name, end.bind_command, end.connect_command)
        return subscriber

    def _connect(self, socket: "zmq.Socket[bytes]", server: str, bound: str, address: str) -> None:
        if self._security is None or is_private(bound):
            leave_plain(socket)
        else:
            self._security.protect_client(socket, server)
        socket.connect(address)
