"""Risk's parameters as text: how a change of them travels, is journaled and is kept.

How it works: the text is the [risk] section in JSON, every key in its order, without the addresses of the service, which are
no business of its core. So equal sections have equal texts, and redoing a journaled change needs no file.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from common.config.risk import RiskSection
from common.config.section import EndpointSection
from common.messages import LimitChange

CHANGE: Final = "change_limits"
"""The command that brings other parameters: `before` and `after` are texts, `origin` is who wants it."""
FILE: Final = "file"
OPERATOR: Final = "operator"

ADDRESSES: Final = frozenset(EndpointSection.model_fields)
"""Keys that belong to the process: they hold from its start."""
FIXED: Final = ("account_currency", "initial_cash", "position_method")
"""Keys on which the books rest: they hold as long as the state does."""


def text_of(section: RiskSection) -> str:
    """Return the parameters of a section."""
    return msgspec.json.encode(section.model_dump(mode="json", exclude=set(ADDRESSES))).decode()


def section_of(text: str) -> RiskSection:
    """Return the section that a text describes; pydantic's ValidationError if it is none."""
    return RiskSection.model_validate_json(text)


def flat(text: str) -> dict[str, str]:
    """Return each key of a text with its value, as people write them: `symbols[0].max_notional`."""
    return dict(_leaves("", msgspec.json.decode(text)))


def changes(before: str, after: str) -> list[LimitChange]:
    """Return what differs between two texts, in the order of the keys; the same number written otherwise is no change."""
    old, new = flat(before), flat(after)
    keys = [*old, *(key for key in new if key not in old)]
    return [
        LimitChange(key, old.get(key, ""), new.get(key, ""))
        for key in keys
        if not _is_same(old.get(key, ""), new.get(key, ""))
    ]


def fixed_changes(before: str, after: str) -> list[LimitChange]:
    """Return the changes of keys that hold as long as the state does."""
    return [change for change in changes(before, after) if change.key in FIXED]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for place, item in enumerate(value):
            yield from _leaves(f"{path}[{place}]", item)
    elif isinstance(value, list):
        yield path, ",".join(map(str, value))
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    else:
        yield path, str(value)


def _is_same(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False
