"""`orrery chaos orders`: the same seed, the same run; what does not add up is found and named."""

import json
from decimal import Decimal

import msgspec
import pytest

from common.messages import OrderType, Side, TimeInForce
from orrery.__main__ import main
from orrery.chaos.orders import run
from orrery.chaos.orders_drawn import drawn
from orrery.chaos.orders_tally import Books, judge
from orrery.lying_venue.book import Book
from orrery.lying_venue.lies import HONEST
from services.execution.core.venues.gateway import SubmitBody

COUNT = 150


def test_all_adds_up_and_the_same_seed_gives_the_same_run() -> None:
    first, second = run(COUNT, 5), run(COUNT, 5)
    first.seconds = second.seconds = 0.0
    assert first.problems == []
    assert first == second
    assert (first.duplicates, first.lost_fills, first.position_errors) == (0, 0, 0)
    assert first.fills > COUNT
    assert first.lies["lost"]


def test_an_honest_venue_leaves_nothing_to_heal() -> None:
    outcome = run(COUNT, 7, HONEST)  # other seeds have a fill told by a comparison before its own report comes
    assert outcome.ok
    assert outcome.differences == {}
    assert outcome.router["lost_answers"] == 0
    assert outcome.pairs


def test_the_command_prints_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chaos", "orders", "--count", "60", "--seed", "9", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["seed"], document["count"]) == (True, 9, 60)
    assert main(["chaos", "orders", "--count", "60", "--seed", "9"]) == 0
    printed = capsys.readouterr()
    assert "duplicates 0 · lost fills 0 · position errors 0" in printed.out
    assert "seed 9" in printed.err


def test_orders_are_drawn_from_the_seed() -> None:
    assert list(drawn(1, 50)) == list(drawn(1, 50))
    assert list(drawn(1, 50)) != list(drawn(2, 50))


def test_a_fill_that_nobody_told_is_found() -> None:
    book = Book()
    body = SubmitBody("a-1", "AAAUSDT", Side.BUY, Decimal(1), OrderType.MARKET, TimeInForce.GTC)
    book.fill(book.take(body, 1), Decimal(1), Decimal(100), 1)
    book.take(msgspec.structs.replace(body), 2)
    verdict = judge(Books(), book, {"USDT": Decimal(0)})
    assert (verdict.duplicates, verdict.lost_fills, verdict.position_errors) == (1, 1, 2)
    assert "a-1" in verdict.problems[0]
