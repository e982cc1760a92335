"""What the beginning of a recording tells `orrery replay`: its symbols, and whether bars must come from its quotes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from common.config.load import load_config
from common.config.models import Config
from common.messages import AnyMessage, Bar, BarSource, Quote, Side, Trade
from orrery.commands.replay import recorded_settings
from orrery.recording import contents
from orrery.recording.contents import Contents, contents_of
from services.market_data.adapters.recording_lines import line_of
from services.market_data.adapters.recordings import RecordingError

T0 = 1_700_000_000_000_000_000
QUOTE = Quote(symbol="X", bid=1.0, bid_size=1.0, ask=2.0, ask_size=1.0, update_id=1, event_ns=T0, received_ns=T0)
TRADE = Trade(symbol="Y", price=1.0, size=1.0, side=Side.BUY, trade_id=1, first_trade_id=1, event_ns=T0, received_ns=T0)
ROW = b'{"timestamp":1700000000,"instrument":"X","best_bid":100.0,"best_ask":101.0,"delta":0.6}'
TICKER = '{"stream":"x@bookTicker","data":{"u":1,"s":"X","b":"1","B":"1","a":"2","A":"1"}}'
DEPTH = '{"stream":"x@depth","data":{"e":"depthUpdate","E":1,"s":"X","U":1,"u":2,"b":[],"a":[]}}'
PRINT = '{"stream":"x@trade","data":{"e":"trade","E":1,"s":"X","t":1,"p":"1","q":"1","T":1,"m":true}}'


def bar(source: BarSource) -> Bar:
    return Bar(
        symbol="X", timeframe="1m", start_ns=T0, end_ns=T0, open=1.0, high=1.0, low=1.0, close=1.0, volume=1.0,
        trade_count=1, source=source, event_ns=T0, received_ns=T0,
    )  # fmt: skip


type Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def lines(*lines: bytes) -> Path:
        path = tmp_path / "recording.jsonl"
        path.write_bytes(b"\n".join(lines))
        return path

    return lines


def frame(text: str) -> bytes:
    return json.dumps({"ts": 1.0, "conn": 0, "frame": text}).encode()


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([QUOTE], Contents(["X"], quotes_alone=True)),
        ([QUOTE, bar(BarSource.VENUE)], Contents(["X"], quotes_alone=True)),
        ([QUOTE, TRADE], Contents(["X", "Y"], quotes_alone=False)),
        ([QUOTE, bar(BarSource.TRADES)], Contents(["X"], quotes_alone=False)),
        ([QUOTE, bar(BarSource.QUOTES)], Contents(["X"], quotes_alone=False)),
        ([bar(BarSource.VENUE)], Contents(["X"], quotes_alone=False)),
    ],
)
def test_messages(write: Write, messages: list[AnyMessage], expected: Contents) -> None:
    assert contents_of(write(*map(line_of, messages)), Config()) == expected


@pytest.mark.parametrize(
    ("texts", "quotes_alone"), [([TICKER], True), ([DEPTH], True), ([TICKER, PRINT], False), ([PRINT], False)]
)
def test_raw_frames(write: Write, texts: list[str], quotes_alone: bool) -> None:
    assert contents_of(write(*map(frame, texts)), Config()) == Contents(["X"], quotes_alone)


def test_a_bounded_beginning_is_looked_at(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "LOOKED_AT", 3)
    assert contents_of(write(*[ROW] * 3, line_of(TRADE)), Config()) == Contents(["X"], quotes_alone=True)


def test_a_recording_without_symbols_is_refused(write: Write) -> None:
    with pytest.raises(RecordingError, match="found no symbol in its first 5000 lines"):
        contents_of(write(frame("{}")), Config())


def test_a_replay_of_quotes_alone_says_that_bars_are_built_from_them(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(ROW)
    assert recorded_settings(path, load_config(), None) == ["market_data.symbols=X", "market_data.bar_source=quotes"]
    (told,) = capsys.readouterr().err.splitlines()
    assert told == (
        f"orrery: {path}: no trades in its first 5000 lines: bars are built from quotes (market_data.bar_source=quotes)"
    )


def test_a_replay_of_trades_leaves_the_bars_to_them(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(line_of(QUOTE), line_of(TRADE))
    assert recorded_settings(path, load_config(), None) == ["market_data.symbols=X,Y"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("settings", "environ"),
    [(["market_data.bar_source=trades"], {}), ([], {"ORRERY__MARKET_DATA__BAR_SOURCE": "trades"})],
)
def test_who_has_chosen_the_source_of_bars_keeps_it(
    write: Write, capsys: pytest.CaptureFixture[str], settings: list[str], environ: dict[str, str]
) -> None:
    loaded = load_config(None, settings, environ)
    assert recorded_settings(write(ROW), loaded, None) == ["market_data.symbols=X"]
    assert capsys.readouterr().err == ""
