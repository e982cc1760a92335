"""Messages to msgpack bytes and back; one typed encoder and decoder, made once."""

from collections.abc import Sequence

import msgspec

from common.messages import AnyMessage, Reply, Request

_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder: msgspec.msgpack.Decoder[AnyMessage] = msgspec.msgpack.Decoder(AnyMessage)
_request_decoder = msgspec.msgpack.Decoder(Request)
_reply_decoder = msgspec.msgpack.Decoder(Reply)


_NO_MESSAGE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for bytes that are none; the last for bytes that nest without end."""


class UndecodableError(ValueError):
    """Bytes that are no message of this schema; the text says what was expected and what was found."""


encode = _encoder.encode
"""Return the msgpack bytes of a message, request or reply: a map with its `type` first, Decimals as strings."""


encode_into = _encoder.encode_into
"""Put those bytes into a bytearray at a place; -1 appends them."""


_FIX_ARRAY, _ARRAY_16 = 16, 1 << 16
"""Numbers of elements from which on msgpack takes three bytes, and five, to begin an array."""


def encode_array(messages: Sequence[AnyMessage]) -> memoryview:
    """Return the bytes of messages, one behind the other: as `encode` gives them, at less than one by one costs."""
    count = len(messages)
    header = 1 if count < _FIX_ARRAY else 3 if count < _ARRAY_16 else 5
    return memoryview(encode(messages))[header:]


def decode(payload: bytes | memoryview) -> AnyMessage:
    """Return the message in msgpack bytes.

    Raises:
        UndecodableError: the bytes are not msgpack, or no known message, or a field is missing or of another type.
    """
    try:
        return _decoder.decode(payload)
    except _NO_MESSAGE as error:
        raise UndecodableError(f"{error} ({len(payload)} bytes)") from error


def decode_request(payload: bytes) -> Request:
    """Return the request in msgpack bytes; raises UndecodableError."""
    try:
        return _request_decoder.decode(payload)
    except _NO_MESSAGE as error:
        raise UndecodableError(f"{error} ({len(payload)} bytes)") from error


def decode_reply(payload: bytes) -> Reply:
    """Return the reply in msgpack bytes; raises UndecodableError."""
    try:
        return _reply_decoder.decode(payload)
    except _NO_MESSAGE as error:
        raise UndecodableError(f"{error} ({len(payload)} bytes)") from error
