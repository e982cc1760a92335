"""The bars that all engines are given: recorded ones, tiled; a random walk from a fixed seed where there is no recording."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "data" / "history" / "btc_perp_1m_first_half.csv.gz"
COLUMNS = ("open", "high", "low", "close", "volume")
MINUTE_NS = 60_000_000_000
BEGIN_NS = 1_577_836_800_000_000_000
WALK_BARS = 45_000

type Column = npt.NDArray[Any]
type Bars = dict[str, Column]


def source() -> str:
    """Return what the bars are, in words."""
    return f"{RECORDED.name}, tiled" if RECORDED.is_file() else "a random walk, tiled (no recording found)"


def write(path: Path, count: int) -> None:
    """Write `count` bars of a minute, times running on where the prices begin anew."""
    columns = _recorded() if RECORDED.is_file() else _walk()
    tiles = -(-count // len(columns[0]))
    tiled: dict[str, Any] = {
        name: np.tile(column, tiles)[:count] for name, column in zip(COLUMNS, columns, strict=True)
    }
    np.savez(path, ts=BEGIN_NS + np.arange(count, dtype=np.int64) * MINUTE_NS, **tiled)


def read(path: Path) -> Bars:
    """Return what `write` wrote: `ts`, the start of each bar in nanoseconds UTC, and the columns."""
    with np.load(path) as stored:
        return {name: np.ascontiguousarray(stored[name]) for name in ("ts", *COLUMNS)}


def _recorded() -> list[Column]:
    values = np.loadtxt(RECORDED, delimiter=",", skiprows=1, usecols=range(1, 6))
    return [np.ascontiguousarray(values[:, column]) for column in range(len(COLUMNS))]


def _walk() -> list[Column]:
    chance = np.random.default_rng(1)
    closes = np.round(40_000 * np.exp(np.cumsum(chance.normal(0, 0.0005, WALK_BARS))), 1)
    opens = np.concatenate([closes[:1], closes[:-1]])
    reach = np.round(np.abs(chance.normal(0, 5, (2, WALK_BARS))), 1)
    highs, lows = np.maximum(opens, closes) + reach[0], np.minimum(opens, closes) - reach[1]
    return [opens, highs, lows, closes, np.full(WALK_BARS, 10.0)]
