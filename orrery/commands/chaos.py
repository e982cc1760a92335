"""`orrery chaos`: the stack through kills, torn writes, full disks, bad networks and wrong clocks; then the numbers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK
from orrery.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orrery.chaos.orders import Outcome as OrdersOutcome
    from orrery.chaos.run import Outcome

PANEL = TOOLS
DEFAULT_KILLS = 50
DEFAULT_COUNT = 10_000

SeedOption = Annotated[int | None, typer.Option(help="Draw the same again; printed. Default: by chance.")]
app = typer.Typer(invoke_without_command=True)


@app.callback()
def command(
    context: typer.Context,
    kills: Annotated[int, typer.Option(min=1, help="How many processes to end.")] = DEFAULT_KILLS,
    seed: SeedOption = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep journals and logs here; it should be empty.")
    ] = None,
    venue: Annotated[str, typer.Option(help="paper, or lying: a venue beside the stack that lies.")] = "paper",
    json: JsonOption = False,
) -> int:
    """Run a paper stack of its own through faults, and see that nothing is lost and nothing doubled.

    SIGKILL, writes cut short, SIGSTOP, full disks, failing fsync, wrong clocks, and frames dropped, delayed, doubled and
    overtaken, workers and OCaml killed or frozen, other limits, `kill` and `arm`, in an order drawn from the seed, while orders
    of every type rest, fill in parts and are changed, and stops and targets are watched. With --venue lying they go to a
    venue that times out, repeats and loses reports, restarts, and fills after a cancel; its books are compared, too. Exit code 0 when everything adds up afterwards, 1 when not. Needs a C
    compiler for what happens between a process and the kernel; without one those faults are left out, and named.

    Example: `orrery chaos --kills 200 --seed 7 --venue lying`
    """
    if context.invoked_subcommand is not None:
        return EXIT_OK
    from orrery.chaos.run import run
    from orrery.chaos.stage import VenueKind

    if venue not in tuple(VenueKind):
        raise typer.BadParameter(f"expected one of {', '.join(VenueKind)}, found {venue!r}", param_hint="--venue")
    drawn = _drawn(seed)
    outcome = run(kills, drawn, VenueKind(venue), keep=keep, said=lambda text: print(text, file=sys.stderr))
    if json:
        import msgspec

        print(msgspec.json.encode({"ok": outcome.ok, **msgspec.structs.asdict(outcome)}).decode())
    else:
        for line in _lines(outcome):
            print(line)
    return EXIT_OK if outcome.ok else EXIT_FAILED


@app.command()
def orders(
    count: Annotated[int, typer.Option(min=1, help="How many random orders to want.")] = DEFAULT_COUNT,
    seed: SeedOption = None,
    json: JsonOption = False,
) -> int:
    """Send random orders through risk and execution to a venue that lies, and see that nothing is lost or doubled.

    The venue times out, repeats, reorders and loses reports, answers with errors, limits, disconnects, restarts, and fills
    after a cancel; execution dies and comes back. All in virtual time, drawn from the seed. Exit code 0 when everything
    adds up at the end, 1 when not.

    Example: `orrery chaos orders --count 100000 --seed 7`
    """
    from orrery.chaos.orders import run

    outcome = run(count, _drawn(seed), said=lambda text: print(text, file=sys.stderr))
    if json:
        import msgspec

        print(msgspec.json.encode({"ok": outcome.ok, **msgspec.structs.asdict(outcome)}).decode())
    else:
        for line in _orders_lines(outcome):
            print(line)
    return EXIT_OK if outcome.ok else EXIT_FAILED


def _drawn(seed: int | None) -> int:
    import secrets

    drawn = secrets.randbelow(1 << 31) if seed is None else seed
    print(f"seed {drawn}", file=sys.stderr)
    return drawn


def _orders_lines(outcome: "OrdersOutcome") -> "Iterator[str]":
    yield f"seed {outcome.seed}: {outcome.count:,} orders wanted in {outcome.virtual_seconds:,.0f} s of the venue's time"
    yield f"orders {outcome.orders:,} · fills {outcome.fills:,} · execution died {outcome.crashes} times"
    for name, counts in (
        ("reports", outcome.reports),
        ("lies", outcome.lies),
        ("router", outcome.router),
        ("differences", outcome.differences),
    ):
        yield f"{name}: " + (", ".join(f"{key} {count:,}" for key, count in counts.items()) or "none")
    yield f"duplicates {outcome.duplicates} · lost fills {outcome.lost_fills} · position errors {outcome.position_errors}"
    yield from (f"problem: {problem}" for problem in outcome.problems)
    yield "all adds up" if outcome.ok else f"{len(outcome.problems)} problems"


def _lines(outcome: "Outcome") -> "Iterator[str]":
    done = ", ".join(f"{name} {count}" for name, count in outcome.steps.items())
    yield f"seed {outcome.seed}, venue {outcome.venue}: {outcome.kills} kills in {outcome.seconds:g} s ({done})"
    yield f"intents {outcome.intents:,} · orders {outcome.orders:,} · refused {outcome.refused:,} · fills {outcome.fills:,}"
    for name, counters in (
        ("order flow", outcome.flow),
        ("network", outcome.network),
        ("kernel", outcome.shim),
        ("lies of the venue", outcome.lies),
    ):
        yield f"{name}: " + (", ".join(f"{key} {count:,}" for key, count in counters.items()) or "none")
    yield f"workers and OCaml killed or frozen: {outcome.children}"
    yield f"ended by themselves: {outcome.died}"
    yield from (f"  {words}" for words in outcome.words)
    yield from (f"left out: {reason}" for reason in outcome.left_out)
    yield from (f"problem: {problem}" for problem in outcome.problems)
    yield "all adds up" if outcome.ok else f"{len(outcome.problems)} problems"
