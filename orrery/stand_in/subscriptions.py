"""What each client of a stand-in has asked for, and Binance's JSON requests that change it."""

from collections import deque
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from orrery.stand_in.tape import TapeFrame, in_envelope, stream_key

MOST_STREAMS = 1_024
"""Streams that one connection may carry.
https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#websocket-limits"""
MOST_REQUESTS_PER_SECOND = 5
"""Requests that one connection may send, by the same page; who sends more is disconnected."""
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class RequestError(Exception):
    """A request that Binance refuses with a code and a text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Subscriptions:
    """One client's streams. `combined` tells whether its frames come in an envelope with the stream's name."""

    def __init__(self, target: str) -> None:
        """Take what the URL asks for: /ws/<a>/<b> or /stream?streams=<a>/<b>."""
        parts = urlsplit(target)
        self.combined = parts.path.startswith("/stream")
        self._names: dict[str, str] = {}
        self._asked_at: deque[float] = deque(maxlen=MOST_REQUESTS_PER_SECOND)
        listed = parse_qs(parts.query).get("streams", [""])[0] if self.combined else parts.path.removeprefix("/ws")
        self.add(unquote(name) for name in listed.split("/") if name)

    def __bool__(self) -> bool:
        return bool(self._names)

    def add(self, names: Iterable[str]) -> None:
        """Follow streams; RequestError if there are too many."""
        wanted = {**self._names, **{stream_key(name): name for name in names}}
        if len(wanted) > MOST_STREAMS:
            raise RequestError(2, "Invalid request: too many parameters")
        self._names = wanted

    def text(self, frame: TapeFrame) -> bytes | None:
        """Return what this client gets of a frame: under the name by which it asked; None if it did not ask."""
        name = self._names.get(frame.key)
        if name is None:
            return None
        if not self.combined:
            return frame.data
        return frame.combined if name == frame.stream else in_envelope(name, frame.data)

    def too_fast(self, now_s: float) -> bool:
        """Count a request made now; return whether it is one too many within a second."""
        full = len(self._asked_at) == MOST_REQUESTS_PER_SECOND and now_s - self._asked_at[0] < 1.0
        self._asked_at.append(now_s)
        return full

    def reply(self, request: str | bytes) -> bytes:
        """Carry out a JSON request; return Binance's answer to it."""
        number = None
        try:
            fields = _parsed(request)
            number = fields.get("id")
            return _encode({"result": self._carried_out(fields), "id": number})
        except RequestError as error:
            return _encode({"error": {"code": error.code, "msg": str(error)}, "id": number})

    def _carried_out(self, fields: dict[str, Any]) -> Any:
        params = fields.get("params", [])
        match fields.get("method"):
            case "SUBSCRIBE":
                self.add(_names_in(params))
            case "UNSUBSCRIBE":
                for name in _names_in(params):
                    self._names.pop(stream_key(name), None)
            case "LIST_SUBSCRIPTIONS":
                return list(self._names.values())
            case "SET_PROPERTY":
                self._set_property(params)
            case "GET_PROPERTY":
                return self.combined
            case None:
                raise RequestError(2, "Invalid request: missing field `method`")
            case unknown:
                raise RequestError(
                    2, f"Invalid request: unknown variant `{unknown}`, expected one of {', '.join(_METHODS)}"
                )
        return None

    def _set_property(self, params: Any) -> None:
        match params:
            case ["combined", bool(value)]:
                self.combined = value
            case ["combined", *_]:
                raise RequestError(1, "Invalid value type: expected Boolean")
            case _:
                raise RequestError(0, "Unknown property")


def _parsed(request: str | bytes) -> dict[str, Any]:
    try:
        fields = _decode(request)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(3, f"Invalid JSON: {error}") from error
    number = fields.get("id")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int | str)):
        raise RequestError(2, "Invalid request: request ID must be an unsigned integer")
    return fields


def _names_in(params: Any) -> list[str]:
    if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
        raise RequestError(2, "Invalid request: expected a list of stream names as params")
    return params
