"""The tables of docs/indicators.md: every indicator is in them, they are what the command writes, and their claims hold."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from orrery.indicators import page
from orrery.indicators.backends import OCAML, ROOT, TA_LIB
from orrery.indicators.verify import compare_all
from services.backtest.bars_table import BarTable
from services.signal.core.indicators import BUILT_IN
from services.signal.hosts.ocaml import find_program
from services.signal.hosts.pandas_ta import catalogue

BARS = 1_300
ROW = re.compile(r"^\| `(\w+)\([^|]*\)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[str, ...]]:
    text = page.PAGE.read_text().partition(f"<!-- {page.VERIFICATION}: ")[2].partition("<!-- end")[0]
    return {name: tuple(cells) for name, *cells in ROW.findall(text)}


def walk() -> BarTable:
    random = np.random.default_rng(11)
    close = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.002, BARS))), 2)
    open_ = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(open_, close) + 0.1, np.minimum(open_, close) - 0.1
    starts = 1_700_006_400_000_000_000 + 60_000_000_000 * np.arange(BARS, dtype=np.int64)
    return BarTable("XYZ", "1m", starts, open_, high, low, close, np.round(random.random(BARS) * 9, 3))


def test_every_indicator_is_in_the_table() -> None:
    assert set(rows()) == BUILT_IN
    assert not [cell for cells in rows().values() for cell in cells if "differs" in cell]


def test_what_the_table_claims_holds_here_too() -> None:
    claims = {
        (name, backend): cell
        for name, cells in rows().items()
        for backend, cell in zip(page.OTHERS, cells, strict=True)
    }
    found = {(one.indicator, one.backend): one.verdict for one in compare_all(walk())}
    assert len(found) == len(BUILT_IN) * (2 if find_program(ROOT) is None else 3)
    for pair, verdict in found.items():
        claim = claims[pair].strip()
        if claim == "-":
            assert verdict == "does not have it", pair
        else:
            assert verdict in (("equal", "equal once settled") if claim.startswith("~") else ("equal",)), pair


def test_its_differences_are_below_what_counts_as_equal() -> None:
    sizes = [float(size) for cells in rows().values() for cell in cells for size in re.findall(r"\((\S+)\)", cell)]
    assert len(sizes) > len(BUILT_IN)
    assert max(sizes) <= 1e-9
    assert all(cells[0].strip() != "-" for cells in rows().values()), f"{OCAML} has every indicator"
    assert [name for name, cells in rows().items() if cells[2].strip() == "-"] == ["vwap"], TA_LIB


@pytest.mark.parametrize(
    ("name", "lines"), [("notes", page.notes), (page.LIBRARY, page.library), (page.REFUSED, page.refused)]
)
def test_the_other_parts_are_up_to_date(name: str, lines: Callable[[], Iterator[str]]) -> None:
    text = page.PAGE.read_text()
    assert page.replaced(text, name, lines()) == text, "python -m orrery.indicators.page"


def test_the_library_s_table_names_what_is_offered() -> None:
    text = page.PAGE.read_text().partition(f"<!-- {page.LIBRARY}: ")[2]
    assert all(f"| `{entry.name}`" in text for entry in catalogue().values() if not entry.refused)
