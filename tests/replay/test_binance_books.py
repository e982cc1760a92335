"""Recorded Binance connections: books without a gap, never crossed, and the venue's own quote at the same number."""

from pathlib import Path

import pytest

from common.messages import BookSnapshot, BookUpdate, MarketState, MarketStatus, Quote, Trade
from tests.replay.binance_player import FIXTURES, Frame, Player, books_of, frames_of

RECORDINGS = [
    ("com/cf_20210404_btc_eth_dot", 0),
    ("com/cf_20210814", 98),
    ("com/cf_20211011", 26),
    ("us/cf_20210405", 744),
    ("us/cf_20211011", 57),
]


def check(player: Player, symbols: list[str], checks: int) -> None:
    """Check what must hold of any whole recording."""
    status = player.core.status()
    assert (status["undecodable"], status["unknown_kinds"], status["unknown_symbols"]) == (0, {}, 0)
    for symbol in symbols:
        desk = status["symbols"][symbol]
        assert (desk["gaps"], desk["resyncs"], desk["crossed"], desk["book_ticker_mismatches"]) == (0, 0, 0, 0)
        assert desk["book_synced"]
        assert (desk["duplicate_trades"], desk["missed_trades"], desk["late_trades"]) == (0, 0, 0)
    assert sum(status["symbols"][symbol]["book_ticker_checks"] for symbol in symbols) >= checks


def check_against_a_naive_book(player: Player, frames: list[Frame], symbol: str) -> int:
    """Rebuild the book from what was published and compare its top with the ticker's frames; return how often."""
    tickers = {}
    for frame in frames:
        data = frame.data
        if data["s"] == symbol and "B" in data:
            tickers[data["u"]] = tuple(float(str(data[key])) for key in "bBaA")
    sides: tuple[dict[float, float], dict[float, float]] = ({}, {})
    checks = last = 0
    for output in player.outputs:
        if not isinstance(output, BookSnapshot | BookUpdate) or output.symbol != symbol:
            continue
        if isinstance(output, BookSnapshot):
            sides = (dict(output.bids), dict(output.asks))
        else:
            assert output.first_update_id == last + 1
            for side, levels in zip(sides, (output.bids, output.asks), strict=True):
                side |= dict(levels)
        last = output.update_id
        if last in tickers:
            bids, asks = ({price: size for price, size in side.items() if size} for side in sides)
            bid, ask = max(bids), min(asks)
            assert tickers[last] == (bid, bids[bid], ask, asks[ask])
            checks += 1
    return checks


@pytest.mark.parametrize(("name", "checks"), RECORDINGS)
def test_a_recording_gives_good_books(shared_data: Path, name: str, checks: int) -> None:
    folder = shared_data / "binance"
    frames, books = frames_of(folder / f"{name}_ws.jsonl.gz"), books_of(folder / f"{name}_depth_rest.jsonl.gz")
    player = Player(books).play(frames)
    check(player, sorted(books), checks)
    naive = sum(check_against_a_naive_book(player, frames, symbol) for symbol in books)
    assert naive >= checks * 0.9


def test_a_recording_over_two_files_is_one_connection(shared_data: Path) -> None:
    folder = shared_data / "binance" / "com"
    books = books_of(folder / "hb_20240808_btcusdt_depth_rest.jsonl.gz", "BTCUSDT")
    player = Player(books, ["1m"])
    for day in ("20240808", "20240809"):
        player.play(frames_of(folder / f"hb_{day}_btcusdt_ws.jsonl.gz"))
    check(player, ["BTCUSDT"], 1_000)
    desk = player.core.status()["symbols"]["BTCUSDT"]
    assert desk["trades"] == 9_757 + 10_147
    assert desk["bars"] == 11
    assert desk["latency_ms_min"] < -1_200


def test_quotes_rise_and_are_never_crossed() -> None:
    player = fixture_player()
    quotes = [output for output in player.outputs if isinstance(output, Quote)]
    assert len(quotes) > 1_000
    assert all(quote.bid < quote.ask and quote.bid_size > 0 and quote.ask_size > 0 for quote in quotes)
    numbers = [quote.update_id for quote in quotes]
    assert numbers == sorted(set(numbers))


def test_trades_are_those_of_the_frames() -> None:
    data = [frame.data for frame in frames_of(FIXTURES / "btcusdt_20240808_ws.jsonl.gz")]
    expected = [(each["t"], float(str(each["p"])), float(str(each["q"]))) for each in data if each.get("e") == "trade"]
    trades = [output for output in fixture_player().outputs if isinstance(output, Trade)]
    assert [(trade.trade_id, trade.price, trade.size) for trade in trades] == expected


def test_the_fixture_agrees_with_its_tickers_and_is_live_throughout() -> None:
    player, frames = fixture_player(), frames_of(FIXTURES / "btcusdt_20240808_ws.jsonl.gz")
    check(player, ["BTCUSDT"], 10)
    assert check_against_a_naive_book(player, frames, "BTCUSDT") >= 10
    states = [output.state for output in player.outputs if isinstance(output, MarketStatus)]
    assert states == [MarketState.RESYNCING, MarketState.LIVE]


def test_the_same_recording_gives_the_same_messages() -> None:
    assert fixture_player().outputs == fixture_player().outputs


def fixture_player() -> Player:
    """Play the small recording."""
    books = books_of(FIXTURES / "btcusdt_20240808_depth_rest.jsonl.gz", "BTCUSDT")
    return Player(books, ["1s"]).play(frames_of(FIXTURES / "btcusdt_20240808_ws.jsonl.gz"))
