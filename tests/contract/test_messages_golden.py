"""The bytes of every message type stay what they were, and any msgpack library can read them."""

from decimal import Decimal
from enum import Enum
from typing import Any, get_args

import msgpack
import msgspec
import pytest

from common.codec import decode, decode_reply, decode_request, encode
from common.messages import AnyMessage, Message, Reply, Request
from tests.contract.examples import EXAMPLES, GOLDEN, tag_of

BY_TAG = {tag_of(example): example for example in EXAMPLES}


def golden(tag: str) -> bytes:
    return bytes.fromhex((GOLDEN / f"{tag}.hex").read_text())


def plain(value: Any) -> Any:
    """Return a value as a reader without our types sees it."""
    if isinstance(value, msgspec.Struct):
        head = {"type": tag_of(value)} if value.__struct_config__.tag else {}
        return head | {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value


def decode_any(tag: str, payload: bytes) -> Any:
    return {"request": decode_request, "reply": decode_reply}.get(tag, decode)(payload)


def test_every_type_has_an_example_and_every_golden_file_a_type() -> None:
    kinds = {*get_args(AnyMessage), Request, Reply}
    assert {type(example) for example in EXAMPLES} == kinds
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(BY_TAG)


@pytest.mark.parametrize("tag", sorted(BY_TAG))
def test_bytes_stay_what_they_were(tag: str) -> None:
    assert encode(BY_TAG[tag]) == golden(tag)


@pytest.mark.parametrize("tag", sorted(BY_TAG))
def test_old_bytes_give_the_same_message(tag: str) -> None:
    assert decode_any(tag, golden(tag)) == BY_TAG[tag]


@pytest.mark.parametrize("tag", sorted(BY_TAG))
def test_plain_msgpack_reads_every_message(tag: str) -> None:
    document = msgpack.unpackb(golden(tag))
    assert document == plain(BY_TAG[tag])
    assert next(iter(document)) == "type"


@pytest.mark.parametrize("tag", sorted(BY_TAG))
def test_what_plain_msgpack_writes_is_read(tag: str) -> None:
    document = plain(BY_TAG[tag])
    shuffled = {name: document[name] for name in reversed(document)}
    assert decode_any(tag, msgpack.packb(shuffled)) == BY_TAG[tag]


@pytest.mark.parametrize("tag", sorted(BY_TAG))
def test_examples_fill_every_field(tag: str) -> None:
    # Bytes that leave a field out would not notice that its type changed.
    example: Any = BY_TAG[tag]
    fields = msgspec.structs.fields(type(example))
    assert [
        field.name for field in fields if not field.required and getattr(example, field.name) == field.default
    ] == []


@pytest.mark.parametrize("tag", sorted(tag for tag, example in BY_TAG.items() if isinstance(example, Message)))
def test_optional_fields_may_be_missing(tag: str) -> None:
    example = BY_TAG[tag]
    required = [field.name for field in msgspec.structs.fields(type(example)) if field.required]
    document = {name: value for name, value in plain(example).items() if name == "type" or name in required}
    message = decode(msgpack.packb(document))
    assert {name: getattr(message, name) for name in required} == {name: getattr(example, name) for name in required}
