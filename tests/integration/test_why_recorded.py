"""A recorded day through the real processes: every order has its story, and all hashes agree, at rest and long after."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from common.messages import ApprovedOrder, OrderRefused
from common.routes import RISK_MANAGER
from orrery.redrive.journals import messages
from orrery.redrive.session import Session
from orrery.why.story import story_of
from orrery.why.story_text import lines
from orrery.why.words import WIDTH
from tests.integration.harness import PROJECT, Stack
from tests.integration.test_cli_data import RECORDING

pytestmark = pytest.mark.slow

CONFIG = """
[risk]
max_notional_exposure = 2500
[[strategies]]
name = "ema_crossover"
script = "strategies/ema_crossover.lua"
timeframe = "250ms"
[[strategies]]
name = "rsi_mean_reversion"
script = "strategies/rsi_mean_reversion.lua"
timeframe = "250ms"
"""


def orrery(*arguments: str) -> tuple[int, str]:
    """Return exit code and output of a command."""
    command = [sys.executable, "-m", "orrery", *arguments]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return found.returncode, found.stdout + found.stderr


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Return the session of a recording that was replayed."""
    folder = tmp_path_factory.mktemp("recorded") / "session"
    stack = Stack(CONFIG)
    try:
        overrides = [part for each in stack.overrides for part in ("--set", each)]
        options = ["--config", str(stack.config), *overrides, "--set", "market_data.symbols=BTCUSDT"]
        # At the recording's own pace: at full speed its end may overtake the only order, which is then refused as stale.
        replay = ("replay", "--file", str(RECORDING), "--realtime", "--data-dir", str(folder), "--json")
        code, said = orrery(*replay, *options)
        assert code == 0, said
    finally:
        stack.close()
    return Session(folder)


def state(session: Session, *options: str) -> dict[str, Any]:
    """Return what `orrery replay --session` says; everything must agree."""
    code, said = orrery("replay", "--session", str(session.folder), "--json", *options)
    assert code == 0, said
    found: dict[str, Any] = json.loads(said)
    return found


def test_services_journals_and_store_tell_one_history(session: Session) -> None:
    found = state(session)
    assert found["differences"] == []
    assert found["on_their_way"] == []
    assert found["store"]["unequal"] == []
    assert found["store"]["flow_sha256"] == found["projection"]["flow_sha256"]
    code, said = orrery("parity", "--session", str(session.folder))
    assert code == 0, said


def test_every_order_has_its_story(session: Session) -> None:
    decisions = [message for _, message in messages(session.outbox(RISK_MANAGER))]
    approved = [message.id for message in decisions if isinstance(message, ApprovedOrder)]
    refused = [message for message in decisions if isinstance(message, OrderRefused)]
    assert approved
    for order_id in (*approved[:3], *approved[-3:]):
        story = story_of(session, order_id)
        assert story.notes == []
        assert story.steps[0].what == "tick"
        assert {"bar", "intent", "decision"} <= {step.what for step in story.steps}
        assert story.asked
        assert max(map(len, lines(story))) <= WIDTH
    for refusal in refused[:3]:
        rules = story_of(session, refusal.intent_id).rules
        assert rules is not None
        assert rules.refusal is not None
        assert rules.refusal.rule == refusal.reason.value


def test_the_state_at_a_market_time_is_the_same_again(session: Session) -> None:
    at = "2024-08-08T23:54:40"
    assert state(session, "--at", at) == state(session, "--at", at)


def test_the_command_answers_from_a_folder_alone(session: Session, tmp_path: Path) -> None:
    code, said = orrery("why", "--runner", "ema_crossover:BTCUSDT", "--at", "end", "--session", str(session.folder))
    assert code == 0, said
    assert "why it did not trade" in said
    assert not list(tmp_path.iterdir())
