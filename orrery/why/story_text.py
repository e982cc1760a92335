"""An order's story for people: one line a step, what the strategy and the rules saw below the step it belongs to."""

from collections.abc import Iterator, Mapping
from typing import Any

from orrery.redrive.watch import Asked
from orrery.why.order_words import changed, ordered
from orrery.why.story import Step, Story
from orrery.why.words import amount, clock, day, folded, indicators, lua, number, short, took
from services.risk_manager.core.explain import Explanation

INDENT = 38
"""Columns before what a step says."""
LIMIT_WIDTH = 24
"""Columns of a rule's limit, unless one of them is longer."""
FOUND_WIDTH = 23
"""Columns of what a rule found; fewer where the limits need them, and more where one of these is longer."""


def lines(story: Story) -> Iterator[str]:
    """Yield the story, at most WIDTH columns wide."""
    yield f"{story.order_id}: {story.outcome}"
    if story.steps:
        yield f"{day(story.steps[0].at_ns)} UTC by the services' clock; + is the time since the step that it follows from"
    yield ""
    for step in story.steps:
        yield from _step(step)
        if step.what == "intent":
            yield from _strategy(story)
        elif step.what == "decision" and story.rules is not None:
            yield from rule_lines(story.rules)
    yield ""
    if story.total_ns is not None:
        yield from folded(f"{took(story.total_ns)} in all: {', '.join(_hops(story))}", 0)
    for note in story.notes:
        yield from folded(f"note: {note}", 0)


def _step(step: Step) -> Iterator[str]:
    head = f"{clock(step.at_ns)}  {_hop(step):>8}  {step.what:<11}"
    first, *rest = list(folded(sentence(step.message), INDENT, 0)) or [""]
    yield f"{head}{first[INDENT:]}".rstrip()
    yield from rest


def _hop(step: Step) -> str:
    return "" if step.hop_ns is None else f"{'+' if step.hop_ns >= 0 else ''}{took(step.hop_ns)}"


def _hops(story: Story) -> Iterator[str]:
    for step in story.steps:
        if step.hop_ns:
            yield f"{step.after} to {step.what} {took(step.hop_ns)}"


def sentence(said: Mapping[str, Any]) -> str:
    """Return what a message of the flow says; `said` has its fields as plain data, `type` among them."""
    match said["type"]:
        case "quote":
            at = f"{day(said['event_ns'])} {clock(said['event_ns'])}"
            return f"bid {number(said['bid'])}, ask {number(said['ask'])}; market {at}"
        case "trade":
            at = f"{day(said['event_ns'])} {clock(said['event_ns'])}"
            return f"{said['side']} of {number(said['size'])} at {number(said['price'])}; market {at}"
        case "bar":
            prices = " ".join(f"{name[0].upper()} {number(said[name])}" for name in ("open", "high", "low", "close"))
            return f"{said['timeframe']} up to {clock(said['end_ns'])}: {prices}, volume {number(said['volume'])}"
        case "runner_transitioned":
            return f"{said['before']} -> {said['after']} ({said['reason']})"
        case "runner_failed":
            return f"failed: {said['error']}"
        case _:
            return _flow(said)


def _flow(said: Mapping[str, Any]) -> str:
    match said["type"]:
        case "order_intent":
            return _intent(said)
        case "approved_order":
            only = ", to reduce only" if said["reduce_only"] else ""
            return f"approved: {said['side']} {number(said['quantity'])} {said['symbol']}{_price(said)}{only}"
        case "order_refused":
            return f"REFUSED by {said['reason']}: {said['detail']}"
        case (
            "cancel_intent"
            | "approved_cancel"
            | "amend_intent"
            | "approved_amend"
            | "amend_refused"
            | "order_amended"
            | "amend_rejected"
        ):
            return changed(said)
        case _:
            return _report(said)


def _report(said: Mapping[str, Any]) -> str:
    match said["type"]:
        case "order_accepted":
            return f"{said['venue']} has the order"
        case "order_triggered":
            return "the price has come to its trigger"
        case "order_rejected":
            return f"{said['venue']} rejects it, {said['reason']}: {said['detail']}"
        case "order_cancelled":
            why = f" ({said['reason']})" if said.get("reason") else ""
            return f"{said['venue']} has ended it with {number(said['remaining_quantity'])} not filled{why}"
        case "fill":
            fee = f"fee {number(said['fee'])} {said['fee_currency']} ({said['liquidity']})"
            left = f"; {number(said['remaining_quantity'])} left" if float(said["remaining_quantity"]) else ""
            return f"{said['side']} {number(said['quantity'])} at {number(said['price'])}, {fee}{left}"
        case _:
            return _position(said)


def _intent(said: Mapping[str, Any]) -> str:
    levels = [f"{name} {number(said[f'{name}_price'])}" for name in ("stop", "target") if said[f"{name}_price"]]
    reason = f" ({said['reason']})" if said["reason"] else ""
    more = f", {', '.join(levels)}" if levels else ""
    return f"{said['kind']}: {said['side']} {number(said['quantity'])} {said['symbol']}{_price(said)}{more}{reason}"


def _price(said: Mapping[str, Any]) -> str:
    if said["order_type"] != "market":
        return ordered(said)
    return f" at market, seen at {number(said['reference_price'])}"


def _position(said: Mapping[str, Any]) -> str:
    if not float(said["quantity"]):
        return f"flat; realised {number(said['realised_pnl'])} {said['currency']} so far, fees {number(said['fees'])}"
    levels = [f"{name} {number(said[f'{name}_price'])}" for name in ("stop", "target") if said[f"{name}_price"]]
    shown = "".join(f", {level}" for level in levels)
    return f"holds {number(said['quantity'])} {said['symbol']} at {number(said['average_price'])}{shown}"


def _strategy(story: Story) -> Iterator[str]:
    if story.state and not any(
        step.what == "transition" and step.at_ns <= story.state_since_ns for step in story.steps
    ):
        yield from folded(f"the runner was {story.state} since {clock(story.state_since_ns)}", INDENT)
    yield from asked_lines(story.asked, INDENT)


def asked_lines(asked: list[Asked], indent: int) -> Iterator[str]:
    """Yield what a strategy was asked on one update, and with which indicators."""
    for each in asked:
        answer = f"failed: {each.error}" if each.error else f"answered {lua(each.answer)}"
        yield from folded(f"{each.function} {answer}", indent)
        for line in each.lines:
            yield from folded(f"it printed: {line}", indent)
    if asked and asked[-1].indicators:
        yield from folded(f"by {indicators(asked[-1].indicators)}", indent)


def rule_lines(rules: Explanation) -> Iterator[str]:
    """Yield the rules in their order, each with its limit, what it found and what was left."""
    if rules.sizing is not None:
        shown = ", ".join(f"{name} {value}" for name, value in rules.sizing.figures.items())
        size = f"no size: {rules.missing}" if rules.missing else f"sized {short(rules.quantity)}"
        yield from folded(f"{size}, by {rules.sizing.model}" + (f": {shown}" if shown else ""), 15)
    all_limits = [amount(each.limit, each.unit) for rule in rules.rules for each in rule.compared]
    all_found = [amount(each.found, each.unit) for rule in rules.rules for each in rule.compared]
    width = max([LIMIT_WIDTH, *(len(limit) + 2 for limit in all_limits)])
    rest = max([FOUND_WIDTH + LIMIT_WIDTH - width, *(len(found) + 2 for found in all_found)])
    yield f"{'':15}{'rule':<18}{'limit':<{width}}{'found':<{rest}}left"
    for rule in rules.rules:
        for place, compared in enumerate(rule.compared):
            mark, name = "ok" if compared.passed else "NO", "" if place else rule.rule
            limit, found, left = (
                amount(text, compared.unit) for text in (compared.limit, compared.found, compared.free)
            )
            yield f"{'':12}{mark:<3}{name:<18}{limit:<{width}}{found:<{rest}}{left}".rstrip()
    money = f"exposure {short(rules.exposure)} of equity {short(rules.equity)} {rules.currency}"
    breaker = f", breaker open: {rules.breaker}" if rules.breaker else ""
    yield from folded(f"before it: runners open {rules.open_positions}, {money}{breaker}", 15)
