"""Keep secrets out of the logs: by the name of a field, by value once it is known, and by its look in a text."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

REDACTED = "[redacted]"
SHORTEST_SECRET = 6
"""Characters below which a value is not searched for in texts: `no` would blacken every log."""

_WORDS = "key|apikey|secret|token|password|passphrase|signature|authorization"
_SECRET_NAME = re.compile(rf"(?:^|[^a-z])(?:{_WORDS})(?:[^a-z]|$)|apikey|secretkey|accesstoken", re.IGNORECASE)
# The name of an environment variable and the id of a prediction market's token are no secrets.
_HARMLESS_NAME = re.compile(r"_env$|^token_ids?$", re.IGNORECASE)
_WORDS_IN_TEXT = "(?:api|secret|private|access|listen)[_-]?key|secret|token|password|passphrase|signature|authorization"
_IN_TEXT = re.compile(
    rf"(?P<name>\b[\w-]*(?:{_WORDS_IN_TEXT})[\"']?\s*[=:]\s*[\"']?(?:Bearer |Basic )?)(?P<value>[^\s&\"',;}})\]]+)",
    re.IGNORECASE,
)
# A CURVE key is 40 characters of Z85; the marks in the second look-ahead stand in no path, address or hash.
_CURVE_KEY = re.compile(
    r"(?<![0-9A-Za-z.:+=^!/*?&<>()\[\]{}@%$#-])"
    r"(?=[0-9A-Za-z.:+=^!/*?&<>()\[\]{}@%$#-]*[<>(){}@%$#^!*\[\]+])"
    r"[0-9A-Za-z.:+=^!/*?&<>()\[\]{}@%$#-]{40}"
    r"(?![0-9A-Za-z.:+=^!/*?&<>()\[\]{}@%$#-])"
)

_known: set[str] = set()


def protect(*secrets: str) -> None:
    """Never let these values appear in a log line of this process, wherever they stand."""
    _known.update(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return a log event without secrets; a structlog processor, run after exceptions have become text."""
    return {name: _redacted(name, value) for name, value in event.items()}


def redact_text(text: str) -> str:
    """Return a text without the secrets in it."""
    for secret in _known:
        text = text.replace(secret, REDACTED)
    return _CURVE_KEY.sub(REDACTED, _IN_TEXT.sub(rf"\g<name>{REDACTED}", text))


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name) and not _HARMLESS_NAME.search(name):
        return REDACTED
    match value:
        case str():
            return redact_text(value)
        case Mapping():
            return {key: _redacted(str(key), item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted("", item) for item in value]
        case None | bool() | int() | float():
            return value
        case _:
            return redact_text(str(value))
