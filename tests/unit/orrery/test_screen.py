"""The live table: everything on it, nothing cut off where there is room."""

from decimal import Decimal

import pytest
from rich.console import Console

from common.messages import Fill, IntentKind, Liquidity, OrderRefused, RejectReason, Side
from common.routes import SERVICES
from orrery.stack.tape import TapeEntry
from orrery.summary import MarketLine, PositionLine, RunnerLine, ServiceLine, Summary
from orrery.view.screen import Scene, draw

AT_NS = 1_732_190_000_000_000_000
RUNNERS = [f"{name}:{symbol}" for name in ("ema_crossover", "rsi_mean_reversion") for symbol in ("BTCUSDT", "ETHUSDT")]


def summary() -> Summary:
    position = PositionLine(
        runner=RUNNERS[0],
        symbol="BTCUSDT",
        quantity=0.01,
        average_price=60_123.12,
        realised_pnl=-1.2,
        unrealised_pnl=3.45,
    )
    return Summary(
        ticks=12_345,
        refusals=1,
        equity=100_006.45,
        services={name: ServiceLine(state="ready", uptime_ms=83_000, last_message_age_ms=3) for name in SERVICES},
        positions=[position],
        market={"BTCUSDT": MarketLine(state="live", bid=60_123.12, ask=60_124.32), "ETHUSDT": MarketLine()},
        runners={name: RunnerLine(state="idle") for name in RUNNERS},
    )


def tape() -> list[TapeEntry]:
    fill = Fill(
        id="f",
        order_id=f"{RUNNERS[0]}-3",
        intent_id=f"{RUNNERS[0]}-3",
        runner=RUNNERS[0],
        strategy="ema_crossover",
        symbol="BTCUSDT",
        kind=IntentKind.ENTRY,
        side=Side.BUY,
        quantity=Decimal("0.01"),
        price=Decimal("60123.12"),
        fee=Decimal("0.6"),
        fee_currency="USDT",
        liquidity=Liquidity.TAKER,
        remaining_quantity=Decimal(0),
        venue="simulated",
        cause="",
        event_ns=AT_NS,
        received_ns=AT_NS,
    )
    refused = OrderRefused(
        intent_id=f"{RUNNERS[0]}-4",
        runner=RUNNERS[0],
        symbol="BTCUSDT",
        reason=RejectReason.NOTIONAL,
        limit="1",
        found="2",
        detail="too much",
        cause="",
        event_ns=AT_NS,
        received_ns=AT_NS,
    )
    return [TapeEntry(AT_NS, fill), TapeEntry(AT_NS, refused)]


def drawn(width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, color_system=None)
    scene = Scene("paper", summary(), {"ticks": 40.0}, tape(), ["signal ended (killed by SIGKILL)"])
    with console.capture() as captured:
        console.print(draw(scene, width, height))
    return captured.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(100, 40), (120, 50), (100, 25)])
def test_nothing_is_cut_off_on_a_wide_terminal(width: int, height: int) -> None:
    lines = drawn(width, height)
    text = "\n".join(lines)
    assert "…" not in text
    assert len(lines) <= height
    for part in (
        "4/4 ready",
        "12,345",
        "100,006.45",
        "60,123.12",
        "risk manager",
        "buy  0.01 BTCUSDT",
        "notional: too much",
    ):
        assert part in text, part


def test_a_narrow_terminal_stacks_the_panels() -> None:
    lines = drawn(80, 45)
    assert not any("services" in line and "flow and P&L" in line for line in lines)
    assert len(lines) <= 45


def test_a_low_terminal_shows_how_many_runners_are_left_out() -> None:
    assert any("runners (3 of 4)" in line for line in drawn(100, 24))


def test_what_happened_to_a_process_comes_first() -> None:
    text = "\n".join(drawn(100, 40))
    assert text.index("signal ended") < text.index("buy  0.01")


def test_what_is_not_well_says_why() -> None:
    services = {"signal": ServiceLine(state="starting", detail="waiting for market_data")}
    scene = Scene("paper", Summary(services=services), {}, [], [])
    console = Console(width=100, height=40, color_system=None)
    with console.capture() as captured:
        console.print(draw(scene, 100, 40))
    assert "signal is starting: waiting for market_data" in captured.get()
