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

    from orrery.chaos.run import Outcome

PANEL = TOOLS
DEFAULT_KILLS = 50


def command(
    kills: Annotated[int, typer.Option(min=1, help="How many processes to end.")] = DEFAULT_KILLS,
    seed: Annotated[int | None, typer.Option(help="Draw the same faults again; printed. Default: by chance.")] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep journals and logs here; it should be empty.")
    ] = None,
    json: JsonOption = False,
) -> int:
    """Run a paper stack of its own through faults, and see that nothing is lost and nothing doubled.

    SIGKILL, writes cut short, SIGSTOP, full disks, failing fsync, wrong clocks, and frames dropped, delayed, doubled and
    overtaken, in an order drawn from the seed. Exit code 0 when everything adds up afterwards, 1 when not. Needs a C
    compiler for what happens between a process and the kernel; without one those faults are left out, and named.

    Example: `orrery chaos --kills 200 --seed 7`
    """
    import secrets

    from orrery.chaos.run import run

    drawn = secrets.randbelow(1 << 31) if seed is None else seed
    print(f"seed {drawn}", file=sys.stderr)
    outcome = run(kills, drawn, keep=keep, said=lambda text: print(text, file=sys.stderr))
    if json:
        import msgspec

        print(msgspec.json.encode({"ok": outcome.ok, **msgspec.structs.asdict(outcome)}).decode())
    else:
        for line in _lines(outcome):
            print(line)
    return EXIT_OK if outcome.ok else EXIT_FAILED


def _lines(outcome: "Outcome") -> "Iterator[str]":
    done = ", ".join(f"{name} {count}" for name, count in outcome.steps.items())
    yield f"seed {outcome.seed}: {outcome.kills} kills in {outcome.seconds:g} s ({done})"
    yield f"intents {outcome.intents:,} · orders {outcome.orders:,} · refused {outcome.refused:,} · fills {outcome.fills:,}"
    for name, counters in (("network", outcome.network), ("kernel", outcome.shim)):
        yield f"{name}: " + (", ".join(f"{key} {count:,}" for key, count in counters.items()) or "untouched")
    yield f"ended by themselves: {outcome.died}"
    yield from (f"  {words}" for words in outcome.words)
    yield from (f"left out: {reason}" for reason in outcome.left_out)
    yield from (f"problem: {problem}" for problem in outcome.problems)
    yield "all adds up" if outcome.ok else f"{len(outcome.problems)} problems"
