"""What a strategy remembers of its own, out of what its host saved, for people to read."""

from typing import Any

import msgpack


def remembered(saved: bytes) -> dict[str, Any]:
    """Return what a strategy keeps in its context of its own, and its variables that changed, from what a host saved."""
    if not saved:
        return {}
    state = _unpacked(saved)
    context, detected = _plain(state.get(b"context") or {}), state.get(b"detected") or []
    changes = {str(_plain(path)): _value(packed) for path, packed in dict(state.get(b"changes") or {}).items()}
    return {"context": context, "detected": _plain(detected), "variables": changes}


def _value(packed: Any) -> Any:
    return _plain(_unpacked(packed)) if isinstance(packed, bytes) else _plain(packed)


def _unpacked(packed: bytes) -> Any:
    """Return data whose texts are bytes: Lua's strings are any bytes, packed values among them."""
    return msgpack.unpackb(packed, raw=True, strict_map_key=False)


def _plain(value: Any) -> Any:
    """Return data that JSON can tell: bytes as text, keys as text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
