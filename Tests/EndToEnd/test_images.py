"""The whole platform as an operator starts it: distro's image and compose file, on a real engine.

The images of others cannot be fetched here: Debian and PostgreSQL are made of this machine's packages. The
ledger's is built by the engine from distro/Dockerfile, its last stage word for word.
"""

import json
import shutil
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import anthropic
import images
import pytest
import requests
from engine import Engine
from processes import free_port, wait_until
from stack import PLATFORM, Compose, made_env

SERVICES = ("gateway", "proxy", "platform")
AGENT = "local-agent:1"
# What an agent's container finds out, and then stays.
LOOKS = """
say() { (exec 3<>/dev/tcp/$1/$2) 2>/dev/null && echo "$1:$2 reached" || echo "$1:$2 out of reach"; }
say proxy 4000; say proxy 8080; say proxy 9000; say postgres 5432
exec 3<>/dev/tcp/proxy/8080
printf 'GET /usage/%s HTTP/1.1\\r\\nhost: proxy\\r\\nx-api-key: %s\\r\\nconnection: close\\r\\n\\r\\n' \\
    "$DISPATCH_USER" "$ANTHROPIC_API_KEY" >&3
cat <&3; echo; echo looked; sleep 1000
"""


@pytest.fixture(scope="module")
def images_engine(binary):
    """An engine that has the images."""
    folder = Path(tempfile.mkdtemp(prefix="dle-", dir="/tmp"))
    engine = Engine(folder).start()
    try:
        debian = images.debian_image(engine)
        images.postgres_image(engine)
        images.ledger_image(engine, binary, debian)
        agent = f"FROM {debian}\nCMD {json.dumps(['bash', '-c', LOOKS])}\n"
        images.build(engine, agent, AGENT)
        yield engine
    finally:
        engine.destroy()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def platform(images_engine):
    """The platform, up; a simulator answers in the providers' place, beside the ledger's container."""
    folder = Path(tempfile.mkdtemp(prefix="dledger-platform-", dir="/tmp"))
    simulator = {
        "image": "local-ledger:1",
        "command": ["simulate-upstream", "--port", "8090"],
        "network_mode": "service:ledger",
        "healthcheck": {
            "test": ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8090"],
            "interval": "1s",
            "start_period": "30s",
        },
    }
    override = folder / "simulator.json"
    override.write_text(json.dumps({"services": {"simulator": simulator}}))
    ports = {service: free_port() for service in SERVICES}
    environment = made_env(folder) | {
        "LEDGER_IMAGE": "local-ledger:1",
        "POSTGRES_IMAGE": "local-postgres:15",
        "DOCKER_SOCKET": str(images_engine.socket),
        "DOCKER_GROUP_ID": str(images_engine.socket.stat().st_gid),
        "PLATFORM_IMAGE": AGENT,
        "PLATFORM_MEMORY_LIMIT": "64m",
        "STATS_INTERVAL": "1s",
        "LEDGER_KERNEL": "messages:claude-sonnet-4-6",
        "ANTHROPIC_API_URL": "http://127.0.0.1:8090",
        "ANTHROPIC_API_KEY": "simulated",
        **{f"{service.upper()}_PORT": str(port) for service, port in ports.items()},
    }
    platform = Platform(Compose([PLATFORM, override], environment, images_engine.host), images_engine, ports)
    try:
        platform.compose.run("up", "-d", "--wait", "--wait-timeout", "120", "--no-build")
        yield platform
    finally:
        for container in images_engine.containers("dispatch-ledger.handle"):
            images_engine.api("DELETE", f"/containers/{container['Id']}?force=true")
        platform.compose.run("down", "--volumes", "--timeout", "15")
        shutil.rmtree(folder, ignore_errors=True)


class Platform:
    """A project that is up."""

    def __init__(self, compose: Compose, engine: Engine, ports: dict[str, int]):
        self.compose = compose
        self.engine = engine
        self.urls = {service: f"http://127.0.0.1:{port}" for service, port in ports.items()}
        self.admin = {"authorization": f"Bearer {compose.environment['LEDGER_ADMIN_TOKEN']}"}

    def container(self, service: str) -> dict:
        """What the engine says about a service's container."""
        return self.engine.api("GET", f"/containers/{self.compose.run('ps', '-aq', service).strip()}/json")

    def key(self, user: str) -> str:
        answer = requests.post(f"{self.urls['proxy']}/keys/{user}", headers=self.admin, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["key"]

    def dledger(self, *words: str) -> str:
        return self.compose.run("exec", "-T", "ledger", "dledger", *words)

    def sql(self, statement: str, role: str = "ledger_reader") -> str:
        """What a role of the database gets, by TCP and with its password."""
        password = self.compose.environment["LEDGER_READER_PASSWORD"]
        address = f"postgresql://{role}:{password}@postgres/ledger"
        return self.compose.run("exec", "-T", "postgres", "psql", "-XAt", address, "-c", statement).strip()

    def call(self, user: str = "alice") -> None:
        client = anthropic.Anthropic(base_url=self.urls["proxy"], api_key=self.key(user))
        hello = [{"role": "user", "content": "Hello"}]
        client.messages.create(model="claude-sonnet-4-6", max_tokens=50, messages=hello)

    def position(self) -> int:
        answer = requests.get(f"{self.urls['proxy']}/usage/summary", headers=self.admin, timeout=10)
        return answer.json()["position"]


def test_all_of_it_is_healthy(platform):
    states = platform.compose.states()
    assert states == {
        "simulator": "running (healthy)",
        "postgres": "running (healthy)",
        "migrate": "exited (0)",
        "roles": "exited (0)",
        "ledger": "running (healthy)",
    }
    for url in platform.urls.values():
        assert requests.get(f"{url}/health", timeout=5).json()["status"] == "ok"
    said = platform.dledger("health").splitlines()
    assert said == ["gateway: ready", "proxy: ready", "platform: ready"]


def test_the_ledger_runs_without_rights_on_a_root_that_it_cannot_write(platform):
    state = platform.container("ledger")
    assert state["Config"]["User"] == "10001:10001"
    assert state["HostConfig"]["ReadonlyRootfs"] and state["HostConfig"]["CapDrop"] == ["ALL"]
    look = "id -u; touch /usr/x /etc/x 2>/dev/null || echo read-only; grep CapEff /proc/self/status"
    said = platform.compose.run("exec", "-T", "ledger", "bash", "-c", look).split()
    assert said == ["10001", "read-only", "CapEff:", "0000000000000000"]


def test_a_call_and_a_run_reach_the_database_and_its_reader(platform):
    platform.call("alice")
    answer = requests.post(
        f"{platform.urls['gateway']}/api/message",
        json={"text": "Hello"},
        headers={"authorization": f"Bearer {platform.key('bob')}"},
        timeout=30,
    ).json()
    assert (answer["result"], answer["billing"], answer["calls"]) == ("ok", "proxied", 1)

    wanted = platform.position()
    reached = "select max(position) from ledger.audit_log"
    wait_until(lambda: int(platform.sql(reached) or 0) >= wanted, 30, "ingest", every=0.3)
    rows = dict(
        row.split("|")
        for row in platform.sql("select user_id, cost_usd from ledger.cost_by_user").splitlines()
    )
    assert set(rows) >= {"alice", "bob"} and Decimal(rows["bob"]) == Decimal(str(answer["costUsd"]))


def test_a_provisioned_container_reaches_the_proxy_and_not_the_database(platform):
    handles = f"{platform.urls['platform']}/containers"
    made = requests.post(handles, json={"handle": "carol"}, headers=platform.admin, timeout=60)
    assert made.status_code == 201, made.text

    def said() -> str:
        identifier = made.json()["containerId"]
        logs = platform.engine.api("GET", f"/containers/{identifier}/logs?stdout=true&stderr=true")
        text = logs.decode(errors="replace") if isinstance(logs, bytes) else str(logs)
        return text if "looked" in text else ""

    text = wait_until(said, 20, "the agent's look around", every=0.2)
    for port in (4000, 8080, 9000):
        assert f"proxy:{port} reached" in text
    assert "postgres:5432 out of reach" in text
    assert "HTTP/1.1 200" in text and '"user":"carol"' in text

    def memory() -> bool:
        metrics = requests.get(f"{platform.urls['platform']}/metrics", timeout=5).text
        return 'platform_container_memory_bytes{handle="carol"}' in metrics

    wait_until(memory, 30, "the container's figures", every=0.5)
    requests.delete(f"{handles}/carol", headers=platform.admin, timeout=60)


def test_what_was_recorded_outlives_the_containers(platform):
    platform.call("dave")
    before = platform.position()
    platform.compose.run("down", "--timeout", "15")
    platform.compose.run("up", "-d", "--wait", "--wait-timeout", "120", "--no-build")
    assert platform.position() >= before
    platform.call("dave")
    deadline = time.monotonic() + 30
    while "behind" in (said := platform.dledger("verify", "--postgres")) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert "all holds" in said, said
