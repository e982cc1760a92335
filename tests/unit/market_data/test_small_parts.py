"""Quality, agreement and pacing: the small judges of a feed."""

from common.messages import MarketState
from services.market_data.core.agreement import MAX_TICKERS, MAX_TOPS, Agreement
from services.market_data.core.book import Top
from services.market_data.core.pacing import Pacer
from services.market_data.core.quality import MAX_AHEAD_NS, Quality
from tests.unit.market_data.builders import SECOND, T0

ONE, OTHER = Top(1.0, 1.0, 2.0, 1.0), Top(1.0, 1.5, 2.0, 1.0)


def test_silence_flags_a_live_symbol_once() -> None:
    quality = Quality("X", 5 * SECOND)
    assert quality.deadline_ns() is None
    quality.heard(T0)
    (live,) = quality.turn(MarketState.LIVE, "synced", T0)
    assert (live.state, live.reason, live.event_ns) == (MarketState.LIVE, "synced", T0)
    assert quality.turn(MarketState.LIVE, "again", T0) == []
    assert quality.deadline_ns() == T0 + 5 * SECOND
    assert quality.on_deadline(T0 + 5 * SECOND - 1) == []
    (stale,) = quality.on_deadline(T0 + 5 * SECOND)
    assert (stale.state, stale.reason) == (MarketState.STALE, "silent for 5000 ms")
    assert quality.on_deadline(T0 + 60 * SECOND) == []
    assert quality.stales == 1


def test_latency_may_be_negative() -> None:
    quality = Quality("X", SECOND)
    assert quality.status()["latency_ms_min"] is None
    for latency_ns in (2_000_000, -1_273_500_000, 5_000_000):
        assert quality.latency(T0 - latency_ns, T0)
    status = quality.status()
    assert (status["latency_ms_last"], status["latency_ms_min"]) == (5.0, -1273.5)


def test_a_time_far_ahead_of_ours_is_no_time() -> None:
    quality = Quality("X", SECOND)
    assert quality.latency(T0 + MAX_AHEAD_NS, T0)
    assert not quality.latency(T0 + MAX_AHEAD_NS + 1, T0)
    assert quality.status()["impossible_times"] == 1


def test_agreement_compares_whichever_comes_second() -> None:
    agreement = Agreement()
    assert agreement.ticker(1, ONE)
    assert agreement.book(1, ONE)
    assert agreement.book(2, ONE)
    assert agreement.ticker(2, ONE)
    assert agreement.book(3, ONE)
    assert not agreement.ticker(3, OTHER)
    assert agreement.ticker(4, OTHER)
    assert not agreement.book(4, ONE)
    assert (agreement.checks, agreement.mismatches) == (4, 2)


def test_agreement_forgets_what_is_old_or_void() -> None:
    agreement = Agreement()
    for number in range(MAX_TICKERS + 1):
        agreement.ticker(number, ONE)
    assert agreement.book(0, OTHER)
    assert not agreement.book(1, OTHER)
    for number in range(MAX_TICKERS + 1, MAX_TICKERS + MAX_TOPS + 2):
        agreement.book(number, ONE)
    assert agreement.ticker(MAX_TICKERS + 1, OTHER)
    agreement.forget()
    assert agreement.ticker(MAX_TICKERS + MAX_TOPS, OTHER)
    assert (agreement.checks, agreement.mismatches) == (1, 1)


def test_a_burst_goes_out_at_once_and_the_rest_by_the_interval() -> None:
    pacer, now_ns = Pacer(3, SECOND), T0
    sent: list[int] = []
    while len(sent) < 6:
        allowed_ns = pacer.wait_until_ns(now_ns)
        if allowed_ns == now_ns:
            sent.append(now_ns - T0)
        now_ns = allowed_ns
    assert sent == [0, 0, 0, SECOND, 2 * SECOND, 3 * SECOND]
    assert pacer.delayed == 3


def test_a_pause_fills_the_burst_again_and_no_more() -> None:
    pacer = Pacer(2, SECOND)
    for _ in range(2):
        assert pacer.wait_until_ns(T0) == T0
    later = T0 + 60 * SECOND
    assert [pacer.wait_until_ns(later) for _ in range(3)] == [later, later, later + SECOND]
