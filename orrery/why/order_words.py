"""An order that is more than a market order, and a change of one, in words."""

from collections.abc import Mapping
from typing import Any

from orrery.why.words import clock, number


def ordered(said: Mapping[str, Any]) -> str:
    """Return type, prices, time in force and flags of an intent or an approved order."""
    kind, terms = said["order_type"], said.get("terms") or {}
    if kind == "limit" and not terms:
        return f" at {number(said['limit_price'])} or better, {said['time_in_force']}"
    parts = [str(kind).replace("_", " ")]
    if terms.get("trigger_price"):
        parts.append(f"from {number(terms['trigger_price'])} on")
    if terms.get("trail"):
        parts.append(f"{number(terms['trail'])} behind")
    if terms.get("trail_bps"):
        parts.append(f"{number(terms['trail_bps'])} bp behind")
    if said.get("limit_price"):
        parts.append(f"at {number(said['limit_price'])} or better")
    parts.append(str(said["time_in_force"]))
    if terms.get("expires_ns"):
        parts.append(f"until {clock(terms['expires_ns'])}")
    if terms.get("post_only"):
        parts.append("post only")
    if terms.get("oco"):
        parts.append(f"one of {terms['oco']}")
    return f", {', '.join(parts)}"


def changed(said: Mapping[str, Any]) -> str:
    """Return what a change or a cancel asks for, or what became of it."""
    match said["type"]:
        case "cancel_intent":
            return f"the runner wants it no more ({said['reason']})"
        case "approved_cancel":
            return "risk passes the cancel on"
        case "amend_intent":
            return f"the runner wants it changed: {_wanted(said)}"
        case "approved_amend":
            return f"risk passes the change on: {_wanted(said)}"
        case _:
            return _answered(said)


def _answered(said: Mapping[str, Any]) -> str:
    match said["type"]:
        case "amend_refused":
            return f"the change is REFUSED by {said['reason']}: {said['detail']}"
        case "amend_rejected":
            return f"{said['venue']} does not change it, {said['reason']}: {said['detail']}"
        case _:
            return f"{said['venue']} has changed it: {_wanted(said)}, {number(said['remaining_quantity'])} left"


def _wanted(said: Mapping[str, Any]) -> str:
    named = (("quantity", "quantity"), ("limit", "limit_price"), ("trigger", "trigger_price"))
    return ", ".join(f"{name} {number(said[key])}" for name, key in named if said.get(key)) or "nothing"
