"""The overlay's Prometheus and Alertmanager, run by Compose on a real engine, as the overlay says.

Their images are made of Debian's programs; Grafana's, Loki's and the collectors' are other people's.
"""

from pathlib import Path

import dashboards
import pytest
import requests
import yaml
from engine import Engine
from images import RootFilesystem
from processes import wait_until
from stack import PLATFORM, Compose, made_env

OVERLAY = dashboards.FOLDER / "docker-compose.observability.yml"
# The overlay's ports are fixed; this address of the loopback is nobody else's.
ADDRESS = "127.0.0.9"
PROMETHEUS, ALERTMANAGER = f"http://{ADDRESS}:9090", f"http://{ADDRESS}:9093"


def image(engine: Engine, name: str, program: str) -> str:
    """An image like the official one: the program, busybox, a folder of data, and nobody to run it."""
    root = RootFilesystem()
    root.shell()
    root.people(nobody=65534)
    root.program(Path(f"/usr/bin/{program}"), f"usr/bin/{name}")
    # Debian's programs have their templates and pages beside them, not within.
    root.tree(Path("/usr/share/prometheus"))
    root.folder(f"etc/{name}")
    root.folder(name, owner=65534)
    return root.load(engine, f"local-{name}:1", f'ENTRYPOINT ["/bin/{name}"]', "USER nobody", "ENV PATH=/bin")


@pytest.fixture(scope="module")
def stack(engine, tmp_path_factory):
    """The two of them, healthy."""
    environment = made_env(tmp_path_factory.mktemp("overlay")) | {
        "DOCKER_GROUP_ID": "0",
        "OBSERVABILITY_BIND": ADDRESS,
        "PROMETHEUS_IMAGE": image(engine, "prometheus", "prometheus"),
        "ALERTMANAGER_IMAGE": image(engine, "alertmanager", "prometheus-alertmanager"),
    }
    compose = Compose([PLATFORM, OVERLAY], environment, host=engine.host)
    try:
        compose.run("up", "-d", "--wait", "prometheus", "alertmanager")
        yield compose, environment
    finally:
        compose.run("down", "--volumes", "--timeout", "5")


def test_their_health_checks_are_green(stack):
    compose, _ = stack
    assert compose.states() == {"prometheus": "running (healthy)", "alertmanager": "running (healthy)"}


def test_prometheus_has_our_rules_and_jobs_and_finds_alertmanager(stack):
    groups = requests.get(f"{PROMETHEUS}/api/v1/rules", timeout=10).json()["data"]["groups"]
    loaded = {rule["name"] for group in groups for rule in group["rules"]}
    assert loaded == {rule["alert"] for rule in dashboards.rules()}
    targets = requests.get(f"{PROMETHEUS}/api/v1/targets", timeout=10).json()["data"]["activeTargets"]
    assert {(target["labels"]["job"], target["scrapeUrl"]) for target in targets} == {
        ("gateway", "http://gateway:4000/metrics"),
        ("proxy", "http://proxy:8080/metrics"),
        ("platform", "http://platform:9000/metrics"),
    }
    known = requests.get(f"{PROMETHEUS}/api/v1/alertmanagers", timeout=10).json()["data"]
    assert [it["url"] for it in known["activeAlertmanagers"]] == ["http://alertmanager:9093/api/v2/alerts"]


def test_a_platform_that_is_not_there_is_about_to_be_an_alert(stack):
    def pending() -> set[str]:
        alerts = requests.get(f"{PROMETHEUS}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
        return {alert["labels"]["job"] for alert in alerts if alert["labels"]["alertname"] == "ContainerDown"}

    wait_until(lambda: pending() == {"gateway", "proxy", "platform"}, 60, "three alerts", every=0.5)


def test_alertmanager_knows_our_receivers_and_holds_the_secret(stack, engine):
    _, environment = stack
    status = requests.get(f"{ALERTMANAGER}/api/v2/status", timeout=10).json()
    running = yaml.safe_load(status["config"]["original"])
    assert running["route"]["receiver"] == "gateway"
    assert [it["name"] for it in running["receivers"]] == ["gateway", "email", "slack", "telegram"]
    (container,) = engine.containers("com.docker.compose.service=alertmanager")
    made = engine.api(
        "POST",
        f"/containers/{container['Id']}/exec",
        {"AttachStdout": True, "Cmd": ["cat", "/etc/alertmanager/alert-secret"]},
    )
    said = engine.api("POST", f"/exec/{made['Id']}/start", {"Detach": False, "Tty": True})
    assert said.decode().strip() == environment["ALERT_WEBHOOK_SECRET"]
