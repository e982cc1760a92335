"""`orrery backtest` on files with other names, and with bad rows: mapped, refused, dropped or filled, and noted."""

from pathlib import Path

import pytest

from orrery.__main__ import main

EMA = str(Path(__file__).resolve().parents[3] / "strategies" / "ema_crossover.lua")


@pytest.fixture
def damaged(tmp_path: Path) -> str:
    """Return a CSV of a hundred bars, one of which closes below 0."""
    path = tmp_path / "BTCUSDT_1m.csv"
    rows = [f"{1_704_067_200 + 60 * number},10,11,9,{-1 if number == 50 else 10},5" for number in range(100)]
    path.write_text("\n".join(["timestamp,open,high,low,Last Price,volume", *rows]))
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--map", "close=Last Price"], 2, ":52: close: expected a number above 0, found -1.0"),
        (["--map", "close"], 2, "--map close: expected COLUMN=NAME once for a column"),
        (["--map", "close=Last"], 2, "mapping close=Last: expected a column of the file"),
        (["--map", "close=Last Price", "--on-bad", "drop"], 0, "1 gaps, 1 bars of 1m missing"),
        (["--map", "close=Last Price", "--on-bad", "fill"], 0, "filled with 1 bars of volume 0"),
    ],
)
def test_bad_data(
    arguments: list[str], code: int, expected: str, damaged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backtest", "--strategy", EMA, "--data", damaged, *arguments]) == code
    shown = capsys.readouterr()
    assert expected in (shown.err if code else shown.out)
