"""A runner's standing for people: why not, how it stood, what it was asked before, what became of its orders."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from orrery.redrive.moments import shown_time
from orrery.redrive.watch import Asked
from orrery.why.story_text import asked_lines
from orrery.why.verdict import Standing
from orrery.why.words import clock, folded, lua, number

UPDATES_SHOWN = 6
LABEL = 14
"""Columns of the labels."""


def lines(standing: Standing) -> Iterator[str]:
    """Yield the standing, at most WIDTH columns wide."""
    runner = standing.runner
    yield from folded(f"{runner['id']} at {_when(standing)}: why it did not trade", 0)
    yield ""
    for place, reason in enumerate(standing.reasons):
        yield from folded(f"{'->' if not place else ' +'} {reason}", 0, 3)
    yield ""
    for label, text in _facts(standing, runner):
        first, *rest = folded(text, LABEL, 0)
        yield f"{label:<{LABEL}}{first[LABEL:]}"
        yield from rest
    yield ""
    yield from _updates(standing.asked)


def _when(standing: Standing) -> str:
    moment = standing.moment
    if moment.market_ns is None:
        return shown_time(moment.at_ns)
    return f"{shown_time(moment.market_ns)} of the market ({clock(moment.at_ns)} by the services' clock)"


def _facts(standing: Standing, runner: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "state", _state(runner)
    yield (
        "strategy",
        f"{runner['script']}, bars of {runner['timeframe']}, {runner['bars']} seen, warm-up {runner['warmup']}",
    )
    yield "market", f"{runner['symbol']} {standing.market}"
    position = runner["position"]
    if position is not None:
        levels = "".join(f", {name} {position[name]}" for name in ("stop", "target") if position[name] is not None)
        yield "position", f"{position['side']} {position['quantity']} at {position['entry_price']}{levels}"
    if runner["context"]:
        yield "context", lua(runner["context"])
    yield "orders", _orders(standing)
    if standing.risk:
        yield "risk", _risk(standing.risk)
    if runner["last_error"]:
        yield "last error", runner["last_error"]


def _state(runner: dict[str, Any]) -> str:
    history = runner["history"]
    if not history:
        return f"{runner['state']} since the beginning"
    at_ns, before, _, event = history[-1]
    return (
        f"{runner['state']} since {clock(at_ns)}, from {before} by {event}; {runner['transitions']} transitions so far"
    )


def _orders(standing: Standing) -> str:
    latest = standing.latest
    if latest is None:
        return "none so far"
    refused = ", ".join(f"{count} by {rule}" for rule, count in sorted(standing.refusals.items()))
    said = f"{standing.intents} intents so far, {f'refused {refused}' if refused else 'none refused'}; the latest at "
    said += f"{clock(latest.at_ns)}, {latest.kind} {latest.id}: {latest.outcome}"
    return f"{said} (limit {latest.limit}, found {latest.found}: {latest.detail})" if latest.rule else said


def _risk(risk: dict[str, Any]) -> str:
    breaker = risk["breaker"]
    state = f"breaker open: {breaker['reason']}" if breaker["open"] else "breaker closed"
    held = f"{risk['open_positions']} runners open, exposure {risk['exposure']}, equity {risk['equity']}"
    return f"{state}; {held}; {risk['refused']} refusals of all runners so far"


def _updates(asked: list[Asked]) -> Iterator[str]:
    groups = [list(group) for _, group in groupby(asked, key=lambda each: each.input)][-UPDATES_SHOWN:]
    if not groups:
        yield "it was asked nothing"
        return
    yield f"its last {len(groups)} updates, the latest last:" if len(groups) > 1 else "its only update:"
    for group in groups:
        market = group[0].market
        price = f"price {number(market.price)}, market time {clock(round(market.timestamp * 1e6) * 1_000)}"
        yield f"{clock(group[0].at_ns)}  {price}"
        yield from asked_lines(group, 4)
