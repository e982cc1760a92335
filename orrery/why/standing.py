"""Why a runner did not trade: how it stood at a moment, what it was last asked and answered, what became of its orders."""

from common.messages import OrderIntent, OrderRefused
from common.routes import RISK_MANAGER, SIGNAL
from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.redrive.journals import messages, oldest_record
from orrery.redrive.moments import Moment
from orrery.redrive.rebuild import Rebuilder, Rebuilt, Until
from orrery.redrive.session import Session
from orrery.redrive.watch import ASKED_KEPT, Watch
from orrery.why.flow import flow_of
from orrery.why.story import outcome_of
from orrery.why.verdict import LatestIntent, Standing, judge

UPDATES_WANTED = 5
"""Questions worth going back to an earlier snapshot for."""


def standing_of(session: Session, name: str, moment: Moment) -> Standing:
    """Return how a runner stood; CommandLineError if there is no such runner, JournalError for damage."""
    watch = Watch()
    signal = _rebuilt(session, watch, moment, name)
    status = signal.core.status()
    runner = next((each for each in status["runners"] if each["id"] == name), None)
    if runner is None:
        known = ", ".join(each["id"] for each in status["runners"])
        raise CommandLineError(f"--runner {name}: expected one of {known}", EXIT_FAILED)
    standing = Standing(
        moment=moment,
        at_ns=signal.told_ns,
        verdict="",
        reasons=[],
        runner=runner,
        market=status["markets"].get(runner["symbol"], "live"),
        asked=list(watch.asked.get(name, ()))[-ASKED_KEPT:],
    )
    _add_orders(standing, session, name, moment)
    if RISK_MANAGER in session.services:
        standing.risk = Rebuilder(session, RISK_MANAGER).rebuild(moment.until).core.status()
    standing.reasons = list(judge(standing))
    standing.verdict = standing.reasons[0]
    return standing


def _rebuilt(session: Session, watch: Watch, moment: Moment, name: str) -> Rebuilt:
    """Rebuild signal from the nearest snapshot; from an earlier one if the runner was asked nothing since."""
    rebuilder = Rebuilder(session, SIGNAL, prepare=watch.prepare, observe=watch.observe)
    rebuilt = rebuilder.rebuild(moment.until)
    while len(watch.asked.get(name, ())) < UPDATES_WANTED and rebuilt.base:
        watch.asked.clear()
        try:
            rebuilt = rebuilder.rebuild(Until(at_ns=moment.at_ns, since=rebuilt.base))
        except CommandLineError:
            return rebuilder.rebuild(moment.until)  # The journal reaches back no further.
    return rebuilt


def _add_orders(standing: Standing, session: Session, name: str, moment: Moment) -> None:
    folder = session.outbox(SIGNAL)
    latest: OrderIntent | None = None
    for _, message in messages(folder, oldest_record(folder)):
        if message.event_ns > moment.at_ns:
            break
        if isinstance(message, OrderIntent) and message.runner == name:
            latest = message
            standing.intents += 1
    folder = session.outbox(RISK_MANAGER)
    for _, message in messages(folder, oldest_record(folder)):
        if message.event_ns > moment.at_ns:
            break
        if isinstance(message, OrderRefused) and message.runner == name:
            standing.refusals[message.reason.value] = standing.refusals.get(message.reason.value, 0) + 1
    if latest is not None:
        standing.latest = _latest(session, latest, moment.at_ns)


def _latest(session: Session, intent: OrderIntent, at_ns: int) -> LatestIntent:
    flow = flow_of(session, intent.id)
    flow.reports = [report for report in flow.reports if report.received_ns <= at_ns]
    if flow.decision is not None and flow.decision.event_ns > at_ns:
        flow.decision = None
    latest = LatestIntent(id=intent.id, at_ns=intent.event_ns, kind=intent.kind.value, outcome=outcome_of(flow))
    refused = flow.decision
    if isinstance(refused, OrderRefused):
        latest.rule, latest.limit, latest.found = refused.reason.value, refused.limit, refused.found
        latest.detail = refused.detail
    return latest
