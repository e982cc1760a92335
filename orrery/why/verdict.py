"""From how a runner stood to the reasons why it did not trade, the one that decided first."""

from collections.abc import Iterator
from typing import Any

import msgspec

from common.timeframes import timeframe_ns
from orrery.redrive.moments import Moment
from orrery.redrive.rebuild import LAST
from orrery.redrive.watch import Asked
from orrery.why.words import lua, took

QUIET_BARS = 3
"""Bars that must be missing before silence is a reason."""


class LatestIntent(msgspec.Struct, kw_only=True):
    """The runner's latest intent before the moment. rule, limit, found: of the refusal, empty if it was none."""

    id: str
    at_ns: int
    kind: str
    outcome: str
    rule: str = ""
    limit: str = ""
    found: str = ""
    detail: str = ""


class Standing(msgspec.Struct, kw_only=True):
    """A runner at a moment. at_ns: when the service was told the latest input of it. verdict: why not, in a sentence.

    runner: what `orrery status` shows of it. market: what the symbol's data was worth. asked: the latest questions, the
    oldest first. intents: how many it had sent. refusals: how many of them each rule refused. risk: risk's summary then.
    """

    moment: Moment
    at_ns: int
    verdict: str
    reasons: list[str]
    runner: dict[str, Any]
    market: str
    asked: list[Asked]
    intents: int = 0
    refusals: dict[str, int] = {}
    latest: LatestIntent | None = None
    risk: dict[str, Any] = {}


def judge(standing: Standing) -> Iterator[str]:
    """Yield the reasons, the one that decided first; there is always one."""
    runner = standing.runner
    found = list(_traded(standing))
    found += _cannot(standing, runner)
    if runner["pending"] is not None:
        pending = runner["pending"]
        found.append(
            f"it asks nothing while {pending['intent_id']} ({pending['kind']}) is on its way, {pending['age']} updates now"
        )
    found += _answered(standing, runner)
    found += _silence(standing, runner)
    yield from dict.fromkeys(found or ["it has not been asked yet: no update since the session began"])


def _traded(standing: Standing) -> Iterator[str]:
    latest, asked = standing.latest, standing.asked
    if latest is None or not asked or asked[-1].at_ns != latest.at_ns:
        return
    if latest.rule:
        yield f"it wanted to: risk refused its {latest.kind} {latest.id} by {latest.rule}: {latest.detail}"
    else:
        yield f"it did: it sent its {latest.kind} {latest.id} on this very update ({latest.outcome})"


def _cannot(standing: Standing, runner: dict[str, Any]) -> Iterator[str]:
    if runner["paused"]:
        errors = runner["errors_in_row"]
        why = f"after {errors} errors in a row, the last: {runner['last_error']}" if errors else "by an operator"
        yield f"it is paused {why}; `runner.resume` lets it go on"
    if not runner["bars"]:
        yield f"it has seen no closed bar of {runner['symbol']} {runner['timeframe']} yet"
    elif runner["bars"] < runner["warmup"]:
        yield f"it is warming up: {runner['bars']} of {runner['warmup']} bars of {runner['timeframe']}"
    if standing.market != "live" and runner["state"] != "in_position":
        yield f"the market of {runner['symbol']} is {standing.market}: no entry is looked for until it is live"


def _answered(standing: Standing, runner: dict[str, Any]) -> Iterator[str]:
    last = standing.asked[-1] if standing.asked else None
    latest = standing.latest
    if last is None or (latest is not None and latest.at_ns == last.at_ns):
        return
    if last.error:
        yield f"{last.function} failed: {last.error}"
    elif last.function == "detect_opportunity":
        yield "detect_opportunity saw no opportunity: it answered nil" + _not_warm(last)
    elif last.function == "filter_commitment":
        yield from _not_committed(last, runner)
    else:
        position = runner["position"]
        held = "" if position is None else f" ({position['side']} {position['quantity']} at {position['entry_price']})"
        yield f"it is in a position{held}, and manage_position left it alone: it answered {lua(last.answer)}"


def _not_committed(last: Asked, runner: dict[str, Any]) -> Iterator[str]:
    answer = last.answer or {}
    if answer.get("action") == "cancel_analysis":
        yield f"filter_commitment gave the opportunity up: {answer.get('reason') or 'without a reason'}"
    elif runner["state"] == "analyzing":
        yield f"filter_commitment waits, {runner['updates_in_state']} updates now: it answered {lua(last.answer)}"
    else:
        yield f"filter_commitment did not commit before its time was over: it answered {lua(last.answer)}"


def _not_warm(last: Asked) -> str:
    cold = [name for name, value in last.indicators.items() if value is None]
    return f" (not warm yet: {', '.join(cold)})" if cold else ""


def _silence(standing: Standing, runner: dict[str, Any]) -> Iterator[str]:
    if not standing.asked or standing.moment.at_ns >= LAST or standing.moment.market_ns is not None:
        return
    quiet_ns = standing.moment.at_ns - standing.asked[-1].at_ns
    if quiet_ns > QUIET_BARS * timeframe_ns(runner["timeframe"]):
        yield f"nothing has moved it for {took(quiet_ns)}: no update came since its last question"
