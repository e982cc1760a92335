"""What a strategy remembers of its own, out of what its host saved, for people to read."""

from typing import Any

import msgspec


def remembered(saved: bytes) -> dict[str, Any]:
    """Return what a strategy keeps in its context of its own, and its variables that changed, from what a host saved."""
    if not saved:
        return {}
    state = msgspec.msgpack.decode(saved)
    context, detected = _plain(state.get("context") or {}), state.get("detected") or []
    changes = {_plain(path): _value(packed) for path, packed in dict(state.get("changes") or {}).items()}
    return {"context": context, "detected": _plain(detected), "variables": changes}


def _value(packed: Any) -> Any:
    return _plain(msgspec.msgpack.decode(packed)) if isinstance(packed, bytes) else _plain(packed)


def _plain(value: Any) -> Any:
    """Return data that JSON can tell: bytes as text, keys as text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
