"""What the files of the deployment promise, without an engine."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from common.config.endpoints import PORTS, all_endpoints, is_private
from common.config.load import load_config
from common.config.models import Config
from tests.docker.compose import COMPOSE_FILE, DASHBOARDS, DEPLOY, PROJECT, load_yaml, panel_queries, python_services

COMPOSE = load_yaml(COMPOSE_FILE)
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
DATASOURCES = load_yaml(DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml")
PROVIDERS = load_yaml(DEPLOY / "grafana" / "provisioning" / "dashboards" / "orrery.yml")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
PINNED = re.compile(r"^[\w./-]+:(\$\{[A-Z_]+:-)?v?\d+(\.\d+)+[\w.-]*}?$")
OURS = "orrery:${ORRERY_TAG:-dev}"
GRID_COLUMNS = 24


def packages_that_run() -> set[str]:
    return {path.parent.name for path in (PROJECT / "services").glob("*/__main__.py")}


def scrape_targets() -> dict[str, list[str]]:
    jobs = load_yaml(DEPLOY / "prometheus" / "prometheus.yml")["scrape_configs"]
    return {job["job_name"]: [target for each in job["static_configs"] for target in each["targets"]] for job in jobs}


def test_containers_are_called_like_their_packages() -> None:
    for package, service in python_services(COMPOSE).items():
        assert CONTAINERS[package.replace("_", "-")] is service


def test_jobs_of_prometheus_are_called_like_packages() -> None:
    expected = {name: [f"{name.replace('_', '-')}:{PORTS[name].metrics}"] for name in packages_that_run()}
    assert scrape_targets() == expected | {"prometheus": ["localhost:9090"]}


def test_images_are_pinned() -> None:
    images = {container["image"] for container in CONTAINERS.values()} - {OURS}
    images |= set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert [image for image in images if not PINNED.match(image)] == []


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_are_confined(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["mem_limit"]
    assert container["pids_limit"]
    assert not container.keys() & {"privileged", "cap_add", "devices", "pid", "ipc"}
    assert not any("docker.sock" in volume for volume in container["volumes"])


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_do_not_run_as_root(name: str) -> None:
    user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1]
    if CONTAINERS[name]["image"] != OURS:
        user = CONTAINERS[name]["user"]
    assert int(user.partition(":")[0]) > 0


def test_ports_are_published_on_loopback_only() -> None:
    published = [port for container in CONTAINERS.values() for port in container.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_bus_has_no_way_out() -> None:
    assert COMPOSE["networks"]["bus"]["internal"] is True
    networks = {package: service["networks"] for package, service in python_services(COMPOSE).items()}
    assert networks.pop("alerts") == ["bus", "outside"], "alone alerts may leave this machine"
    assert {tuple(names) for names in networks.values()} == {("bus",)}


def test_every_container_that_stays_has_a_health_check() -> None:
    assert "\nHEALTHCHECK " in DOCKERFILE
    own = {name for name, container in CONTAINERS.items() if container["image"] != OURS}
    assert {name for name in own if "test" not in CONTAINERS[name]["healthcheck"]} == set()
    disabled = [name for name, container in CONTAINERS.items() if container.get("healthcheck", {}).get("disable")]
    assert disabled == ["keys"]


def test_no_secret_stands_in_a_file() -> None:
    names = [name for container in CONTAINERS.values() for name in container.get("environment", {})]
    assert [name for name in names if re.search(r"PASSWORD|TOKEN|SECRET|API_KEY", name)] == []
    ignored = (PROJECT / ".dockerignore").read_text().split("\n")
    assert "*" in ignored, "only what is named enters the image"
    assert [line for line in ignored if line.startswith("!") and re.search(r"\.env|keys|var\b|\.git", line)] == []


def test_what_dockerignore_lets_in_is_there() -> None:
    let_in = [line[1:] for line in (PROJECT / ".dockerignore").read_text().split("\n") if line.startswith("!")]
    assert [name for name in let_in if not (PROJECT / name).exists()] == []


def docker_config() -> Config:
    return load_config(PROJECT / "config" / "docker.toml").config


def test_services_reach_each_other_by_their_containers_names() -> None:
    for name, end in all_endpoints(docker_config()).items():
        container, ports = name.replace("_", "-"), PORTS[name]
        assert end.connect_publish == f"tcp://{container}:{ports.publish}"
        assert end.connect_command == f"tcp://{container}:{ports.command}"
        assert not is_private(end.bind_publish)
        assert not is_private(end.bind_command)
        assert (end.metrics_host, end.metrics_port) == ("0.0.0.0", ports.metrics)


def test_folders_of_the_config_are_volumes() -> None:
    engine = docker_config().engine
    for service in python_services(COMPOSE).values():
        assert service["volumes"] == [f"data:{engine.data_dir}", f"keys:{engine.keys_dir}:ro"]
    assert CONTAINERS["keys"]["volumes"] == [f"keys:{engine.keys_dir}"]


def test_docker_config_is_the_paper_stack_elsewhere() -> None:
    """All but addresses, folders and the form of the logs is as in config/system.toml."""
    ours, paper = (_shared(path) for path in ("docker.toml", "system.toml"))
    assert ours == paper


def _shared(name: str) -> dict[str, Any]:
    dumped = load_config(PROJECT / "config" / name).config.model_dump()
    places = {
        "host",
        "zmq_publish_address",
        "zmq_command_address",
        "metrics_host",
        "data_dir",
        "keys_dir",
        "log_format",
    }
    return {
        section: {key: value for key, value in content.items() if key not in places}
        if isinstance(content, dict)
        else content
        for section, content in dumped.items()
    }


def test_dashboards_are_where_grafana_looks() -> None:
    mounts = dict(volume.split(":")[:2] for volume in CONTAINERS["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == PROVIDERS["providers"][0]["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    home = CONTAINERS["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).name in [path.name for path in DASHBOARDS]


def test_datasource_is_the_prometheus_of_the_stack() -> None:
    assert [source["url"] for source in DATASOURCES["datasources"]] == ["http://prometheus:9090"]
    assert [source["isDefault"] for source in DATASOURCES["datasources"]] == [True]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboard_is_well_formed(path: Path) -> None:
    dashboard = json.loads(path.read_text())
    panels = dashboard["panels"]
    assert dashboard["uid"]
    assert dashboard["title"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels), "titles name the panels in reports"
    known = {source["uid"] for source in DATASOURCES["datasources"]}
    for panel in panels:
        for target in panel.get("targets", []):
            assert {panel["datasource"]["uid"], target["datasource"]["uid"]} <= known
            assert target["expr"].strip()
        if panel["type"] != "row":
            assert panel["targets"]
            assert panel["description"]
            assert panel["fieldConfig"]["defaults"].get("unit"), panel["title"]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_do_not_overlap(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(path.read_text())["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= GRID_COLUMNS
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_there_are_panels() -> None:
    assert len(panel_queries()) > 10
