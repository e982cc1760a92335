"""Bytes that are no message of this schema are refused with a reason, whatever they are."""

import contextlib
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.codec import UndecodableError, decode, decode_reply, decode_request
from common.messages import Message
from tests.contract.examples import GOLDEN

QUOTE = bytes.fromhex((GOLDEN / "quote.hex").read_text())


def changed(**fields: Any) -> bytes:
    """Return a quote with other fields; None takes the field away."""
    document = msgpack.unpackb(QUOTE) | fields
    packed: bytes = msgpack.packb({name: value for name, value in document.items() if value is not None})
    return packed


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (changed(type="telegram"), "Invalid value 'telegram' - at `$.type`"),
        (changed(type=None), "Object missing required field `type`"),
        (changed(bid=None), "Object missing required field `bid`"),
        (changed(bid="60000"), "Expected `float`, got `str` - at `$.bid`"),
        (changed(update_id=1.5), "Expected `int`, got `float` - at `$.update_id`"),
        (QUOTE[:-1], "Input data was truncated"),
        (QUOTE + b"\x00", "MessagePack data is malformed: trailing characters"),
        (b"", "Input data was truncated"),
        (b"\xc1", "MessagePack data is malformed"),
        (msgpack.packb([1, 2]), "Expected `object`, got `array`"),
        (changed(symbol=b"\xff"), "Expected `str`, got `bytes`"),
        (QUOTE.replace(b"BTCUSDT", b"BTCUSD\xff"), "'utf-8' codec can't decode byte 0xff"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named(payload: bytes, reason: str) -> None:
    with pytest.raises(UndecodableError) as caught:
        decode(payload)
    assert str(caught.value).startswith(reason)
    assert str(caught.value).endswith(f"({len(payload)} bytes)")


def test_fields_of_a_newer_schema_are_passed_over() -> None:
    assert decode(changed(mood="bright")) == decode(QUOTE)


@given(st.binary(max_size=64))
@pytest.mark.parametrize("reader", [decode, decode_request, decode_reply])
def test_garbage_is_refused_and_nothing_else(reader: Callable[[bytes], Any], payload: bytes) -> None:
    with pytest.raises(UndecodableError):
        reader(payload)


@given(st.integers(0, len(QUOTE) - 1), st.integers(0, 255))
def test_one_flipped_byte_is_a_message_or_refused(place: int, value: int) -> None:
    payload = bytearray(QUOTE)
    payload[place] = value
    with contextlib.suppress(UndecodableError):
        assert isinstance(decode(bytes(payload)), Message)
