"""The first thing that is not as it should be, in a form for people and for scripts."""

import msgspec

from common.codec import UndecodableError, decode
from common.messages import AnyMessage


class Difference(msgspec.Struct, kw_only=True):
    """What differs. where: stream or journal and number; expected and found: the messages, empty for none.

    fields: `name: expected, found` where both are messages of one type. causes: the nearest first.
    """

    what: str
    where: str
    expected: str = ""
    found: str = ""
    fields: list[str] = []
    causes: list[str] = []


def shown(payload: bytes | None) -> str:
    """Return a payload in words, empty for None."""
    if payload is None:
        return ""
    message = message_in(payload)
    return f"{len(payload)} bytes that are no message" if message is None else str(message)


def message_in(payload: bytes | None) -> AnyMessage | None:
    """Return the message in a payload, None if there is none."""
    if payload is None:
        return None
    try:
        return decode(payload)
    except UndecodableError:
        return None


def differing_fields(expected: bytes | None, found: bytes | None) -> list[str]:
    """Return the fields in which two payloads differ, each as `name: expected ..., found ...`."""
    one, other = message_in(expected), message_in(found)
    if one is None or other is None or type(one) is not type(other):
        return []
    return [
        f"{name}: expected {getattr(one, name)!r}, found {getattr(other, name)!r}"
        for name in one.__struct_fields__
        if getattr(one, name) != getattr(other, name)
    ]


def lines_of(difference: Difference) -> list[str]:
    """Return a difference as lines for the terminal."""
    lines = [f"first difference: {difference.what}, {difference.where}"]
    lines += [f"  expected {difference.expected or 'nothing'}", f"  found    {difference.found or 'nothing'}"]
    lines += [f"  {field}" for field in difference.fields]
    lines += [f"  caused by {cause}" for cause in difference.causes]
    return lines
