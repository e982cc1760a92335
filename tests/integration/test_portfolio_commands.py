"""`orrery portfolio` beside a running stack: the account by its events is the account by risk, to the digit."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.codec import decode
from common.config.load import load_config
from common.journal import read_folder
from common.messages import AccountChanged
from common.routes import EVENT_STORE, EXECUTION, MARKET_DATA, RISK_MANAGER, SERVICES, SIGNAL
from orrery.chaos.market import FAST_MARKET
from orrery.portfolio.stored import fold_account
from tests.integration.harness import Stack, is_through, wait_until
from tests.integration.test_kill import orrery


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(FAST_MARKET)
    yield running
    running.close()


def settled(stack: Stack) -> bool:
    """Return whether risk has heard every fill, and the store as many as execution told."""
    told = stack.core(EXECUTION)["fills"]
    config = load_config(stack.config, stack.overrides).config
    return bool(told == stack.core(RISK_MANAGER)["fills"] == len(fold_account(config, None).fold.points))


def test_the_account_by_its_events_is_the_account_by_risk(stack: Stack, tmp_path: Path) -> None:
    stack.start(EVENT_STORE, *SERVICES)
    stack.wait_ready(EVENT_STORE, *SERVICES)
    wait_until(lambda: stack.core(EXECUTION)["fills"] >= 5, "five fills")
    stack.stop(MARKET_DATA, SIGNAL)
    wait_until(lambda: is_through(stack.audit()), "order flow at rest")
    wait_until(lambda: settled(stack), "all fills are known everywhere")
    risk = stack.core(RISK_MANAGER)
    config = load_config(stack.config, stack.overrides).config
    assert fold_account(config, None).fold.points[-1].cash == Decimal(risk["cash"]["USDT"])
    curve = tmp_path / "curve.csv"
    fills = tmp_path / "fills.csv"
    found = orrery(stack, "portfolio", "show", "--curve", str(curve), "--fills", str(fills))
    rows = list(csv.DictReader(fills.read_text().splitlines()))
    assert [Decimal(row["cash"]) for row in rows] == cash_after_fills(stack)
    assert found["final_equity"] == pytest.approx(float(risk["equity"]), rel=1e-12)
    assert found["initial_equity"] == 100_000
    strategies = {name: made["total_return"] for name, made in found["parts"].items()}
    assert sum(strategies.values()) == pytest.approx(found["metrics"]["total_return"], rel=1e-9)
    assert curve.read_text().startswith("time_ns,time,equity_account,")
    check_drift(stack, tmp_path / "weights.toml", strategies, risk)


def cash_after_fills(stack: Stack) -> list[Decimal]:
    """Return what risk said the cash was after each fill, as its journal has it."""
    told = [decode(payload) for _, payload in read_folder(stack.data_dir / RISK_MANAGER / "outbox")]
    return [message.cash for message in told if isinstance(message, AccountChanged)]


def check_drift(stack: Stack, weights: Path, strategies: dict[str, float], risk: dict[str, Any]) -> None:
    """Hold the drift against what risk holds, and let risk take the shares."""
    (name, *_) = strategies
    weights.write_text(f"[weights]\n{name} = 0.25\n")
    drifts: Any = orrery(stack, "portfolio", "drift", "--weights", str(weights))
    rows = {row["strategy"]: row for row in drifts}
    held = sum(
        abs(Decimal(each["quantity"])) * Decimal(each["mark"])
        for each in risk["positions"]
        if each["runner"].startswith(f"{name}:")
    )
    assert Decimal(rows[name]["held"]) == held
    assert rows[name]["held_share"] == pytest.approx(float(held) / float(risk["equity"]))
    found = orrery(stack, "portfolio", "rebalance", "--weights", str(weights), "--apply")
    target = found["targets"][name]
    assert Decimal(target) == (Decimal(risk["equity"]) / 4).quantize(Decimal("0.01"))
    in_force = stack.ask(RISK_MANAGER, "risk.show", timeout_ms=30_000)["in_force"]
    assert in_force["strategies[0].name"] == name
    assert Decimal(in_force["strategies[0].max_notional"]) == Decimal(target)
