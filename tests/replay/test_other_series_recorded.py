"""Recorded market data, cut off: strategies that read other series see the same up to the cut, on each event tier."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest

from common.config.models import MarketDataSection
from common.messages import AnyMessage
from orrery.data.recording_inputs import RecordingInputs
from services.backtest.events import run_events
from services.backtest.market_feed import market_messages
from services.backtest.result import DataTier
from tests.unit.backtest.event_runs import Timed, event_plan
from tests.unit.backtest.reading import Seen, writing

RECORDING = ("binance", "com", "cf_20210404_btc_eth_dot_ws.jsonl.gz")
SYMBOLS = ("DOTUSDT", "BTCUSDT", "ETHUSDT")
SOURCE = """
strategy = { name = "reads" }
local function seen(md, i)
  local e, f = i.bar("2s", "ETHUSDT"), i.bar("", "BTCUSDT")
  return { i.ema(3, "5s"), e and e.close, f and f.timestamp, i.atr(2, "3s", "DOTUSDT"), i.sma(2, "500ms") }
end
function detect_opportunity(md, context, indicators)
  context.n = (context.n or 0) + 1
  seen(md, indicators)
  if context.n % 3 == 0 then return { signal = "up" } end
end
function filter_commitment(md, context, indicators)
  return { action = "enter_long", quantity = 0.1, stop_loss = 0.0005 }
end
function manage_position(md, context, indicators)
  seen(md, indicators)
  context.n = context.n + 1
  if context.n % 4 == 0 then return { action = "exit" } end
end
"""
MODELS = {DataTier.QUOTES: "touch", DataTier.TRADES: "trades", DataTier.DEPTH: "queue"}


def played(script: Path, path: Path, tier: DataTier, until_ns: int | None) -> tuple[list[tuple[int, Seen]], list[str]]:
    """Run a recording, or its beginning; return what was seen, each with the time at which it was, and the order flow."""
    plan = event_plan(script, SYMBOLS, execution={"fill_model": MODELS[tier]}, tier=tier)
    make_host, seen = writing(plan.make_host)
    recorded = RecordingInputs(path)
    core = recorded.core(MarketDataSection(symbols=list(SYMBOLS)), SYMBOLS)
    for symbol, timeframe in plan.required_bars:
        core.require_bars(symbol, timeframe)
    inputs = takewhile(lambda given: until_ns is None or given[0] <= until_ns, recorded)
    times: list[int] = []
    flow: list[str] = []

    def watched() -> Iterator[Timed]:
        for now_ns, message in market_messages(core, inputs, recorded.ask):
            yield now_ns, message
            times.extend([now_ns] * (len(seen) - len(times)))

    def tell(message: AnyMessage) -> None:
        if getattr(message, "event_ns", 0) <= (until_ns or message.received_ns):
            flow.append(f"{message}")

    result = run_events(replace(plan, make_host=make_host), watched(), tell=tell)
    assert result.error == ""
    return list(zip(times, seen, strict=True)), flow


@pytest.mark.parametrize("tier", MODELS)
def test_a_cut_changes_nothing_before_it(tmp_path: Path, shared_data: Path, tier: DataTier) -> None:
    path = shared_data.joinpath(*RECORDING)
    if not path.is_file():
        pytest.skip("no recording of three symbols beside the project")
    script = tmp_path / "reads.lua"
    script.write_text(SOURCE)
    whole, flow = played(script, path, tier, None)
    first_ns, last_ns = whole[0][0], whole[-1][0]
    assert len(whole) > 30
    assert any(None not in seen.arguments for _, seen in whole)
    for part in (0.3, 0.62, 0.91):
        cut_ns = int(first_ns + part * (last_ns - first_ns))
        short, before = played(script, path, tier, cut_ns)
        assert short == [each for each in whole if each[0] <= cut_ns]
        assert before == flow[: len(before)]
        assert before
