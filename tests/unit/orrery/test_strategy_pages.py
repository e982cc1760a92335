"""The pages in docs/strategies: what they say of a file and of its runs is what the code says now."""

from itertools import pairwise
from pathlib import Path

import pytest

from orrery.strategy_pages.drawing import MOST_POINTS, drawing
from orrery.strategy_pages.outcomes import SPREAD, write_outcomes
from orrery.strategy_pages.page import described, recorded
from orrery.strategy_pages.runs import ROOT, recordings, run_on
from services.signal.loading import validate

PAGES = ROOT / "docs" / "strategies"
NAMES = sorted(path.stem for path in (ROOT / "strategies").glob("*.lua"))
QUICK = [("ema_crossover", 1), ("momentum", 1), ("range_breakout", 1), ("rsi_mean_reversion", 1), ("gamma_scalp", 0)]


def test_every_strategy_has_recordings() -> None:
    assert sorted(recordings()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_describes_the_file_as_it_is(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text()
    assert page.startswith(described(validate(ROOT / "strategies" / f"{name}.lua")))
    assert all((PAGES / f"{name}-{number}.svg").exists() for number in range(1, len(recordings()[name]) + 1))


@pytest.mark.parametrize(("name", "place"), QUICK)
def test_a_run_gives_what_the_page_says(name: str, place: int, shared_data: Path) -> None:
    outcome = run_on(name, recordings()[name][place], shared_data)
    told = recorded(name, [outcome]).replace(f"{name}-1.svg", f"{name}-{place + 1}.svg")
    assert told.partition("### ")[2] in (PAGES / f"{name}.md").read_text()
    assert outcome.result.orders > 0


def test_fair_values_are_probabilities_in_the_order_of_time(shared_data: Path, tmp_path: Path) -> None:
    import json

    path = tmp_path / "outcomes.jsonl"
    write_outcomes(shared_data, path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(0 < row["best_bid"] < row["best_ask"] < 1 for row in rows)
    assert all(row["best_ask"] - row["best_bid"] == pytest.approx(SPREAD) for row in rows)
    assert all(before["timestamp"] <= after["timestamp"] for before, after in pairwise(rows))
    assert len({row["instrument"] for row in rows}) > 20


def test_a_long_curve_keeps_its_extremes() -> None:
    values = [100.0] * 5000
    values[1234], values[4321] = 150.0, 50.0
    picture = drawing(values, "equity")
    points = picture.partition('points="')[2].partition('"')[0].split()
    heights = [float(point.partition(",")[2]) for point in points]
    assert (min(heights), max(heights)) == (10.0, 170.0)
    assert len(points) <= MOST_POINTS + 4
