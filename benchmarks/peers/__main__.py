"""`python -m benchmarks.peers [--peers a,b] [--bars N] [--repeats R] [--json]`: print engines side by side."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.peers import bars
from benchmarks.peers.catalogue import OURS, PEERS, WORKLOADS, Engine, Workload, chosen
from benchmarks.peers.measure import Measured, measure
from benchmarks.peers.table import lines, notes

SIZES = (45_000, 500_000)


def main() -> int:
    """Run what the arguments ask for; 1 if an engine that should agree with ours does not, 2 for wrong arguments."""
    options = _options()
    try:
        engines = [OURS, *chosen(options.peers)]
    except ValueError as error:
        sys.stderr.write(f"bench-peers: {error}\n")
        return 2
    if hasattr(os, "sched_setaffinity") and options.core >= 0:
        os.sched_setaffinity(0, {options.core})  # the children inherit it
    found: list[Measured] = []
    for size in options.bars or SIZES:
        for workload in WORKLOADS:
            found += _together(engines, workload, size, options)
    if not options.json:
        print("\n".join(notes(found)))
    else:
        print(json.dumps({"source": bars.source(), "results": [each.as_dict() for each in found]}))
    return int(any(each.disagrees for each in found))


def _together(engines: list[Engine], workload: Workload, size: int, options: argparse.Namespace) -> list[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npz"
        bars.write(path, size)
        measured = []
        for engine in engines:
            sys.stderr.write(f"bench-peers: {size:,} bars, {workload.name}: {engine.name}\n")
            measured.append(measure(engine, workload, path, repeats=options.repeats))
    ours = measured[0]
    compared = [each.beside(ours, size) for each in measured]
    if not options.json:
        print("\n".join(lines(compared, workload, f"{size:,} bars: {bars.source()}")), flush=True)
    return compared


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    names = ", ".join(dict.fromkeys(engine.package for engine in PEERS))
    parser.add_argument("--peers", default="", metavar="A,B", help=f"only these: {names} (default: all)")
    parser.add_argument("--bars", type=int, action="append", metavar="N", help="repeatable; default: 45000 and 500000")
    parser.add_argument("--repeats", type=int, default=3, metavar="R", help="runs an engine, as far as a minute allows")
    parser.add_argument("--core", type=int, default=(os.cpu_count() or 1) - 1, help="pin to this core; -1: do not")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
