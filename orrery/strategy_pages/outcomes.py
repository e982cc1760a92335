"""Fair values of markets that ask whether a price will be higher in five minutes, from the price that settles them."""

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import erf, log, sqrt
from pathlib import Path
from typing import NamedTuple

FEED = Path("polymarket/chainlink_btcusd_2026-07-24.csv.gz")
MARKETS = Path("polymarket/btc_5m_markets_2026-07-24.jsonl.gz")
EVERY = 12
"""Of the day's markets one in twelve is taken: one an hour."""
SPREAD = 0.01
"""Between bid and ask, in probability: what the catalogue says of these markets."""
WEI = 10**18
SECONDS_BEFORE = 600
"""Of the settling price before a market begins, from which its volatility is estimated."""


class Market(NamedTuple):
    """A market: from when to when, seconds UTC, and the price that has to be reached."""

    name: str
    start: int
    end: int
    strike: float


def write_outcomes(data: Path, path: Path) -> None:
    """Write quotes of the outcome "up" of the markets, as documented lines.

    A price is the probability that a price without drift ends above the strike: N(ln(S/K) / (v sqrt(t))), S the settling
    price, t the seconds left, v the standard deviation of its logarithm per square root of a second in the ten minutes
    before the market began (the cash-or-nothing term of Black and Scholes, 1973, without interest). Nobody traded at it.
    """
    ticks = list(_ticks(data / FEED))
    with path.open("w") as file:
        for market in _markets(data / MARKETS):
            for row in _quotes(market, ticks):
                file.write(json.dumps(row) + "\n")


def _ticks(path: Path) -> Iterator[tuple[float, float]]:
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            yield int(row["recv_ms"]) / 1000, float(row["value"])


def _markets(path: Path) -> Iterator[Market]:
    with gzip.open(path, "rt") as file:
        rows = [json.loads(line) for line in file]
    known = sorted((row for row in rows if row["strike_value"]), key=lambda row: row["start_sec"])
    for row in known[EVERY::EVERY]:
        name = f"UP{row['start_sec']}USDC"
        yield Market(name, row["start_sec"], row["end_sec"], int(row["strike_value"]) / WEI)


def _quotes(market: Market, ticks: Sequence[tuple[float, float]]) -> Iterator[dict[str, object]]:
    deviation = _deviation([tick for tick in ticks if market.start - SECONDS_BEFORE <= tick[0] < market.start])
    if deviation == 0.0:
        return
    for at, price in ticks:
        if not market.start <= at < market.end - 1:
            continue
        chance = _normal(log(price / market.strike) / (deviation * sqrt(market.end - at)))
        bid = round(chance - SPREAD / 2, 3)
        if bid > 0.0 and bid + SPREAD < 1.0:
            yield {
                "timestamp": round(at * 1000),
                "instrument": market.name,
                "best_bid": bid,
                "best_ask": round(bid + SPREAD, 3),
            }


def _deviation(ticks: Sequence[tuple[float, float]]) -> float:
    if len(ticks) < 2:
        return 0.0
    moves = [log(after[1] / before[1]) for before, after in pairwise(ticks)]
    return sqrt(sum(move * move for move in moves) / (ticks[-1][0] - ticks[0][0]))


def _normal(value: float) -> float:
    return 0.5 * (1.0 + erf(value / sqrt(2.0)))
