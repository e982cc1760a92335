"""What a shell feeds a market-data core beside messages, and what the core asks of the shell; none of it travels on the bus."""

import msgspec

from common.messages import AnyMessage


class VenueFrame(msgspec.Struct, frozen=True, gc=False):
    """One whole text message of the venue's connection. received_ns: when it was read, nanoseconds UTC, by our clock."""

    payload: bytes
    received_ns: int


class DepthReply(msgspec.Struct, frozen=True, gc=False):
    """The body of the venue's answer to a `DepthRequest`."""

    symbol: str
    payload: bytes
    received_ns: int


class DepthFailed(msgspec.Struct, frozen=True, gc=False):
    """A `DepthRequest` got no answer with a body worth reading; `error` says why."""

    symbol: str
    error: str


class Connected(msgspec.Struct, frozen=True, gc=False):
    """The connection is open and subscribed. `connection` counts them: 1 is the first of this process."""

    connection: int


class Disconnected(msgspec.Struct, frozen=True, gc=False):
    """The connection is gone, or could not be made; `reason` is a short text for people."""

    reason: str


class DepthRequest(msgspec.Struct, frozen=True, gc=False):
    """Fetch the whole book of `symbol`, `limit` levels a side, now; answer with `DepthReply` or `DepthFailed`.

    The core spaces these and repeats them: the shell neither waits nor retries.
    """

    symbol: str
    limit: int


class Reconnect(msgspec.Struct, frozen=True, gc=False):
    """End the connection and make a new one; `Disconnected` and `Connected` follow as inputs."""

    reason: str


SourceInput = VenueFrame | DepthReply | DepthFailed | Connected | Disconnected
"""What a source gives a core."""

SourceRequest = DepthRequest | Reconnect
"""What a core asks of its source; the shell passes it on and publishes everything else."""

CoreInput = AnyMessage | SourceInput
"""What a market-data core handles."""

CoreOutput = AnyMessage | SourceRequest
"""What a market-data core returns."""
