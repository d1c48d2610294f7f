"""The ledger under test, the simulator behind it, the Prometheus before it: real programs, all of them."""

import json
import os
import re
import secrets
import shutil
import subprocess
import time
from decimal import Decimal
from functools import partial
from pathlib import Path

import anthropic
import fold
import openai
import psycopg
import requests
from processes import NotReady, Process, free_port, wait_until
from prometheus_client.parser import text_string_to_metric_families

SERVICES = ("gateway", "proxy", "platform")
TOOLS = ("promtool", "prometheus")


class Simulator:
    """`dledger simulate-upstream`: answers in the providers' place, and writes down what it truly served."""

    def __init__(self, binary: Path, folder: Path):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "simulator.jsonl"
        self.process = Process(
            "simulator",
            [binary, "simulate-upstream", "--port", self.port, "--log", self.log],
            folder / "simulator.log",
            environment=clean_environment(),
        )

    def start(self) -> "Simulator":
        self.process.start()
        wait_until(self._answers, 10, "the simulator", self.process)
        return self

    def _answers(self) -> bool:
        try:
            requests.get(self.url, timeout=1)
            return True
        except requests.ConnectionError:
            return False

    def records(self) -> list[dict]:
        """One for each call that it served, in the order in which they ended."""
        if not self.log.exists():
            return []
        *whole, _torn = self.log.read_text().split("\n")
        return [json.loads(line) for line in whole]

    def records_by_id(self) -> dict[str, dict]:
        """By the identifier of the answer, which the ledger records as `providerRequestId`."""
        return {record["id"]: record for record in self.records() if record.get("id")}


class Ledger:
    """One `dledger serve` with a home, ports and secrets of its own."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        postgres_url: str | None = None,
        simulator: Simulator | None = None,
        services: tuple[str, ...] = SERVICES,
        environment: dict[str, str] | None = None,
    ):
        self.binary = binary
        self.folder = folder
        self.home = folder / "home"
        self.services = services
        self.postgres_url = postgres_url
        self.simulator = simulator
        self.origin = "end-to-end"
        self.admin_token = secrets.token_hex(16)
        self.ports = {service: free_port() for service in SERVICES}
        self.environment = clean_environment() | {
            "LEDGER_HOME": str(self.home),
            "LEDGER_ORIGIN": self.origin,
            "LEDGER_ADMIN_TOKEN": self.admin_token,
            "LEDGER_KEY_SECRET": secrets.token_hex(32),
            **{f"{service.upper()}_PORT": str(port) for service, port in self.ports.items()},
        }
        if postgres_url:
            self.environment["LEDGER_POSTGRES_URL"] = postgres_url
        if simulator:
            for provider in ("ANTHROPIC", "OPENAI"):
                self.environment[f"{provider}_API_URL"] = simulator.url
                self.environment[f"{provider}_API_KEY"] = "simulated"
        self.environment |= environment or {}
        self.process = Process(
            "dledger", [binary, "serve", *services], folder / "server.log", environment=self.environment
        )

    # Its life

    def start(self, wait_seconds: float = 30) -> "Ledger":
        self.process.start()
        self.wait_ready(wait_seconds)
        return self

    def wait_ready(self, seconds: float = 30) -> None:
        for service in self.services:
            url = f"{self.url(service)}/ready"
            wait_until(partial(answers, url), seconds, url, self.process)

    def stop(self) -> int | None:
        return self.process.stop()

    def kill9(self) -> None:
        self.process.kill9()

    def restart(self) -> "Ledger":
        self.stop()
        return self.start()

    # Where it is

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    @property
    def proxy_url(self) -> str:
        return self.url("proxy")

    @property
    def gateway_url(self) -> str:
        return self.url("gateway")

    @property
    def platform_url(self) -> str:
        return self.url("platform")

    @property
    def admin(self) -> dict[str, str]:
        """The header that makes a request the administrator's."""
        return {"authorization": f"Bearer {self.admin_token}"}

    # The command line

    def run(self, *arguments, check: bool = True, seconds: float = 60) -> subprocess.CompletedProcess:
        """Runs `dledger ARGUMENTS` with this ledger's environment."""
        done = subprocess.run(
            [self.binary, *map(str, arguments)],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"dledger {' '.join(map(str, arguments))} ended with {done.returncode}\n"
                f"{done.stdout}{done.stderr}"
            )
        return done

    def migrate(self) -> None:
        self.run("migrate")

    def mint_key(self, user: str) -> str:
        found = re.search(r"sk-proxy-[A-Za-z0-9._~-]+", self.run("keys", "mint", user).stdout)
        assert found, "`keys mint` printed no key"
        return found.group()

    def set_quota(self, subject: str, **limits) -> dict:
        """Sets limits over HTTP: `dailyLimitUsd`, `dailyTokens`, `limits`, `timezone`, `enabled`, …"""
        answer = requests.post(
            f"{self.proxy_url}/quotas/{subject}", json=limits, headers=self.admin, timeout=10
        )
        assert answer.status_code in (200, 201), f"{answer.status_code} {answer.text}"
        return answer.json()

    def delete_quota(self, user: str) -> None:
        answer = requests.delete(f"{self.proxy_url}/quotas/{user}", headers=self.admin, timeout=10)
        assert answer.status_code in (200, 204), f"{answer.status_code} {answer.text}"

    def join_group(self, group: str, user: str, **why) -> None:
        place = f"{self.proxy_url}/groups/{group}/{user}"
        requests.post(place, json=why, headers=self.admin, timeout=10).raise_for_status()

    def leave_group(self, group: str, user: str, **why) -> None:
        place = f"{self.proxy_url}/groups/{group}/{user}"
        requests.delete(place, json=why, headers=self.admin, timeout=10).raise_for_status()

    # Clients

    def anthropic(self, key: str, **options) -> anthropic.Anthropic:
        return anthropic.Anthropic(api_key=key, base_url=self.proxy_url, **options)

    def openai(self, key: str, **options) -> openai.OpenAI:
        return openai.OpenAI(api_key=key, base_url=f"{self.proxy_url}/v1", **options)

    # What it says

    def lines(self) -> list[bytes]:
        return fold.lines(self.home)

    def events(self, *types: str) -> list[dict]:
        return [event for event in fold.read(self.home) if not types or event["type"] in types]

    def wait_settled(self, calls: int, seconds: float = 20) -> list[dict]:
        """The events that end calls, once there are this many."""

        def ended() -> list[dict] | None:
            found = self.events("call.settled", "call.expired")
            return found if len(found) >= calls else None

        return wait_until(ended, seconds, f"{calls} settled calls", self.process)

    def usage(self, by: str = "user") -> list[dict]:
        """What `dledger usage --json` prints, its decimals exact."""
        return json.loads(self.run("usage", "--by", by, "--json").stdout, parse_float=Decimal)

    def metrics_text(self, service: str = "proxy") -> str:
        answer = requests.get(f"{self.url(service)}/metrics", timeout=10)
        answer.raise_for_status()
        return answer.text

    def samples(self, name: str, service: str = "proxy", **labels) -> dict[tuple, float]:
        """The samples called `name` that carry `labels`, by their sorted labels."""
        found = {}
        for family in text_string_to_metric_families(self.metrics_text(service)):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    found[tuple(sorted(sample.labels.items()))] = sample.value
        return found

    def sample(self, name: str, service: str = "proxy", **labels) -> float | None:
        """The one sample that carries `labels`; None when there is none."""
        found = self.samples(name, service, **labels)
        assert len(found) < 2, f"{name} {labels} is not one series: {found}"
        return next(iter(found.values()), None)

    def exact_sample(self, name: str, service: str = "proxy", **labels) -> str | None:
        """The sample's value as it was written, digit by digit."""
        for line in self.metrics_text(service).splitlines():
            wanted = (f'{key}="{value}"' for key, value in labels.items())
            if line.startswith(name + "{") and all(label in line for label in wanted):
                return line.rpartition("} ")[2].split(" ")[0]
        return None

    # PostgreSQL

    def sql(self, statement: str, *parameters) -> list[tuple]:
        with psycopg.connect(self.postgres_url) as connection:
            return connection.execute(statement, parameters or None).fetchall()

    def wait_ingested(self, seconds: float = 30) -> int:
        """Waits until PostgreSQL holds every line that the journal holds now; returns that position."""
        position = len(self.lines())

        def caught_up() -> bool:
            found = self.sql("select position from ledger.checkpoints where origin = %s", self.origin)
            return bool(found) and found[0][0] >= position

        wait_until(caught_up, seconds, f"PostgreSQL at position {position}", self.process, every=0.05)
        return position

    # When a test has failed

    def report(self) -> str:
        parts = [f"kept: {self.folder}", self.process.tail()]
        if self.simulator:
            parts.append(self.simulator.process.tail(10))
        return "\n".join(parts)


class Prometheus:
    """A real Prometheus that scrapes each second: one job a target, or the `scrape_configs` of a document."""

    def __init__(self, folder: Path, targets: dict[str, int], scrape_configs: str | None = None):
        binary = shutil.which("prometheus")
        if not binary:
            raise FileNotFoundError("Prometheus is not installed: run script/bootstrap test")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.targets = targets
        folder.mkdir(parents=True, exist_ok=True)
        jobs = [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for name, port in targets.items()
        ]
        configuration = folder / "prometheus.yml"
        every_second = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        scrape_configs = scrape_configs or f"scrape_configs: {json.dumps(jobs)}\n"  # JSON is YAML
        configuration.write_text(every_second + scrape_configs)
        self.process = Process(
            "prometheus",
            [
                binary,
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--log.level=warn",
            ],
            folder / "prometheus.log",
        )

    def start(self) -> "Prometheus":
        self.process.start()
        wait_until(lambda: answers(f"{self.url}/-/ready"), 30, "Prometheus", self.process)
        return self

    def query(self, expression: str) -> list[dict]:
        answer = requests.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["result"]

    def value(self, expression: str) -> float | None:
        """The one value of an expression; None when it has no series."""
        result = self.query(expression)
        assert len(result) < 2, f"{expression} has {len(result)} series"
        return float(result[0]["value"][1]) if result else None

    def wait_scraped(self, seconds: float = 20, targets: int | None = None) -> None:
        """Waits until every target was scraped well, after now; `targets`: how many, if not one a job."""
        now = time.time()

        def all_up() -> bool:
            up = self.query("up")
            last = self.query("timestamp(up)")
            return (
                {r["metric"]["job"] for r in up} == set(self.targets)
                and len(last) == (targets or len(self.targets))
                and all(r["value"][1] == "1" for r in up)
                and all(float(r["value"][1]) > now for r in last)
            )

        wait_until(all_up, seconds, f"scrapes of {', '.join(self.targets)}", self.process, every=0.1)

    def stop(self) -> None:
        self.process.stop()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def check_metrics(text: str) -> str:
    """What `promtool check metrics` has against an exposition; empty when nothing."""
    tool = shutil.which("promtool")
    if not tool:
        raise FileNotFoundError("promtool is not installed: run script/bootstrap test")
    done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True)
    said = f"promtool ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return "" if done.returncode == 0 else said


def clean_environment() -> dict[str, str]:
    """This environment without the variables that configure a ledger, a provider or a database."""
    ours = (
        "LEDGER",
        "ANTHROPIC",
        "OPENAI",
        "GEMINI",
        "GATEWAY",
        "PROXY",
        "PLATFORM",
        "DOCKER",
        "STATS",
        "GRAFANA",
        "ALERT",
        "DLEDGER",
    )
    return {
        name: value
        for name, value in os.environ.items()
        if name.split("_")[0] not in ours and not name.startswith("PG")
    }


__all__ = ["Ledger", "NotReady", "Prometheus", "Simulator", "check_metrics"]
