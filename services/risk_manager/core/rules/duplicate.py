"""Refuses what was asked for already: an equal entry within risk.duplicate_window_ms, or an id that is taken."""

from common.messages import OrderIntent
from services.risk_manager.core.view import Refusal, View

CODE = 101


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an intent that repeats an earlier one."""
    if not view.earlier_id:
        return None
    if view.earlier_id == intent.id:
        return Refusal("a new id", intent.id, f"{intent.id} is an id that an earlier intent of {intent.runner} had")
    return Refusal(
        f"{view.limits.duplicate_window_ns // 1_000_000} ms",
        view.earlier_id,
        f"{intent.id} asks for the same as {view.earlier_id} did a moment ago",
    )
