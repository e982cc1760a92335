"""Why a runner did what it did last: what its functions were asked and answered, what risk saw, what the venue did."""

from collections.abc import Iterator
from typing import Any

import msgspec

from common.messages import OrderIntent, StopUpdate
from orrery.redrive.watch import Asked
from orrery.repl import text as t
from orrery.repl.answering import Answer
from orrery.repl.trip import Heard, Trip
from orrery.why.words import amount
from services.risk_manager.core.comparing import Compared
from services.risk_manager.core.explain import Explanation, explain

LONGEST_LIMIT = 15
"""Digits of a limit; what is longer limits nobody."""


def last_decision(trip: Trip) -> list[Asked]:
    """Return the questions of the latest update at which a function answered or failed; else of the latest update."""
    asked = trip.asked
    decided = next((each.input for each in reversed(asked) if each.answer is not None or each.error), None)
    last = asked[-1].input if asked and decided is None else decided
    return [each for each in asked if each.input == last]


def why(trip: Trip) -> Answer:
    """Tell the latest decision and all that came of it."""
    asked = last_decision(trip)
    if not asked:
        return Answer([_not_asked(trip)], {"asked": []})
    step = asked[0].input
    published = [each for each in trip.heard if each.step == step and _runner(each) == trip.focus]
    intent = next((each for each in published if isinstance(each.message, OrderIntent)), None)
    lines = [f"{t.moment(asked[0].at_ns)}, close {t.figure(asked[0].market.close)}:"]
    for each in asked:
        answer = f"failed: {each.error}" if each.error else f"answered {t.figure(each.answer)}"
        lines += t.told("", f"{each.function} {answer}")
        lines += [f"           it printed: {line}" for line in each.lines]
    if asked[-1].indicators:
        lines += t.told("", f"by {', '.join(f'{name} {t.figure(v)}' for name, v in asked[-1].indicators.items())}")
    rules = None if intent is None else rules_of(trip, intent)
    for heard in _flow(trip, published, intent):
        lines += _line(heard)
        if heard is intent and rules is not None:
            lines += rule_lines(rules)
    if intent is None and not published:
        lines.append(_nothing_came(asked, trip))
    data: dict[str, Any] = {
        "asked": msgspec.to_builtins(asked, str_keys=True),
        "flow": [msgspec.to_builtins(each.message, str_keys=True) for each in _flow(trip, published, intent)],
        "rules": msgspec.to_builtins(rules),
    }
    return Answer(lines, data)


def rules_of(trip: Trip, intent: Heard) -> Explanation:
    """Return what risk's rules saw of an intent, by a run of its own that stops right before it."""
    assert isinstance(intent.message, OrderIntent), f"expected an intent, found {intent.message}"
    return explain(trip.twin_at(intent.step - 1).risk, intent.message, intent.at_ns)


def rule_lines(rules: Explanation) -> Iterator[str]:
    """Yield a line for each figure that a rule compared."""
    lines = [
        ("ok" if compared.passed else "NO", "" if place else rule.rule, *_figures(compared))
        for rule in rules.rules
        for place, compared in enumerate(rule.compared)
    ]
    for line in t.table(("", "rule", "limit", "found"), lines, is_text=True):
        yield f"     {line}"[: t.width()]


def _figures(compared: Compared) -> tuple[str, str]:
    """Return limit and found; a limit that is none, as where the cash alone is the limit, is not written out."""
    limit, found = (amount(text, compared.unit) for text in (compared.limit, compared.found))
    is_none = len(compared.limit) > LONGEST_LIMIT and compared.limit.isdecimal()
    return "none" if is_none else limit, found


def _flow(trip: Trip, published: list[Heard], intent: Heard | None) -> list[Heard]:
    """Return what was published with the decision, and what later belongs to its intent."""
    if intent is None:
        return published
    assert isinstance(intent.message, OrderIntent), "the caller looked for one"
    id_ = intent.message.id
    later = [
        each
        for each in trip.heard
        if each.step > intent.step and id_ in (getattr(each.message, "intent_id", ""), getattr(each.message, "id", ""))
    ]
    return [*published, *later]


def _line(heard: Heard) -> Iterator[str]:
    found = t.said(heard.message)
    if found is not None:
        yield from t.told(*found)


def _runner(heard: Heard) -> str:
    return str(getattr(heard.message, "runner", ""))


def _nothing_came(asked: list[Asked], trip: Trip) -> str:
    if all(each.answer is None and not each.error for each in asked):
        cold = [name for name, value in asked[-1].indicators.items() if value is None]
        return f"  nothing was ever decided{f'; not warm yet: {", ".join(cold)}' if cold else ''}"
    moved = any(isinstance(each.message, StopUpdate) for each in trip.heard)
    return "  nothing was asked for" if not moved else "  levels stand as wanted"


def _not_asked(trip: Trip) -> str:
    runner, strategy = trip.runner, trip.runner.spec.strategy
    if trip.bar < strategy.warmup:
        return f"nothing was asked yet: bar {trip.bar} of {strategy.warmup} of the warm-up"
    return "nothing was asked: the runner is paused" if runner.asker.paused else "nothing was asked yet"
