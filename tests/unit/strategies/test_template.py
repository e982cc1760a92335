"""The template runs as it is, and says nothing wrong."""

from services.signal.loading import validate
from tests.unit.strategies.support import FOLDER, bars_of, load, numbers, run


def test_it_validates_without_a_remark() -> None:
    report = validate(FOLDER / "template.lua")
    assert (report.ok, report.problems, report.indicators) == (True, (), ["sma(20)"])


def test_it_trades_around_its_average() -> None:
    closes = [100.0] * 20 + [105.0, 106.0, 90.0, 90.0]
    orders, _ = run(load("template"), bars_of(closes))
    assert numbers(orders) == [(20, "entry buy"), (22, "exit sell")]
