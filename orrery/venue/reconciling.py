"""Lets execution compare itself with its venue now, and follows the comparison to its end."""

import time
from typing import Any

import msgspec

from common.clock import monotonic_ns
from common.codec import UndecodableError, decode
from common.config.models import Config
from common.messages import VenueDifference
from common.routes import EXECUTION
from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.runners.asking import ask
from orrery.telling import tell

POLL_S = 0.02
ROUNDS = 3
"""Comparisons: a position must come out different three times in a row before it is a difference."""
REPORTS = "reports"


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison found. complete: it came to its end in time; halted: why execution takes only reductions, else empty.

    differences: told since it began. rounds: comparisons made, in all since execution began.
    """

    complete: bool
    halted: str
    rounds: int
    differences: list[VenueDifference]
    took_ms: float


def venue_of(config: Config) -> dict[str, Any]:
    """Return what execution says of its venue.

    Raises:
        CommandLineError: execution does not answer, or its venue is part of it: there is nothing to compare.
    """
    venue = ask(config, "status", service=EXECUTION).result["core"].get("venue", {})
    if not isinstance(venue, dict) or "halted" not in venue:
        text = 'execution: expected a venue beyond the process (execution.venue = "gateway"), found the simulated one'
        raise CommandLineError(f"{text}, which cannot differ", EXIT_FAILED)
    return venue


def reconcile(config: Config, wait_s: float) -> Reconciled:
    """Compare orders, fills and positions with the venue now; return what was found.

    Raises:
        KeysError: the bus needs keys that are missing.
        CommandLineError: execution or its venue is away, or there is nothing to compare.
    """
    began_ns, venue = monotonic_ns(), venue_of(config)
    if not venue["is_up"]:
        raise CommandLineError("execution: its venue is away; it is compared by itself when it comes back", EXIT_FAILED)
    number, goal = _published(config), venue["rounds"] + ROUNDS
    give_up_ns = began_ns + int(wait_s * 1e9)
    while venue["rounds"] < goal and monotonic_ns() < give_up_ns:
        venue = _one_round(config, venue["rounds"], give_up_ns)
    return Reconciled(
        complete=venue["rounds"] >= goal,
        halted=venue["halted"],
        rounds=venue["rounds"],
        differences=_differences(config, number + 1),
        took_ms=(monotonic_ns() - began_ns) / 1e6,
    )


def _one_round(config: Config, rounds: int, give_up_ns: int) -> dict[str, Any]:
    told = tell(config, "reconcile", {EXECUTION: {}}, max(0.1, (give_up_ns - monotonic_ns()) / 1e9))[EXECUTION]
    if not told.ok:
        raise CommandLineError(f"execution: {told.error}", EXIT_FAILED)
    venue = venue_of(config)
    while venue["rounds"] <= rounds and monotonic_ns() < give_up_ns:
        time.sleep(POLL_S)
        venue = venue_of(config)
    return venue


def _published(config: Config) -> int:
    """Return the number of execution's last report."""
    return int(ask(config, "watermark", service=EXECUTION).result["published"].get(REPORTS, 0))


def _differences(config: Config, start: int) -> list[VenueDifference]:
    """Return the differences among execution's reports from a number on."""
    found: list[VenueDifference] = []
    while True:
        answer = ask(config, "stream.replay", {"topic": REPORTS, "start": start}, EXECUTION).result
        for number, _sent_ns, payload in answer["messages"]:
            start = number + 1
            try:
                message = decode(payload)
            except UndecodableError as error:
                raise CommandLineError(f"{REPORTS}: a message of another version: {error}", EXIT_FAILED) from error
            if isinstance(message, VenueDifference):
                found.append(message)
        if not answer["messages"] or start > answer["last"]:
            return found


def lines(found: Reconciled) -> list[str]:
    """Return what was found as lines for people."""
    verdict = "the venue and execution agree" if not found.differences else f"{len(found.differences)} differences"
    if not found.complete:
        verdict = "the comparison is not over: the venue does not answer everything"
    rows = [
        f"  {each.kind.value:<14} {each.symbol:<10} {each.order_id}: {each.ours or 'nothing'} here, "
        f"{each.theirs or 'nothing'} there; {each.action.value}"
        for each in found.differences
    ]
    halted = [f"halted: {found.halted}", "only reductions pass until `orrery resume`"] if found.halted else []
    return [f"{verdict}, after {found.took_ms:.0f} ms", *rows, *halted]
