"""Alert and recording rules by Prometheus' own tool: valid, and each alert seen firing and silent."""

import shutil

import pytest

from tests.conftest import missing_engine
from tests.docker.compose import DEPLOY, load_yaml, prometheus_tag, run

FOLDER = DEPLOY / "prometheus"


def promtool(*arguments: str) -> str:
    """Run promtool of this machine, else of Prometheus' image; skip where there is neither."""
    if shutil.which("promtool") is not None:
        return run("promtool", *arguments[:-1], str(FOLDER / arguments[-1])).stdout
    tag = "" if missing_engine() else prometheus_tag()
    if not tag:
        pytest.skip("no promtool, and no container engine with prom/prometheus")
    mount = ["--volume", f"{FOLDER}:/rules:ro", "--workdir", "/rules", "--entrypoint", "promtool"]
    return run("docker", "run", "--rm", "--network", "none", *mount, f"prom/prometheus:{tag}", *arguments).stdout


def test_configuration_is_valid() -> None:
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")


def test_rules_pass_their_tests() -> None:
    assert "SUCCESS" in promtool("test", "rules", "rules_test.yml")


def test_every_alert_is_tested_firing_and_silent() -> None:
    alerts = {
        rule["alert"]
        for group in load_yaml(FOLDER / "rules.yml")["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    firing: set[str] = set()
    silent: set[str] = set()
    for test in load_yaml(FOLDER / "rules_test.yml")["tests"]:
        for case in test.get("alert_rule_test", []):
            (firing if case.get("exp_alerts") else silent).add(case["alertname"])
    assert firing == alerts
    assert silent == alerts


def test_every_alert_says_what_to_do() -> None:
    for group in load_yaml(FOLDER / "rules.yml")["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                assert rule["labels"]["severity"] in ("warning", "critical")
                assert rule["annotations"].keys() == {"summary", "description"}
