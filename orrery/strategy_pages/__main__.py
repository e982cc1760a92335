"""Makes the pages anew: `python -m orrery.strategy_pages DATA [NAME...]`, DATA the folder of recordings."""

import sys
from collections.abc import Sequence
from pathlib import Path

from orrery.strategy_pages.drawing import drawing
from orrery.strategy_pages.page import described, recorded
from orrery.strategy_pages.runs import ROOT, recordings, run_on
from services.signal.loading import validate

PAGES = ROOT / "docs" / "strategies"


def main(arguments: Sequence[str]) -> int:
    """Write the pages of the named strategies, or of all; return the exit code."""
    if not arguments:
        print(f"expected: python -m orrery.strategy_pages DATA [NAME...]; {__doc__}", file=sys.stderr)
        return 2
    data, wanted = Path(arguments[0]), arguments[1:]
    PAGES.mkdir(exist_ok=True)
    for name, of_strategy in recordings().items():
        if wanted and name not in wanted:
            continue
        outcomes = [run_on(name, recording, data) for recording in of_strategy]
        page = described(validate(ROOT / "strategies" / f"{name}.lua")) + "\n" + recorded(name, outcomes)
        (PAGES / f"{name}.md").write_text(page)
        for number, outcome in enumerate(outcomes, start=1):
            values = [point.equity for point in outcome.result.equity]
            (PAGES / f"{name}-{number}.svg").write_text(drawing(values, f"equity: {outcome.recording.title}"))
            print(f"{name}: {outcome.recording.title}: {outcome.result.orders} orders {outcome.result.error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
