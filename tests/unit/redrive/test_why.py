"""`orrery why`: the whole chain of an order, the figures of the rules, and the reasons for not trading."""

import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from common.codec import encode
from common.inputs import Input, InputKind, encode_input
from common.journal import Journal
from common.messages import ApprovedOrder, Fill, MarketState, OperatorCommand, OrderIntent, OrderRefused
from orrery.__main__ import main
from orrery.redrive.moments import moment_of
from orrery.redrive.session import Session
from orrery.why.standing import standing_of
from orrery.why.story import Story, story_of
from orrery.why.story_text import lines
from orrery.why.words import WIDTH, amount, lua, number, took
from services.signal.core.changes import RELOAD, described
from tests.unit.redrive.sessions import (
    BAR_NS,
    HOP_NS,
    MARKET_T0,
    RUNNER,
    SEGMENT_BYTES,
    T0,
    Made,
    made,
    quote,
    store_in,
    trade,
)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("session"))


@pytest.fixture
def session(live: Made) -> Session:
    return Session(live.folder)


def steps(story: Story) -> list[tuple[str, str, int | None]]:
    """Return what each step is, what it follows from, and how long it took."""
    return [(step.what, step.after, step.hop_ns) for step in story.steps]


def test_an_entry_is_told_from_the_tick_to_the_position(live: Made, session: Session) -> None:
    order = live.of(ApprovedOrder)[0]
    story = story_of(session, order.id)
    assert steps(story) == [
        ("tick", "", None),
        ("bar", "tick", 1_000_000),
        ("transition", "bar", HOP_NS),
        ("intent", "transition", 0),
        ("decision", "intent", HOP_NS),
        ("ack", "decision", HOP_NS),
        ("fill", "ack", 0),
        ("position", "fill", HOP_NS),
        ("transition", "fill", HOP_NS),
    ]
    assert story.total_ns == 1_000_000 + 4 * HOP_NS
    assert story.outcome.startswith("filled at ")
    assert [asked.function for asked in story.asked] == ["detect_opportunity", "filter_commitment"]
    assert story.asked[0].answer is not None
    assert story.asked[0].answer["signal"] == "bullish"
    assert set(story.asked[0].indicators) == {"ema(10)", "ema(20)"}
    assert story.rules is not None
    assert story.rules.refusal is None
    assert len(story.rules.rules) == 9
    assert story.notes == []


def test_an_exit_says_since_when_the_runner_held_it(live: Made, session: Session) -> None:
    order = next(order for order in live.of(ApprovedOrder) if order.reduce_only)
    story = story_of(session, f"{order.id}-f1")
    assert story.order_id == order.id
    assert [step.what for step in story.steps] == [
        "tick",
        "bar",
        "intent",
        "decision",
        "ack",
        "fill",
        "position",
        "transition",
    ]
    assert story.asked[0].function == "manage_position"
    assert story.rules is not None
    assert [rule.rule for rule in story.rules.rules][-1] == "nothing_to_reduce"


def test_every_order_has_its_story_within_the_terminal(live: Made, session: Session) -> None:
    orders = live.of(ApprovedOrder)
    assert len(orders) > 4
    for order in orders:
        story = story_of(session, order.id)
        assert max(map(len, lines(story))) <= WIDTH
        assert story.notes == []


def test_a_refused_order_names_the_rule(tmp_path: Path) -> None:
    live = made(tmp_path, 60, max_position="0.001")
    refused = live.of(OrderRefused)[0]
    story = story_of(Session(tmp_path), refused.intent_id)
    assert story.outcome == "refused by position_size"
    assert story.rules is not None
    assert story.rules.refusal is not None
    assert story.rules.refusal.rule == "position_size"
    assert story.steps[-1].message["reason"] == "position_size"
    text = "\n".join(lines(story))
    assert "NO position_size     0.001 BTC" in text
    standing = standing_of(Session(tmp_path), RUNNER, moment_of(Session(tmp_path), str(refused.event_ns)))
    assert standing.verdict.startswith(f"it wanted to: risk refused its entry {refused.intent_id} by position_size")
    assert standing.refusals == {"position_size": 1}


def test_the_trade_that_closed_the_bar_is_found_in_the_store(tmp_path: Path) -> None:
    live = Made(tmp_path)
    live.status(MarketState.LIVE)
    while not live.of(ApprovedOrder):
        end_ns = MARKET_T0 + (live.bar + 1) * BAR_NS
        for place, at_ns in enumerate((end_ns - 2_000, end_ns - 1_000, end_ns + 1_000)):
            live.say(trade(60_000.0 + place, 3 * live.bar + place, at_ns, live.now_ns))
        live.play(1)
    last = 3 * (live.bar - 1) + 1  # the third trade of each minute is already of the next bar
    live.close()
    store_in(tmp_path, live.published)
    story = story_of(Session(tmp_path), live.of(ApprovedOrder)[0].id)
    assert [step.what for step in story.steps][:3] == ["tick", "quote", "bar"]
    assert (story.steps[0].message["type"], story.steps[0].message["trade_id"]) == ("trade", last)
    assert story.steps[2].after == "tick"
    assert "buy of 0.5 at 60001; market 2020-09-13" in "\n".join(lines(story))


def test_a_protective_stop_is_told_from_the_quote(tmp_path: Path) -> None:
    live = Made(tmp_path)
    live.status(MarketState.LIVE)
    while not live.of(Fill):
        live.play(1)
    live.say(quote(40_000.0, 10_000, MARKET_T0 + live.bar * BAR_NS, live.now_ns))
    live.close()
    order = live.of(ApprovedOrder)[-1]
    assert "-stop-" in order.id
    story = story_of(Session(tmp_path), order.id)
    assert [step.what for step in story.steps] == ["tick", "decision", "ack", "fill", "position"]
    assert story.rules is None


def test_an_unknown_order_is_answered_with_those_that_are_near(
    live: Made, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", "ema_crossover:BTCUSDT-999", "--session", str(live.folder)]) == 1
    assert "did you mean ema_crossover:BTCUSDT-" in capsys.readouterr().err
    assert main(["why", "zzz", "--session", str(live.folder)]) == 1
    assert "orders of" in capsys.readouterr().err
    assert main(["why", "--session", str(live.folder)]) == 2
    assert "expected either an ORDER or --runner" in capsys.readouterr().err
    assert session.services


@pytest.mark.parametrize(
    ("minute", "verdict"),
    [
        (5, "it is warming up: 5 of 20 bars of 1m"),
        (40, "detect_opportunity saw no opportunity: it answered nil"),
    ],
)
def test_the_verdict_at_a_minute_of_the_market(session: Session, minute: int, verdict: str) -> None:
    standing = standing_of(session, RUNNER, moment_of(session, str((MARKET_T0 + minute * BAR_NS) // 1_000_000_000)))
    assert standing.verdict == verdict
    assert standing.runner["bars"] == minute


def test_the_verdict_of_a_position_and_of_a_decision(live: Made, session: Session) -> None:
    fill = next(fill for fill in live.of(Fill) if fill.kind == "entry")
    later = standing_of(session, RUNNER, moment_of(session, str(fill.event_ns + 1_500_000_000)))
    assert "it is in a position (long " in later.verdict
    intent = live.of(OrderIntent)[0]
    then = standing_of(session, RUNNER, moment_of(session, str(intent.event_ns)))
    assert then.verdict == f"it did: it sent its entry {intent.id} on this very update (waits for risk)"
    quiet = standing_of(session, RUNNER, moment_of(session, str(T0 + 10_000 * 1_000_000_000)))
    assert any(reason.startswith("nothing has moved it for") for reason in quiet.reasons)


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_reloaded_strategy_is_still_looked_at(tmp_path: Path, *, is_saved: bool) -> None:
    """It has a host of its own, from the command on, and in the state of a snapshot behind it."""
    session = Made(tmp_path)
    session.status(MarketState.LIVE)
    session.play(40)
    spec = session.services["signal"].core.roster.runners[RUNNER].spec  # type: ignore[attr-defined]  # a SignalCore
    arguments = {"runner": RUNNER, **described(spec)}
    told = {"event_ns": session.now_ns, "received_ns": session.now_ns}
    session.order("signal", OperatorCommand(id="r", service="signal", name=RELOAD, arguments=arguments, **told))
    if is_saved:
        session.save()
    session.play(30)
    session.save()
    session.close()
    standing = standing_of(Session(tmp_path), RUNNER, moment_of(Session(tmp_path), "end"))
    assert standing.asked[-1].at_ns == session.services["signal"].now_ns
    order = session.of(ApprovedOrder)[-1]
    assert story_of(Session(tmp_path), order.id).asked


def test_an_untrusted_market_is_a_reason(tmp_path: Path) -> None:
    live = Made(tmp_path)
    live.play(30)
    live.status(MarketState.STALE)
    live.play(2)
    live.close()
    standing = standing_of(Session(tmp_path), RUNNER, moment_of(Session(tmp_path), "end"))
    assert standing.market == "stale"
    if standing.runner["state"] != "in_position":
        assert standing.verdict.startswith("the market of BTCUSDT is stale")


def test_the_command_prints_text_and_json(live: Made, capsys: pytest.CaptureFixture[str]) -> None:
    order = live.of(ApprovedOrder)[0].id
    folder = str(live.folder)
    assert main(["why", order, "--session", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["order_id"] == order
    assert main(["why", "--runner", RUNNER, "--at", str(T0 + 40 * 1_000_000_000), "--session", folder]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "detect_opportunity answered nil" in text
    assert main(["why", "--runner", RUNNER, "--session", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runner"]["id"] == RUNNER
    assert main(["why", "--runner", "nobody:X", "--session", folder]) == 1
    assert "expected one of ema_crossover:BTCUSDT" in capsys.readouterr().err


def test_a_damaged_journal_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path, 120)
    path = min((tmp_path / "signal" / "inbox").glob("*.log"))
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    assert main(["why", "--runner", RUNNER, "--at", str(T0 + 55_000_000_000), "--session", str(tmp_path)]) == 2
    assert f"orrery: {path}: record " in capsys.readouterr().err


def test_a_core_that_fails_where_it_did_not_fail_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = made(tmp_path, 40)
    inbox = Journal(tmp_path / "risk_manager" / "inbox", segment_bytes=SEGMENT_BYTES)
    fill = live.of(Fill)[0]
    wrong = structs.replace(fill, id=f"{fill.order_id}-f9", quantity=Decimal(0))
    inbox.append(encode_input(Input(InputKind.MESSAGE, T0 + 41_000_000_000, "reports", 1, 999, encode(wrong))))
    inbox.close()
    assert main(["replay", "--session", str(tmp_path)]) == 2
    assert "risk_manager fails at input " in capsys.readouterr().err


def test_words() -> None:
    assert (amount("off", "USDT"), amount("no quote", "ms"), amount("-1.5", "USDT")) == ("off", "no quote", "-1.5 USDT")
    assert (amount("3", ""), amount("", "ms")) == ("3", "")
    assert [took(ns) for ns in (None, 0, 999, 12_345, 1_500_000, 3_040_000_000, -2_000)] == [
        "-", "0 ns", "999 ns", "12.3 µs", "1.50 ms", "3.04 s", "-2.00 µs",
    ]  # fmt: skip
    assert lua({"a": [1.5, None, True], "b": 'x"'}) == '{a = {1.5, nil, true}, b = "x\\""}'
    assert [number(value) for value in (None, "1.500", 0.1 + 0.2, True, 9e-05, 6e7, math.inf)] == [
        "-", "1.5", "0.3", "true", "0.00009", "60000000", "inf",
    ]  # fmt: skip
