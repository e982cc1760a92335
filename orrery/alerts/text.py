"""Alerts as lines for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.alerts.adapters.wording import clock

WIDTH = 18


def list_lines(status: Mapping[str, Any]) -> list[str]:
    """Return what is firing, what was told, and the channels, a line each."""
    lines = [f"{len(status['firing'])} firing"]
    lines += [
        f"  {each['severity']:<9}{each['kind']:<{WIDTH}} {each['subject']:<14} since {clock(each['since_ns'])}  {each['text']}"
        for each in status["firing"]
    ]
    lines.append(f"{len(status['history'])} told lately")
    lines += [
        f"  {clock(each['at_ns'])}  {each['severity']:<9}{each['turn']:<15}{each['kind']:<{WIDTH}} {each['text']}"
        + (f" ({each['count']} times)" if each["count"] > 1 else "")
        for each in status["history"]
    ]
    lines += _channel_lines(status["channels"]) or ["no channel has had anything to tell"]
    lost = {name: status[name] for name in ("undelivered", "late", "overflow") if status[name]}
    return lines + [f"{name}: {count}" for name, count in lost.items()]


def _channel_lines(channels: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [
        f"channel {name}: {each['delivered']} delivered, {each['failed']} failed, {each['held_total']} held back, "
        f"{each['dropped']} lost" + (f"; {each['problem']}" if each["problem"] else "")
        for name, each in channels.items()
    ]


def test_lines(outcomes: Mapping[str, str]) -> list[str]:
    """Return a line for each channel that was tested."""
    return [f"{name}: {problem or 'delivered'}" for name, problem in outcomes.items()]


def kind_lines(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a line for each alert there is."""
    return [f"{row['severity']:<9}{row['kind']:<20} {row['meaning']}" for row in rows]
