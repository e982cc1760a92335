"""A condition of `until` holds exactly where the same line, typed at that bar, is true."""

from pathlib import Path

import pytest

from orrery.repl.data_session import DataSession
from orrery.repl.errors import ReplError
from orrery.repl.glass import ColdError
from orrery.repl.language import do
from orrery.repl.repeating import Condition
from tests.unit.repl.support import CROSSING, session, typed, written

FORGETFUL = CROSSING.replace("context.seen = (context.seen or 0) + 1", "").replace("asked = asked + 1", "")
LINES = (
    "indicators.rsi(7) < 40", "market_data.close > market_data.bid or context.position", "(context.account.cash or 1e9) < 99990",
    "averages(indicators, context) > indicators.sma(14)", "context.position and context.position.pnl > 0.5",
    "detect_opportunity(market_data, context, indicators)", "context.seen and context.seen % 7 == 0",
)  # fmt: skip


def typed_truth(talk: DataSession, line: str) -> bool:
    try:
        return bool(typed(talk, f"= ({line}) and true or false")["values"] == [True])
    except ColdError:
        return False


@pytest.mark.parametrize("source", [CROSSING, FORGETFUL], ids=["counting", "forgetful"])
def test_it_holds_where_the_typed_line_is_true(tmp_path: Path, source: str) -> None:
    talk = session(tmp_path, source, written(tmp_path, 45))
    conditions = {line: Condition(talk.trip, line, talk.trip.opened.limits) for line in LINES}
    found: dict[str, list[bool]] = {line: [] for line in LINES}
    typed(talk, "step 12")
    for _ in range(28):
        typed(talk, "step")
        for line, condition in conditions.items():
            found[line].append(condition.holds())
            assert found[line][-1] == typed_truth(talk, line), (talk.trip.bar, line)
    both = [line for line in LINES if len(set(found[line])) == 2]
    assert len(both) >= len(LINES) - 2, "lines that never change prove little"


def test_an_error_stops_the_way(tmp_path: Path) -> None:
    talk = session(tmp_path, CROSSING, written(tmp_path, 40))
    typed(talk, "step 20")
    with pytest.raises(ReplError, match="input:1: attempt to index a nil value"):
        do(talk, "until nosuch.x > 3")
    assert talk.trip.bar == 21
