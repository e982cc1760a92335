"""The tables of docs/indicators.md: `python -m orrery.indicators.page FILE…` writes them anew, from recorded bars.

How it works: each table stands between two comments that name it. The verification is computed over the files; what
pandas-ta offers comes from its table.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from orrery.data.bars import load_bars
from orrery.indicators.backends import OCAML, PANDAS_TA, ROOT, TA_LIB
from orrery.indicators.conventions import NOTES
from orrery.indicators.verify import Comparison, compare_all
from services.backtest.bars_table import BarTable
from services.signal.hosts.pandas_ta import catalogue

PAGE = ROOT / "docs" / "indicators.md"
OTHERS = (OCAML, PANDAS_TA, TA_LIB)
VERIFICATION, LIBRARY, REFUSED = "verification", "library", "refused"


def verification(tables: Sequence[BarTable]) -> Iterator[str]:
    """Yield the table of the largest differences over all these bars."""
    found = [compare_all(table) for table in tables]
    yield "| indicator | OCaml | pandas-ta | TA-Lib |"
    yield "|---|---|---|---|"
    for title in dict.fromkeys(one.title for one in found[0]):
        same = [one for comparisons in found for one in comparisons if one.title == title]
        cells = [_cell([one for one in same if one.backend == other]) for other in OTHERS]
        yield f"| `{title}` | {' | '.join(cells)} |"


def _cell(found: Sequence[Comparison]) -> str:
    """Return the largest difference over some files, of the series' size; ~: once the seeding is forgotten."""
    verdicts = {one.verdict for one in found}
    if verdicts <= {"equal"}:
        return _largest(found, settled=False)
    if verdicts <= {"equal", "equal once settled"}:
        return f"~ {_largest(found, settled=True)}"
    return "-" if verdicts == {"does not have it"} else f"**differs**: {_largest(found, settled=False)}"


def _largest(found: Sequence[Comparison], *, settled: bool) -> str:
    absolute = max((one.settled if settled else one.difference) or 0.0 for one in found)
    relative = max(((one.settled if settled else one.difference) or 0.0) / max(one.scale, 1e-300) for one in found)
    return "0" if absolute == 0.0 else f"{absolute:.0e} ({relative:.0e})"


def notes() -> Iterator[str]:
    """Yield what differs, a line each."""
    for (indicator, backend), text in NOTES.items():
        yield f"- `{indicator}`, {backend}: {text}."


def library() -> Iterator[str]:
    """Yield what pandas-ta offers."""
    yield "| in Lua | takes | returns | bars |"
    yield "|---|---|---|---|"
    for entry in catalogue().values():
        if not entry.refused:
            options = ", ".join(f"{option.name} = {option.shown(option.default)}" for option in entry.options)
            begins = " *" if entry.begins else ""
            takes, returns = " ".join(entry.inputs), " ".join(f"`{name}`" for name in entry.outputs)
            yield f"| `{entry.name}`{f' {options}' if options else ''} | {takes} | {returns} | {entry.bars}{begins} |"


def refused() -> Iterator[str]:
    """Yield what pandas-ta has and is not offered, and why."""
    for entry in catalogue().values():
        if entry.refused:
            yield f"- `{entry.name}`: {entry.refused}"


def replaced(page: str, name: str, lines: Iterator[str]) -> str:
    """Return a page with other lines between the comments that name a part of it."""
    begin, end = f"<!-- {name}: python -m orrery.indicators.page -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    assert after, f"{PAGE.name}: expected the comments of {name}"
    return f"{before}{begin}\n" + "\n".join(lines) + f"\n\n{end}{after}"


def main(files: Sequence[str]) -> None:
    """Write the tables into the page; without files all but the verification."""
    page = PAGE.read_text()
    if files:
        page = replaced(page, VERIFICATION, verification([load_bars(Path(file))[0] for file in files]))
    for name, lines in (("notes", notes()), (LIBRARY, library()), (REFUSED, refused())):
        page = replaced(page, name, lines)
    PAGE.write_text(page)


if __name__ == "__main__":
    main(sys.argv[1:])
