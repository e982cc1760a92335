"""The stack in containers, on a real engine: built, healthy, watched, closed to strangers, killed, stopped.

The tests share one running stack and run in the order of this file; the last one stops it.
"""

import json
import os
import re
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.routes import ALL_SERVICES
from tests.docker.compose import (
    COMPOSE_FILE,
    DEPLOY,
    ComposeProject,
    image_exists,
    load_yaml,
    panel_queries,
    prometheus_tag,
    run,
    wait_until,
)

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(600)]

HEALTHY_WITHIN_S = 180.0
CONTAINERS = [service.replace("_", "-") for service in ALL_SERVICES]
COMPOSE = load_yaml(COMPOSE_FILE)["services"]
GRAFANA_IMAGE = re.sub(r"\$\{\w+:-([^}]+)}", r"\1", COMPOSE["grafana"]["image"])
INTRUDER = (Path(__file__).parent / "intruder.py").read_text()


@pytest.fixture(scope="module")
def stack() -> Iterator[ComposeProject]:
    """Return the stack, built and started, with Prometheus and Grafana where their images are to be had."""
    name = f"orrery-test-{os.getpid()}"
    project = ComposeProject(name, prometheus=prometheus_tag(), grafana=image_exists(GRAFANA_IMAGE))
    try:
        project.build()
        project.up()
        yield project
    finally:
        project.down()


@pytest.fixture(scope="module")
def watched(stack: ComposeProject) -> ComposeProject:
    """Return the stack if Prometheus is part of it."""
    if not stack.prometheus:
        pytest.skip("the engine has no image prom/prometheus and gets none")
    return stack


def alert_expressions() -> dict[str, str]:
    groups = load_yaml(DEPLOY / "prometheus" / "rules.yml")["groups"]
    return {rule.get("alert", rule.get("record")): rule["expr"] for group in groups for rule in group["rules"]}


def wait_healthy(stack: ComposeProject, *containers: str) -> None:
    def all_healthy() -> bool:
        return all(stack.is_healthy(container) for container in containers)

    try:
        wait_until(all_healthy, f"{', '.join(containers)} healthy", HEALTHY_WITHIN_S)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{stack.logs()}") from error


def ready_status(stack: ComposeProject) -> dict[str, Any]:
    """Return a status to which all services answered in time: what one does not tell counts as nothing."""

    def of_all() -> dict[str, Any] | None:
        found = stack.status()
        return found if found["stack"] == "ready" else None

    status = wait_until(of_all, "all answer in time, and are ready")
    assert status is not None
    return status


def test_everything_gets_healthy(stack: ComposeProject) -> None:
    wait_healthy(stack, *CONTAINERS)
    assert stack.inspect("keys")["State"]["ExitCode"] == 0


def test_containers_are_confined(stack: ComposeProject) -> None:
    for container in CONTAINERS:
        host = stack.inspect(container)["HostConfig"]
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert host["Memory"] > 0
        assert stack.execute(container, "id", "-u").strip() == "10001"


def test_prometheus_scrapes_all(watched: ComposeProject) -> None:
    def all_up() -> bool:
        targets = watched.ask_prometheus("targets", state="active")["activeTargets"]
        return {each["labels"]["job"]: each["health"] for each in targets} == dict.fromkeys(
            (*ALL_SERVICES, "prometheus"), "up"
        )

    wait_until(all_up, "all targets up")


def test_summary_by_exec(stack: ComposeProject) -> None:
    def has_traded() -> bool:
        return bool(stack.status()["totals"]["fills"] > 0)

    wait_until(has_traded, "fills", 120)
    status = ready_status(stack)
    assert {name: line["state"] for name, line in status["services"].items()} == dict.fromkeys(ALL_SERVICES, "ready")


@pytest.mark.parametrize("panel", panel_queries())
def test_every_panel_shows_something(watched: ComposeProject, panel: str) -> None:
    query = panel_queries()[panel].replace("$__rate_interval", "1m")
    wait_until(lambda: watched.query(query), f"data for {panel}: {query}", 90)


@pytest.mark.parametrize("rule", alert_expressions())
def test_every_rule_is_evaluated(watched: ComposeProject, rule: str) -> None:
    loaded = {each["name"]: each for group in watched.ask_prometheus("rules")["groups"] for each in group["rules"]}
    assert loaded[rule]["health"] == "ok"
    try:
        watched.query(alert_expressions()[rule])
    except urllib.error.HTTPError as error:
        pytest.fail(f"{rule}: {error.read().decode()}")


def test_nothing_fires_on_a_stack_that_is_well(watched: ComposeProject) -> None:
    assert watched.query('ALERTS{alertstate="firing"}') == []


def test_grafana_has_the_dashboard(stack: ComposeProject) -> None:
    if not image_exists(GRAFANA_IMAGE):
        pytest.skip(f"the engine has no image {GRAFANA_IMAGE} and gets none")
    wait_healthy(stack, "grafana")
    found = stack.get("grafana", 3000, "/api/dashboards/uid/orrery-overview")
    assert found["dashboard"]["title"] == "Overview"
    assert found["meta"]["canSave"] is False


@pytest.mark.parametrize(
    ("keys", "mounts", "heard"),
    [
        ("none", [], False),
        ("own", ["--volume", "{project}_keys:/keys:ro"], False),
        ("operator", ["--volume", "{project}_keys:/keys:ro"], True),
    ],
)
def test_only_who_has_a_key_hears_anything(stack: ComposeProject, keys: str, mounts: list[str], heard: bool) -> None:
    command = ["docker", "run", "--rm", "--network", f"{stack.name}_bus", "--tmpfs", "/tmp"]
    command += [word.format(project=stack.name) for word in mounts]
    found: dict[str, Any] = json.loads(run(*command, f"orrery:{stack.name}", "python", "-c", INTRUDER, keys).stdout)
    assert found == {"heard": heard, "answered": heard}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_crashed_service_comes_back(stack: ComposeProject, container: str) -> None:
    before = stack.inspect(container)["RestartCount"]
    # Signal everything but the container's init, as a crash would end it; `docker kill` would also forbid the restart.
    stack.execute(container, "sh", "-c", "kill -9 -1", check=False)
    wait_until(lambda: stack.inspect(container)["RestartCount"] == before + 1, f"{container} started anew")
    wait_healthy(stack, *CONTAINERS)


def test_order_flow_goes_on_after_the_crashes(stack: ComposeProject) -> None:
    before = ready_status(stack)["totals"]["fills"]
    wait_until(lambda: stack.status()["totals"]["fills"] > before, "more fills", 120)


def test_services_end_gracefully(stack: ComposeProject) -> None:
    stack.compose("stop", *CONTAINERS)
    states = {container: stack.inspect(container)["State"] for container in CONTAINERS}
    # One that outlasts the grace period is killed, and ends with 137.
    assert {name: state["ExitCode"] for name, state in states.items()} == dict.fromkeys(CONTAINERS, 0), stack.logs()


def test_state_outlives_the_containers(stack: ComposeProject) -> None:
    stack.up()
    wait_healthy(stack, *CONTAINERS)
    assert ready_status(stack)["totals"]["fills"] > 0
