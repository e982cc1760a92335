"""What a reader wants to hear: whole topics, and prefixes that end in a dot."""

from collections.abc import Iterable

from common.bus.frames import HEARTBEAT_TOPIC
from common.routes import STREAMS, Retention, publisher_of, retention_of


class Interests:
    """The topics of a reader, in the order of mention. `order_flow_only` keeps all else out for the time being."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self.wanted = tuple(wanted)
        self.publishers = list(dict.fromkeys(publisher_of(topic) for topic in self.wanted))
        self.order_flow_only = True

    def subscriptions(self) -> list[bytes]:
        """Return what to subscribe to: the streams, then the publishers' heartbeats.

        ZeroMQ passes subscriptions on in this order, so who hears a heartbeat hears the streams too.
        """
        return [topic.encode() for topic in (*self.wanted, *(HEARTBEAT_TOPIC + name for name in self.publishers))]

    def takes(self, topic: str) -> bool:
        """Return whether a topic is wanted, and let in at the moment."""
        if topic.partition(".")[0] not in STREAMS:
            return False
        if self.order_flow_only and retention_of(topic) is not Retention.JOURNAL:
            return False
        return any(topic == wanted or (wanted.endswith(".") and topic.startswith(wanted)) for wanted in self.wanted)
