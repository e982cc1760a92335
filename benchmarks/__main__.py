"""`python -m benchmarks [NAME ...] [--json]`: run the benchmarks named, or all, and print their figures."""

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

from benchmarks.figures import Figure

_HELPERS = {"__main__", "figures", "hops", "relay", "stack"}


def names() -> list[str]:
    """Return the benchmarks there are: the modules of this folder that have a `run`."""
    found = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if not module.ispkg]
    return sorted(name for name in found if name not in _HELPERS)


def main() -> int:
    """Run what the arguments name; 2 for an unknown name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of: {', '.join(names())} (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(names()))
    if unknown:
        sys.stderr.write(f"benchmarks: unknown {', '.join(unknown)}; there are: {', '.join(names())}\n")
        return 2
    results: dict[str, list[Figure]] = {}
    for name in options.names or names():
        results[name] = importlib.import_module(f"benchmarks.{name}").run()
        if not options.json:
            _print_table(name, results[name])
    if options.json:
        print(json.dumps({name: [figure._asdict() for figure in figures] for name, figures in results.items()}))
    return 0


def _print_table(name: str, figures: list[Figure]) -> None:
    print(f"\n{name}")
    for figure in figures:
        budget = " ".join(
            part
            for part in (f"owed {figure.owed}" if figure.owed else "", f"aim {figure.aim}" if figure.aim else "")
            if part
        )
        print(f"  {figure.name:<58}{figure.value:>14,.2f} {figure.unit:<8}{budget}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
