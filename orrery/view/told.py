"""What services answered to a command, for people and for programs."""

from collections.abc import Mapping
from typing import Any

import msgspec

from common.routes import EXECUTION, RISK_MANAGER
from orrery.telling import Told


def print_told(told: Mapping[str, Told], *, json: bool) -> int:
    """Print a line a service; return 0 when all obeyed, else 1."""
    ok = all(each.ok for each in told.values())
    if json:
        shown = {service: _plain(service, each) for service, each in told.items()}
        print(msgspec.json.encode({"ok": ok, "services": shown}).decode())
    else:
        for service, each in told.items():
            print(f"{service}: {_line(service, each)}")
    return 0 if ok else 1


def _plain(service: str, told: Told) -> dict[str, Any]:
    return {"ok": told.ok, "took_ms": round(told.took_ms, 3), "error": told.error, "state": _state(service, told)}


def _line(service: str, told: Told) -> str:
    if not told.ok:
        return f"did not obey: {told.error}; it stands as it stood"
    state = _state(service, told)
    return f"{state} after {told.took_ms:.1f} ms" + "".join(
        f"\n  in the way: {reason}: {detail}" for reason, detail in told.status.get("in_the_way", {}).items()
    )


def _state(service: str, told: Told) -> str:
    if not told.ok:
        return ""
    if service == RISK_MANAGER:
        return f"{told.status['trading']}, {told.status['working_orders']} orders on their way"
    if service == EXECUTION:
        killed = "only reductions" if told.status["killed"] else "armed"
        return f"{killed}, {told.status['open_orders']} orders open"
    return "done"
