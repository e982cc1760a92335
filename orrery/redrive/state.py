"""`orrery replay --at`: every service of a session as it stood, as plain data and for people."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from common.journal import JournalError
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.redrive.diffing import Changed, changes
from orrery.redrive.moments import Moment, end, moment_of, moment_of_event, shown_time
from orrery.redrive.services import Platform, StoreCheck, rebuild_platform
from orrery.redrive.session import Session
from services.event_store.core.projection.shown import describe

CHANGES_SHOWN = 100
"""Differing figures printed for people; --json has all."""


def show_state(folder: Path, at: str, to_seq: int | None, diff: str, *, json: bool) -> int:
    """Print a session's state at a moment, or how it differs from another moment or session; return the exit code.

    Raises:
        CommandLineError: the session or the moment cannot be used.
    """
    try:
        session = Session(folder)
        moment = moment_of_event(session, str(to_seq)) if to_seq is not None else moment_of(session, at or "end")
        platform = rebuild_platform(session, moment)
        if diff:
            other, name = _other(session, at, to_seq, diff)
            return _show_difference(platform, other, name, json=json)
    except JournalError as error:
        raise CommandLineError(str(error)) from error
    print(msgspec.json.encode(plain_state(platform)).decode() if json else "\n".join(_lines(folder, platform)))
    is_sound = not platform.differences and (platform.store is None or not platform.store.unequal)
    return EXIT_OK if is_sound else EXIT_FAILED


def _other(session: Session, at: str, to_seq: int | None, diff: str) -> tuple[Platform, str]:
    """Return what to compare with: another session at the same moment, or this one at another."""
    if Path(diff).is_dir():
        other = Session(Path(diff))
        moment = moment_of_event(other, str(to_seq)) if to_seq is not None else moment_of(other, at or "end")
        return rebuild_platform(other, moment), diff
    return rebuild_platform(session, moment_of(session, diff)), diff


def plain_state(platform: Platform) -> dict[str, Any]:
    """Return moment, hashes and state of every service and of the projection."""
    moment = platform.moment
    return {
        "at_ns": None if moment == end() else moment.at_ns,
        "market_ns": moment.market_ns,
        "sequence": moment.sequence,
        "services": {
            rebuilt.service: {
                "sha256": rebuilt.digest(),
                "inputs": rebuilt.inputs,
                "outputs": rebuilt.outputs,
                "told_ns": rebuilt.told_ns,
                "base": rebuilt.base,
                "snapshots_met": rebuilt.met,
                "state": rebuilt.core.status(),
            }
            for rebuilt in platform.services
        },
        "projection": {
            "source": platform.source,
            "sha256": platform.projection.digest(),
            "flow_sha256": platform.projection.flow_digest(),
            "sections": platform.projection.digests(),
            "state": describe(platform.projection.state),
        },
        "store": msgspec.to_builtins(platform.store),
        "on_their_way": platform.on_their_way,
        "differences": msgspec.to_builtins(platform.differences),
    }


def states(platform: Platform) -> dict[str, Any]:
    """Return only what services and projection hold, to be compared."""
    whole = plain_state(platform)
    found = {name: service["state"] for name, service in whole["services"].items()}
    return {**found, "projection": whole["projection"]["state"]}


def _show_difference(platform: Platform, other: Platform, name: str, *, json: bool) -> int:
    found = changes(states(platform), states(other))
    one, two = ({each.service: each.digest() for each in side.services} for side in (platform, other))
    if json:
        said = {"equal": not found and one == two, "before": one, "after": two, "changes": found}
        print(msgspec.json.encode(said).decode())
    else:
        print("\n".join(_difference_lines(found, f"{_when(platform.moment)} -> {name}", one == two)))
    return EXIT_FAILED if found or one != two else EXIT_OK


def _difference_lines(found: list[Changed], title: str, is_equal: bool) -> Iterator[str]:
    yield title
    for change in found[:CHANGES_SHOWN]:
        yield f"  {change.path}: {_shown(change.before)} -> {_shown(change.after)}"
    if len(found) > CHANGES_SHOWN:
        yield f"  ... and {len(found) - CHANGES_SHOWN:,} more; --json has all"
    yield f"{len(found):,} figures differ" if found else "no figure differs"
    yield f"the services' hashes are {'equal' if is_equal else 'different'}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _when(moment: Moment) -> str:
    if moment.sequence is not None:
        return f"event {moment.sequence}, {shown_time(moment.at_ns)}"
    if moment.market_ns is None:
        return shown_time(moment.at_ns)
    return f"{shown_time(moment.market_ns)} of the market, {shown_time(moment.at_ns)} by the services' clock"


def _lines(folder: Path, platform: Platform) -> Iterator[str]:
    yield f"{folder} at {_when(platform.moment)}"
    yield ""
    for rebuilt in platform.services:
        base = f"from the snapshot after input {rebuilt.base:,}" if rebuilt.base else "from the beginning"
        met = f", {rebuilt.met} snapshots met" if rebuilt.met else ""
        yield f"{rebuilt.service:<13} {rebuilt.inputs:,} inputs, {rebuilt.outputs:,} outputs, {base}{met}"
        yield f"{'':13} sha256 {rebuilt.digest()}"
    yield f"projection    of {platform.source}: {_agreement(platform)}"
    yield from (f"{'':15}{each}" for each in platform.on_their_way)
    yield f"{'':13} sha256 {platform.projection.digest()}, of order flow"
    yield f"{'':13}        {platform.projection.flow_digest()}"
    if platform.store is not None:
        yield from _store_lines(platform.store)
    yield ""
    yield from _state_lines(describe(platform.projection.state))
    for difference in platform.differences:
        yield f"DIFFERENT: {difference.what}: {difference.projected} by the events"
        yield f"{'':11}{difference.found} by {difference.service}"


def _store_lines(store: StoreCheck) -> Iterator[str]:
    verdict = f"tells otherwise of {', '.join(store.unequal)}" if store.unequal else "folds to the same order flow"
    yield f"event store   {store.events:,} events: {verdict}"
    yield f"{'':13}        {store.flow_sha256}"


def _agreement(platform: Platform) -> str:
    if platform.on_their_way:
        return "on its way, and so not compared with the services, was"
    return "differs from the services" if platform.differences else "agrees with the services"


def _state_lines(state: dict[str, Any]) -> Iterator[str]:
    for name, account in state["accounts"].items():
        yield f"account       {account['cash']} {name}, realised {account['realised_pnl']}, fees {account['fees']}"
    for runner, position in state["positions"].items():
        if position["quantity"] != "0":
            stop = f", stop {position['stop_price']}" if position["stop_price"] else ""
            yield f"position      {runner}: {position['quantity']} at {position['average_price']}{stop}"
    orders = state["orders"]
    yield f"orders        {len(orders['open']):,} open, {orders['ended']:,} ended, {orders['refused']:,} refused"
    for id_, order in orders["open"].items():
        yield f"              {id_}: {order['stage']}, {order['side']} {order['quantity']}, filled {order['filled']}"
    for name, runner in state["runners"].items():
        paused = ", paused" if runner["paused"] else ""
        yield f"runner        {name}: {runner['state']} ({runner['reason']}){paused}"
    yield f"breaker       {state['breaker']['reason'] or 'closed'}"
