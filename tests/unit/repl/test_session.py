"""What the commands on data say and do."""

from pathlib import Path

import pytest

from orrery.repl.errors import ReplError
from orrery.repl.language import do
from tests.unit.repl.support import CROSSING, said, session, state, typed, written


def test_it_goes_to_what_was_asked_for(tmp_path: Path) -> None:
    talk = session(tmp_path)
    assert typed(talk, "step")["bar"] == 1
    assert typed(talk, "step 4")["bar"] == 5
    intent = typed(talk, "until intent")
    assert intent["happened"][-1]["type"] == "order_intent" or intent["happened"], intent
    assert typed(talk, "until fill")["happened"][-1]["type"] != ""
    assert typed(talk, "until state in_position")["state"] == "in_position"
    assert typed(talk, "until state idle")["quantity"] == "0"
    assert typed(talk, "goto 100")["bar"] == 100
    assert typed(talk, "back 30")["bar"] == 70
    assert typed(talk, "goto 2023-11-14T22:30")["time_ns"] == 1_700_001_000_000_000_000
    assert typed(talk, "until time 2023-11-14T23:00")["time_ns"] == 1_700_002_800_000_000_000
    assert typed(talk, "restart")["bar"] == 0
    end = typed(talk, "run")
    assert (end["bar"], end["is_over"]) == (200, True)
    assert typed(talk, "back")["bar"] == 199


def test_until_waits_for_an_expression_that_needs_warmth(tmp_path: Path) -> None:
    talk = session(tmp_path)
    found = typed(talk, "until indicators.rsi(14) > 60")
    assert found["bar"] >= 15
    assert typed(talk, "= indicators.rsi(14)")["values"][0] > 60
    typed(talk, "back")
    assert typed(talk, "= (indicators.rsi(14) or 0) > 60")["values"] == [False]


def test_why_tells_answers_rules_and_what_came_of_it(tmp_path: Path) -> None:
    talk = session(tmp_path)
    assert "warm-up" in said(talk, "why")
    typed(talk, "until fill")
    told = typed(talk, "why")
    assert [each["function"] for each in told["asked"]] == ["detect_opportunity", "filter_commitment"]
    assert told["asked"][1]["answer"] == {"action": "enter_long", "quantity": 1}
    assert {rule["rule"]: rule["passed"] for rule in told["rules"]["rules"]}["notional"]
    assert [each["type"] for each in told["flow"]][-1] in ("fill", "position_changed")
    text = said(talk, "why")
    assert "enter_long" in text
    assert "ema(3)" in text
    assert "notional" in text
    assert max(map(len, text.splitlines())) <= 80


def test_why_names_the_rule_that_refused(tmp_path: Path) -> None:
    talk = session(tmp_path, CROSSING.replace("lot = { default = 1 }", "lot = { default = 100000 }"))
    told = typed(talk, "until refusal", "why")
    assert [rule["rule"] for rule in told["rules"]["rules"] if not rule["passed"]] == ["position_size"]


def test_looks_show_what_is_there(tmp_path: Path) -> None:
    talk = session(tmp_path)
    typed(talk, "until state in_position")
    assert typed(talk, "state")["state"] == "in_position"
    assert typed(talk, "position")["position"]["side"] == "long"
    assert typed(talk, "account")["account"]["open positions"] == 1
    assert set(typed(talk, "indicators")["indicators"]) == {"ema(3)", "ema(9)"}
    context = typed(talk, "context")
    assert context["detected"]["signal"] == "up"
    assert context["own keys"]["seen"] > 0
    assert context["variables"]
    assert typed(talk, "prints")["lines"][-1].startswith("up")
    assert len(typed(talk, "bars 4")["bars"]) == 4
    assert typed(talk, "history")["history"][-1][2] == "in_position"
    assert "function detect_opportunity" in said(talk, "list detect_opportunity")
    assert said(talk, "list").splitlines()[-1].endswith("end")
    assert "open" in said(talk, "bar")


def test_an_error_is_marked_in_the_source(tmp_path: Path) -> None:
    talk = session(tmp_path, CROSSING.replace('    print("up", asked)', "    if asked > 3 then nothing.here = 1 end"))
    typed(talk, "until error")
    assert "nothing" in typed(talk, "state")["last_error"]
    assert "> " in said(talk, "list detect_opportunity")


def test_other_parameters_redo_the_way(tmp_path: Path) -> None:
    talk, direct = session(tmp_path), session(tmp_path, CROSSING.replace("default = 3", "default = 5"))
    typed(talk, "step 80", "set fast=5")
    typed(direct, "step 80")
    assert typed(talk, "info")["equity"] == typed(direct, "info")["equity"]
    assert typed(talk, "set")["params"]["fast"] == 5
    for line, text in (
        ("set fats=3", "did you mean fast"),
        ("set fast=1", "fast"),
        ("set fast", "NAME=VALUE|name=value"),
    ):
        with pytest.raises(Exception, match=text):
            do(talk, line)
    assert typed(talk, "state")["bars"] == 80


def test_parameters_kept_from_here_on_are_told_again_on_the_way_back(tmp_path: Path) -> None:
    talk = session(tmp_path)
    typed(talk, "step 80", "set fast=5 keep", "step 40")
    later = state(talk)
    typed(talk, "step 20", "back 20")
    assert state(talk) == later
    typed(talk, "goto 50")
    assert typed(talk, "set")["params"]["fast"] == 3
    typed(talk, "goto 120")
    assert state(talk) != later


def test_a_changed_file_is_taken_if_it_is_good(tmp_path: Path) -> None:
    talk = session(tmp_path)
    typed(talk, "step 80")
    before = state(talk)
    path = tmp_path / "crossing.lua"
    path.write_text(CROSSING.replace("fast > slow", "fast >"))
    with pytest.raises(ReplError, match=r"(?s)crossing\.lua:12: .*the version before stays"):
        do(talk, "reload")
    assert state(talk) == before
    path.write_text(CROSSING.replace('action = "enter_long"', 'action = "enter_short"'))
    typed(talk, "reload", "until state in_position")
    assert typed(talk, "position")["position"]["side"] == "short"


def test_another_symbol_can_be_looked_at(tmp_path: Path) -> None:
    data = (written(tmp_path, 60), written(tmp_path, 60, 5, "ETHUSDT"))
    talk = session(tmp_path, CROSSING, *data)
    typed(talk, "step 20", "use crossing:ETH")
    assert typed(talk, "= market_data.symbol")["values"] == ["ETHUSDT"]
    with pytest.raises(ReplError, match="crossing:BTCUSDT"):
        do(talk, "use nobody")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("step x", "expected a number"), ("goto never", "expected a bar or a time"), ("until", "Lua expression"),
        ("until state sleeping", "in_position"), ("stpe 3", "did you mean the command step"), ("help nosuch", "nosuch"),
        ("list 99999", "lines"), ("reload now", "keep"), ("step 0", "from 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told(tmp_path: Path, line: str, text: str) -> None:
    with pytest.raises(ReplError, match=text):
        do(session(tmp_path, CROSSING, written(tmp_path, 20)), line)


def test_help_lists_all_commands(tmp_path: Path) -> None:
    talk = session(tmp_path, CROSSING, written(tmp_path, 20))
    text = said(talk, "help")
    assert all(name in text for name in talk.commands)
    assert max(map(len, text.splitlines())) <= 85
    assert "bars" in said(talk, "help step")


def test_a_misspelt_command_is_no_lua(tmp_path: Path) -> None:
    talk = session(tmp_path)
    with pytest.raises(ReplError, match="stpe: no such command, and nil in Lua; did you mean step"):
        do(talk, "stpe")
    with pytest.raises(ReplError, match=r"frobnicate: no such command, and nil in Lua; commands: step, tick, run"):
        do(talk, "frobnicate")
    assert typed(talk, "nil")["values"] == [None]
    assert typed(talk, "= frobnicate")["values"] == [None]
    assert typed(talk, "asked")["values"] == [0]


@pytest.mark.parametrize(
    "line", ["nosuch", "not nosuch", "nosuch and (other == 'fill')", "nosuch > 0x1f or other", "x = 3"]
)
def test_until_waits_for_nothing_that_nobody_knows(tmp_path: Path, line: str) -> None:
    talk = session(tmp_path)
    with pytest.raises(ReplError, match=r"until: expected state, intent, .*`time T` or a Lua expression.* not known"):
        do(talk, f"until {line}")
    assert talk.trip.bar == 0


def test_until_says_which_word_was_meant_and_takes_names_that_are_known(tmp_path: Path) -> None:
    talk = session(tmp_path)
    with pytest.raises(ReplError, match="did you mean fill"):
        do(talk, "until fil")
    assert typed(talk, "until asked")["bar"] == 1
    assert typed(talk, "until seen or true")["bar"] == 2
