"""The state that the running store folds beside the services' own: one hash, no difference, also after a restart."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from common.routes import EVENT_STORE, RISK_MANAGER, SERVICES
from orrery.__main__ import main
from orrery.chaos.market import FAST_MARKET
from services.event_store.adapters.projected import ProjectedLog
from tests.integration.harness import Stack, wait_until


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(FAST_MARKET)
    yield running
    running.close()


def projection(stack: Stack) -> dict[str, Any]:
    """Return what the running store says of its state."""
    return dict(stack.core(EVENT_STORE)["projection"])


def options(stack: Stack) -> list[str]:
    """Return the options that name the stack's configuration."""
    return ["--config", str(stack.config), *(part for each in stack.overrides for part in ("--set", each))]


def live(stack: Stack, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Return what `orrery events hash --live` says."""
    exit_code = main(["events", "hash", "--live", "--json", *options(stack)])
    return exit_code, json.loads(capsys.readouterr().out)


def test_the_live_state_is_the_folded_one(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.start(EVENT_STORE, *SERVICES)
    stack.wait_ready(EVENT_STORE, *SERVICES)
    wait_until(lambda: stack.audit().fills >= 3, "three fills")
    wait_until(lambda: projection(stack)["sequence"] > 100, "the store folds")
    exit_code, check = live(stack, capsys)
    assert (exit_code, check["equal"], check["differences"]) == (0, True, [])
    assert check["asked"] == ["signal", "risk_manager", "execution"]
    stack.kill(EVENT_STORE)
    stack.kill(RISK_MANAGER)
    stack.start(EVENT_STORE, RISK_MANAGER)
    stack.wait_ready(EVENT_STORE, *SERVICES)
    wait_until(lambda: projection(stack)["sequence"] >= check["sequence"], "the store folds what it has")
    exit_code, after = live(stack, capsys)
    assert (exit_code, after["equal"]) == (0, True)
    said = projection(stack)
    log = ProjectedLog(stack.data_dir / EVENT_STORE, writes=False)
    log.catch_up(said["sequence"])
    assert log.projection.hashes() == (said["sha256"], said["flow_sha256"])


def test_without_a_store_it_says_so(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "hash", "--live", *options(stack)]) == 1
    assert "expected a running event store" in capsys.readouterr().err
