"""Random orders through risk, execution and the lying venue, and the books held against each other at the end."""

import time
from collections.abc import Callable

import msgspec

from common.money import use_money_context
from orrery.chaos.orders_drawn import T0, drawn
from orrery.chaos.orders_tally import judge, named
from orrery.chaos.orders_world import RISK, SECOND, World
from orrery.lying_venue.lies import HONEST, Lies
from orrery.lying_venue.venue import LyingVenue

ORDERS_PER_SECOND = 20
CRASH_SHARE = 0.01
"""Chance of each second that execution dies and comes back."""
REST_NS = 300 * SECOND
"""Time in which a venue that lies no more must be settled with."""
SAY_EVERY = 10_000


class Outcome(msgspec.Struct, kw_only=True):
    """What a run did and found. lies, router, differences, reports: how often each.
    pairs_both_filled: pairs of which both filled, because the cancel came too late. virtual_seconds: of the venue's time."""

    seed: int
    count: int
    orders: int = 0
    fills: int = 0
    duplicates: int = 0
    lost_fills: int = 0
    position_errors: int = 0
    pairs: int = 0
    pairs_both_filled: int = 0
    crashes: int = 0
    reports: dict[str, int] = {}
    lies: dict[str, int] = {}
    router: dict[str, int] = {}
    differences: dict[str, int] = {}
    problems: list[str] = []
    virtual_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Return whether everything adds up."""
        return not self.problems


def run(count: int, seed: int, lies: Lies | None = None, said: Callable[[str], None] = lambda _: None) -> Outcome:
    """Send `count` random orders through a venue that lies, then let it be honest and compare."""
    use_money_context()
    began = time.monotonic()
    venue = LyingVenue(seed, Lies() if lies is None else lies)
    world = World(venue, seed, CRASH_SHARE)
    due_ns = world.now_ns
    for sent, intent in enumerate(drawn(seed, count), 1):
        due_ns += SECOND // ORDERS_PER_SECOND
        world.run_until(due_ns)
        world.want(intent)
        if sent % SAY_EVERY == 0:
            said(f"{sent:,} intents, {world.books.counts['fills']:,} fills")
    _come_to_rest(world)
    return _outcome(world, count, seed, time.monotonic() - began)


def _come_to_rest(world: World) -> None:
    """Let the venue be honest, and its orders end by their own fills."""
    world.venue.lies = HONEST
    world.crash_share = 0.0
    end_ns = world.now_ns + REST_NS
    while world.now_ns < end_ns:
        world.run_until(world.now_ns + SECOND)


def _outcome(world: World, count: int, seed: int, seconds: float) -> Outcome:
    status = world.execution.status()
    venue = status["venue"]
    cash = {currency: amount - RISK.initial_cash for currency, amount in world.cash().items()}
    verdict = judge(world.books, world.venue.book, cash)
    problems, pairs = verdict.problems, world.pairs
    problems += named("pair of which one outlived the other", pairs.broken)
    if status["open_orders"]:
        problems.append(f"execution: {status['open_orders']} orders open at the end")
    if venue["halted"]:
        problems.append(f"execution halted: {venue['halted']}")
    books = world.books
    return Outcome(
        seed=seed,
        count=count,
        orders=books.counts["orders"],
        fills=books.counts["fills"],
        duplicates=verdict.duplicates,
        lost_fills=verdict.lost_fills,
        position_errors=verdict.position_errors,
        pairs=pairs.count,
        pairs_both_filled=pairs.both_filled,
        crashes=world.crashes,
        reports=dict(sorted(books.counts.items())),
        lies={name: times for name, times in sorted(world.venue.counts.items()) if times},
        router={name: value for name, value in venue.items() if type(value) is int},
        differences=dict(sorted(books.differences.items())),
        problems=problems,
        virtual_seconds=(world.now_ns - T0) / SECOND,
        seconds=round(seconds, 1),
    )
