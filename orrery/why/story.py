"""How an order came to be: from the tick to the fill, each step with what led to it and how long that took."""

from typing import Any, Final

import msgspec

from common.messages import (
    AmendRejected,
    AnyMessage,
    ApprovedOrder,
    Bar,
    CancelReason,
    Fill,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRejected,
    OrderTriggered,
    Quote,
    RunnerTransitioned,
)
from common.money import ZERO, figure, ratio, use_money_context
from common.plain import plain
from common.routes import RISK_MANAGER, SIGNAL
from orrery.redrive.session import Session
from orrery.redrive.watch import Asked
from orrery.why.driven import Move, rules_of, strategy_of
from orrery.why.flow import Flow, Heard, Report, flow_of, origin
from orrery.why.ticks import last_trade
from services.risk_manager.core.explain import Explanation


class Step(msgspec.Struct, kw_only=True):
    """One step. at_ns: by the clock of the service that took it. hop_ns: since the step `after`, None for the first.

    message: what was published, as plain data.
    """

    what: str
    at_ns: int
    after: str = ""
    hop_ns: int | None = None
    message: dict[str, Any]


class Story(msgspec.Struct, kw_only=True):
    """An order's story. asked: what the strategy was asked on that update, with its answers and indicators.

    state: where the runner stood when it decided, and since when. rules: what each rule of risk saw. total_ns: from the
    tick to the last report. notes: what is not known, and why.
    """

    order_id: str
    runner: str
    symbol: str
    outcome: str
    state: str = ""
    state_since_ns: int = 0
    steps: list[Step] = []
    asked: list[Asked] = []
    rules: Explanation | None = None
    total_ns: int | None = None
    notes: list[str] = []


def story_of(session: Session, wanted: str) -> Story:
    """Return the story of an order; CommandLineError if the session has none of that id, JournalError for damage."""
    flow = flow_of(session, wanted)
    about = flow.intent or flow.decision
    assert about is not None, "a flow has an intent or a decision"
    story = Story(order_id=flow.order_id, runner=about.runner, symbol=about.symbol, outcome=outcome_of(flow))
    moves: list[Move] = []
    if flow.intent is not None:
        begun = _add_market(story, session, SIGNAL, flow.intent.cause, flow.intent.event_ns)
        if begun is not None:
            moves = _add_strategy(story, session, flow, begun)
        _add(story, "intent", flow.intent.event_ns, flow.intent)
        story.rules = rules_of(session, flow.intent)
    elif isinstance(flow.decision, ApprovedOrder):
        _add_market(story, session, RISK_MANAGER, flow.decision.cause, flow.decision.event_ns)
    if flow.decision is not None:
        _add(story, "decision", flow.decision.event_ns, flow.decision)
    for cancel in flow.cancels:
        _add(story, "cancel", cancel.event_ns, cancel)
    for report in flow.reports:
        _add(story, _WORDS[type(report)], report.received_ns, report)
    _add_effects(story, flow, moves)
    _measure(story)
    return story


def _add(story: Story, what: str, at_ns: int, message: AnyMessage) -> None:
    story.steps.append(Step(what=what, at_ns=at_ns, message=plain(message)))


def _add_market(story: Story, session: Session, service: str, cause: str, at_ns: int) -> Heard | None:
    """Add the tick, and the bar if it was one, that led to `at_ns`; return when the service was told."""
    found, message, quote = origin(session, service, cause, at_ns)
    if isinstance(message, Bar):
        trade = None if session.store is None else last_trade(session.store, message)
        if trade is not None:
            _add(story, "tick", trade.received_ns, trade)
        if quote is not None:
            _add(story, "tick" if trade is None else "quote", quote.received_ns, quote)
        _add(story, "bar", message.received_ns, message)
    elif isinstance(message, Quote):
        _add(story, "tick", message.received_ns, message)
    else:
        story.notes.append(f"{cause} led to it; the journal of {service} has it no more")
    return found


def _add_strategy(story: Story, session: Session, flow: Flow, begun: Heard) -> list[Move]:
    """Add how the runner came to its intent; return its moves from then on."""
    assert flow.intent is not None, "a strategy decides by intents"
    asked, moves = strategy_of(session, flow, begun)
    story.asked = asked
    # A fill may come at the time of the intent, so what lies before it is told by its cause.
    ends = {flow.order_id, *(fill.id for fill in flow.fills)}
    before = [move for move in moves if move.event_ns <= flow.intent.event_ns and move.cause not in ends]
    if before and isinstance(before[-1], RunnerTransitioned):
        move = before[-1]
        story.state, story.state_since_ns = move.after.value, move.event_ns
        if move.cause == flow.intent.cause:
            _add(story, "transition", move.event_ns, move)
    return [move for move in moves if move.cause in ends]


def _add_effects(story: Story, flow: Flow, moves: list[Move]) -> None:
    """Add what the order did to the position and to the runner, each behind the fill or refusal that did it."""
    for message in (*flow.changes, *moves):
        what = "position" if message in flow.changes else "transition"
        _add(story, what, message.event_ns, message)


def _measure(story: Story) -> None:
    """Put the steps into the order of time and say how long each took since the one it follows from."""
    story.steps.sort(key=lambda step: step.at_ns)
    before: Step | None = None
    caused = {"bar": "tick", "position": "fill", "transition": "fill"}
    latest: dict[str, Step] = {}
    for step in story.steps:
        follows = latest.get(caused.get(step.what, ""), before)
        if follows is not None:
            step.after, step.hop_ns = follows.what, step.at_ns - follows.at_ns
        latest[step.what] = before = step
    if len(story.steps) > 1:
        story.total_ns = story.steps[-1].at_ns - story.steps[0].at_ns


_WORDS: Final[dict[type, str]] = {
    OrderAccepted: "ack",
    OrderTriggered: "triggered",
    OrderAmended: "amended",
    AmendRejected: "not amended",
    OrderRejected: "rejected",
    OrderCancelled: "cancelled",
    Fill: "fill",
}


def outcome_of(flow: Flow) -> str:
    """Return in a word or two what became of an order."""
    if flow.decision is None:
        return "waits for risk"
    if not isinstance(flow.decision, ApprovedOrder):
        return f"refused by {flow.decision.reason.value}"
    if not flow.reports:
        return "approved, waits for the venue"
    use_money_context()
    filled = sum((fill.quantity for fill in flow.fills), ZERO)
    value = sum((fill.quantity * fill.price for fill in flow.fills), ZERO)
    done = f"filled at {figure(ratio(value, filled))}" if filled else ""
    return _end(flow.reports[-1], figure(filled), figure(flow.decision.quantity), done)


def _end(last: Report, filled: str, wanted: str, done: str) -> str:
    match last:
        case OrderRejected():
            return f"rejected by the venue: {last.reason.value}"
        case OrderCancelled():
            how = (
                "cancelled, for the other of its group has filled or ended"
                if last.reason is CancelReason.OCO
                else "cancelled"
            )
            return f"{how}, {filled} of {wanted} {done}" if done else f"{how}, nothing filled"
        case Fill():
            return f"open, {filled} of {wanted} {done}" if last.remaining_quantity else done
        case OrderAccepted() | OrderTriggered() | OrderAmended() | AmendRejected():
            return f"open, {filled} of {wanted} {done}" if done else "accepted, rests at the venue"
