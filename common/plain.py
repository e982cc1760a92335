"""Messages as plain data and back: what JSON, a page or a test can hold, without losing a digit.

Decimals and enums are strings, tuples are lists, times stay integers (nanoseconds UTC); `type` names the message.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from common.messages import AnyMessage


def plain(message: AnyMessage) -> dict[str, Any]:
    """Return every field of a message, and its `type`, as str, int, float, bool, None, list and dict."""
    fields: dict[str, Any] = msgspec.to_builtins(message)
    return fields


def message_of(fields: Mapping[str, Any]) -> AnyMessage:
    """Return the message that `plain` made `fields` from.

    Raises:
        ValueError: no known message, or a field is missing or of another type; the text names it.
    """
    try:
        message: AnyMessage = msgspec.convert(fields, AnyMessage)
    except msgspec.ValidationError as error:
        raise ValueError(f"no message: {error}") from error
    return message
