"""Gamma scalp: the hedge follows minus the delta of the options, in steps of the band; nothing without greeks."""

import json
from decimal import Decimal
from math import sin
from pathlib import Path

import pytest

from common.messages import AnyMessage, Greeks
from orrery.__main__ import main
from services.signal.core.spec import StrategySpec
from tests.unit.signal.support import MINUTE_NS, asked, intents, lua_core, runner_spec, trade
from tests.unit.strategies.support import FOLDER, bars_of, load, numbers

OPTION = "BTC-29MAR24-60000-C"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
RECORDED = "ETH-9APR21-1950-C"
DELTAS = [0.5 + 0.35 * sin(number / 12.0) + 0.02 * sin(number * 1.3) for number in range(300)]


def greeks(number: int, delta: float, gamma: float | None = None, symbol: str = OPTION) -> Greeks:
    """Return greeks that come just before the bar of a number ends."""
    at_ns = (number + 1) * MINUTE_NS
    return Greeks(symbol=symbol, delta=delta, gamma=gamma, event_ns=at_ns, received_ns=at_ns)


def run(spec: StrategySpec, deltas: list[float], gamma: float | None = None) -> list[tuple[int, str, Decimal]]:
    """Return (bar, kind and side, quantity) of the intents while these greeks come, each before a bar."""
    core = lua_core(runner_spec(spec))
    bars = bars_of([100.0] * len(deltas))

    def show(number: int) -> None:
        core.handle(greeks(number, deltas[number], gamma), bars[number].end_ns)

    said: list[AnyMessage] = trade(core, bars, show)
    (runner,) = core.status()["runners"]
    assert runner["errors"] == 0, runner["last_error"]
    orders = intents(said)
    return [(*row, asked(order)) for row, order in zip(numbers(orders), orders, strict=True)]


def expected(deltas: list[float], contracts: float, band: float) -> list[tuple[int, str, Decimal]]:
    """Return what a plain loop does that keeps a hedge by the same rules."""
    orders, held = [], 0.0
    for number, delta in enumerate(deltas):
        target = max(-5.0, min(5.0, -contracts * delta))
        if held == 0.0:
            if abs(target) >= max(0.01, band * contracts):
                size = int(abs(target) * 1000 + 1e-9) / 1000
                held = size if target > 0 else -size
                orders.append((number, "entry buy" if target > 0 else "entry sell", size))
            continue
        missing = target - held
        if abs(missing) < max(0.01, band * contracts):
            continue
        side = "sell" if held > 0 else "buy"
        if target * held > 0 and abs(target) < abs(held) and abs(target) >= 0.01:
            size = int(abs(missing) * 1000 + 1e-9) / 1000
            held += size if held < 0 else -size
        else:
            size, held = abs(held), 0.0
        orders.append((number, f"exit {side}", size))
    return [(number, what, Decimal(f"{size:.3f}")) for number, what, size in orders]


@pytest.mark.parametrize(("contracts", "band", "sign"), [(1, 0.05, 1), (3, 0.1, 1), (2, 0.02, -1), (20, 0.05, 1)])
def test_it_hedges_as_a_plain_loop_does(contracts: float, band: float, sign: int) -> None:
    deltas = [sign * delta for delta in DELTAS]
    found = run(load("gamma_scalp", option=OPTION, contracts=contracts, band=band), deltas)
    wanted = expected(deltas, contracts, band)
    assert [row[:2] for row in found] == [row[:2] for row in wanted]
    assert [float(row[2]) for row in found] == pytest.approx([float(row[2]) for row in wanted], abs=0.0011)
    assert len(found) > 0


def test_the_hedge_is_never_further_off_than_the_band() -> None:
    held = Decimal(0)
    orders = {number: (what, size) for number, what, size in run(load("gamma_scalp", option=OPTION), DELTAS)}
    for number, delta in enumerate(DELTAS):
        if number in orders:
            what, size = orders[number]
            held += size if what.endswith("buy") else -size
        if held:
            assert abs(-delta - float(held)) < 0.0511


def test_gamma_is_taken_before_the_band_is_reached() -> None:
    spec = load("gamma_scalp", option=OPTION, band=0.5, band_gain=2.0)
    drifting = [0.5, 0.48, 0.46, 0.44]
    # At a gamma of 0.001 a change of delta by 0.06 is a move of 60, worth 0.5 * 0.001 * 60 ** 2 = 1.8; by 0.08, 3.2.
    assert run(spec, drifting, 0.001) == [(0, "entry sell", Decimal("0.500"))]
    assert run(spec, [*drifting, 0.42], 0.001)[1:] == [(4, "exit buy", Decimal("0.080"))]


def test_without_greeks_and_with_those_of_another_option_it_waits() -> None:
    core = lua_core(runner_spec(load("gamma_scalp", option=OPTION)))
    core.handle(greeks(0, 0.6, symbol="BTC-29MAR24-50000-P"), 1)
    assert intents(trade(core, bars_of([100.0] * 10))) == []


def test_it_trades_on_recorded_greeks(capsys: pytest.CaptureFixture[str]) -> None:
    recorded = FIXTURES / "deribit" / "eth_9apr21_1950_c.jsonl"
    params = (f"option={RECORDED}", "contracts=2", "band=0.001", "smallest=0.0001")
    typed = [part for param in params for part in ("--param", param)]
    file = str(FOLDER / "gamma_scalp.lua")
    assert main(["backtest", "-s", file, "-d", str(recorded), "--timeframe", "1s", "--json", *typed]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["orders"] >= 2, found
