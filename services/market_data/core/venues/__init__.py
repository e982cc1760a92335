"""The venues, one file each; what lies in this folder is what exists, found by its name."""

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Protocol, cast

from services.market_data.core.events import DepthSnapshot, Undecodable, VenueEvent


class Venue(Protocol):
    """What every venue file offers, as plain functions."""

    def stream_url(self, base_url: str, symbols: Sequence[str], streams: Sequence[str]) -> str:
        """Return the URL of one connection that carries all these streams."""
        ...

    def subscribe_frame(self, request_id: int, symbols: Sequence[str], streams: Sequence[str]) -> str:
        """Return the frame that adds streams to an open connection."""
        ...

    def unsubscribe_frame(self, request_id: int, symbols: Sequence[str], streams: Sequence[str]) -> str:
        """Return the frame that takes streams away from an open connection."""
        ...

    def rest_base(self, websocket_url: str) -> str:
        """Return the REST address that belongs to a WebSocket address."""
        ...

    def depth_url(self, rest_base: str, symbol: str, limit: int) -> str:
        """Return the URL of a whole book."""
        ...

    def decode(self, payload: bytes) -> Sequence[VenueEvent]:
        """Return what a frame says; never raises."""
        ...

    def decode_depth(self, payload: bytes) -> DepthSnapshot | Undecodable:
        """Return what the body of a REST book says; never raises."""
        ...


def names() -> list[str]:
    """Return the names of the venues, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Venue:
    """Return the venue of this name; ValueError names those that exist."""
    if name not in names():
        raise ValueError(f"venue {name!r}: expected one of {names()}")
    return cast(Venue, importlib.import_module(f"{__name__}.{name}"))
