"""The compose file as data, and a compose project that tests may start, ask and break."""

import json
import os
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
COMPOSE_FILE = PROJECT / "docker-compose.yml"
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
PROMETHEUS_DEFAULT_TAG = "v3.13.3"


def load_yaml(path: Path) -> Any:
    """Return a YAML file, merge keys resolved."""
    return yaml.safe_load(path.read_text())


def python_services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the compose services that run a package of services/, by the package's name."""
    found = {}
    for service in compose["services"].values():
        module = next((word for word in service.get("command", []) if word.startswith("services.")), "")
        if module:
            found[module.removeprefix("services.")] = service
    return found


def panel_queries() -> dict[str, str]:
    """Return every query of every dashboard, by `<panel title>/<refId>`."""
    return {
        f"{panel['title']}/{target['refId']}": target["expr"]
        for path in DASHBOARDS
        for panel in json.loads(path.read_text())["panels"]
        for target in panel.get("targets", [])
    }


def image_exists(image: str) -> bool:
    """Return whether the engine has an image, or gets it from a registry in time."""
    if run("docker", "image", "inspect", image, check=False).returncode == 0:
        return True
    try:
        return run("docker", "pull", "--quiet", image, check=False, timeout=60).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def prometheus_tag() -> str:
    """Return the tag under which this engine has Prometheus, empty where it has none."""
    wanted = os.environ.get("PROMETHEUS_TAG", PROMETHEUS_DEFAULT_TAG)
    return next((tag for tag in (wanted, "latest") if image_exists(f"prom/prometheus:{tag}")), "")


def run(
    *command: str, check: bool = True, timeout: float = 300, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's folder; AssertionError with its output where it fails and `check` is set."""
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=timeout, check=False)
    assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def wait_until[T](condition: Callable[[], T], what: str, seconds: float = 180.0) -> T:
    """Return the first true answer of `condition`; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    answer = condition()
    while not answer:
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.25)
        answer = condition()
    return answer


class ComposeProject:
    """The stack under a project name of its own, published on ports that the engine picks."""

    def __init__(self, name: str, *, prometheus: str, grafana: bool) -> None:
        """Take the tag of Prometheus' image (empty: leave it out), and whether to start Grafana."""
        self.name, self.prometheus = name, prometheus
        self._env = os.environ | {
            "ORRERY_TAG": name,
            "ORRERY_PROMETHEUS_PORT": "0",
            "ORRERY_GRAFANA_PORT": "0",
            "PROMETHEUS_TAG": prometheus or PROMETHEUS_DEFAULT_TAG,
        }
        # Compose wants the image of a container that is scaled to none, too, unless it is told not to pull.
        self._up = ["up", "--detach", "--pull", "never"]
        self._up += [] if prometheus else ["--scale", "prometheus=0"]
        self._up += [] if grafana else ["--scale", "grafana=0"]

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` on this project."""
        return run("docker", "compose", "-p", self.name, *arguments, check=check, env=self._env)

    def build(self) -> None:
        """Build the image."""
        self.compose("build", "--quiet")

    def up(self) -> None:
        """Start everything."""
        self.compose(*self._up)

    def down(self) -> None:
        """Remove containers, networks, volumes and the image."""
        self.compose("down", "--volumes", "--timeout", "5", check=False)
        run("docker", "image", "rm", f"orrery:{self.name}", check=False)

    def inspect(self, service: str) -> dict[str, Any]:
        """Return what the engine knows of a service's container."""
        container = self.compose("ps", "--all", "--quiet", service).stdout.strip()
        inspected: dict[str, Any] = json.loads(run("docker", "inspect", container).stdout)[0]
        return inspected

    def is_healthy(self, service: str) -> bool:
        """Return whether a container's health check passes."""
        health = self.inspect(service)["State"].get("Health", {})
        return bool(health.get("Status") == "healthy")

    def execute(self, service: str, *command: str, check: bool = True) -> str:
        """Return what a command prints in a service's container."""
        return self.compose("exec", "-T", service, *command, check=check).stdout

    def status(self) -> dict[str, Any]:
        """Return what `orrery status --json` says inside."""
        found: dict[str, Any] = json.loads(self.execute("signal", "orrery", "status", "--json", check=False))
        return found

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what Prometheus answers to an instant query; urllib's HTTPError where it cannot evaluate it."""
        found: list[dict[str, Any]] = self.ask_prometheus("query", query=expression)["result"]
        return found

    def ask_prometheus(self, what: str, **parameters: str) -> Any:
        """Return the data of a GET on Prometheus' API."""
        return self.get("prometheus", 9090, f"/api/v1/{what}?{urllib.parse.urlencode(parameters)}")["data"]

    def get(self, service: str, port: int, path: str) -> Any:
        """Return the JSON of a GET on a published port."""
        address = self.compose("port", service, str(port)).stdout.strip()
        with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as reply:
            return json.load(reply)

    def logs(self) -> str:
        """Return the last lines of every container."""
        return self.compose("logs", "--no-color", "--tail", "20", check=False).stdout
