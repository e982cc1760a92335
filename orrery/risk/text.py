"""Parameters, changes and use of limits as lines for people."""

from collections.abc import Sequence
from typing import Any

from common.config.risk import RiskSection
from services.risk_manager.core.parameters import flat, text_of


def show_lines(answer: dict[str, Any], *, with_defaults: bool) -> list[str]:
    """Return the parameters in force, a line each; without defaults those that somebody changed."""
    usual = flat(text_of(RiskSection()))
    by_hand = {each["key"]: each["file"] for each in answer["not_as_in_file"]}
    lines = []
    for key, value in answer["in_force"].items():
        if not with_defaults and key not in by_hand and value == usual.get(key):
            continue
        note = f"   the file says {by_hand[key] or 'nothing'}" if key in by_hand else ""
        fixed = "   holds as long as the state does" if key in answer["fixed"] else ""
        lines.append(f"{key:<36}{value or 'none'}{note}{fixed}")
    if not lines:
        lines.append("all keys stand at their defaults")
    lines.append(f"file: {answer['file'] or 'none, the built-in defaults'}")
    lines.append(f"changed while running: {answer['reloaded']} times, refused: {answer['failed']} times")
    if answer["failure"]:
        lines += ["the last change was refused, the limits before it hold:", *answer["failure"].splitlines()]
    return lines


def change_lines(changes: Sequence[dict[str, str]]) -> list[str]:
    """Return what changed from what to what."""
    if not changes:
        return ["nothing changed"]
    return [f"{each['key']}: {each['before'] or 'none'} -> {each['after'] or 'none'}" for each in changes]


def usage_lines(usage: Sequence[dict[str, str]]) -> list[str]:
    """Return a table of the limits in force."""
    rows = [("rule", "of", "limit", "used", "free", "used %")]
    for each in usage:
        unit = f" {each['unit']}" if each["unit"] else ""
        rows.append(
            (each["reason"], each["of"], each["limit"] + unit, each["used"], each["free"], each["used_percent"])
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
