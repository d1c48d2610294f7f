"""B10: one look at 1 and at 100 containers, beside what the engine takes for its own answers."""

import json
import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import servers
from engine import IMAGE, Engine
from machine import Spread, cpu_seconds
from proxy import free_ports

CONTAINERS = 100
POLLS = 10
QUESTIONS = 10
IN_A_ROW = 10
# Long enough for the engine's own sampling to come to rest between two looks.
INTERVAL_SECONDS = 3
DEFAULT_INTERVAL_SECONDS = 15
ONE_SHOT = "stream=false&one-shot=true"


class Platform:
    """The ledger's Platform on this engine."""

    def __init__(self, binary: Path, engine: Engine, folder: Path):
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        home = folder / "ledger-sampling"
        home.mkdir()
        environment = servers.ledger_environment(home) | {
            "PLATFORM_PORT": str(port),
            "DOCKER_HOST": f"unix://{engine.socket}",
            "PLATFORM_IMAGE": IMAGE,
            "PLATFORM_COMMAND": "sleep 100000",
            "PLATFORM_NETWORK": "none",
            "STATS_INTERVAL": f"{INTERVAL_SECONDS}s",
            "LEDGER_LOG_LEVEL": "warning",
        }
        command = [binary, "serve", "platform"]
        self.server = servers.Server("platform", command, servers.ALL_CORES, folder, environment)
        self.server.wait(f"{self.url}/ready")
        self.token = environment["LEDGER_ADMIN_TOKEN"]

    def provision(self, first: int, count: int) -> None:
        def one(number: int) -> None:
            request = urllib.request.Request(
                f"{self.url}/containers",
                json.dumps({"handle": f"user-{number}"}).encode(),
                {"authorization": f"Bearer {self.token}"},
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one, range(first, first + count)))

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def polls(self, containers: int) -> dict:
        """How long looks took, and the processor time of each with the one scrape that goes with it."""
        self._wait_shown(containers)
        durations, last = [], self._polls(self.metrics())
        first, began = last, cpu_seconds(self.server.pid)
        while last - first < POLLS:
            time.sleep(INTERVAL_SECONDS)
            text = self.metrics()
            if (now := self._polls(text)) > last:
                durations.append(value(text, "platform_stats_poll_duration_seconds") * 1000)
                last = now
        each = (cpu_seconds(self.server.pid) - began) / (last - first)
        return {
            "what": "ledger: one look at all",
            "containers": containers,
            "milliseconds": Spread(durations).json(),
            "cpuMillisecondsEach": each * 1000,
            "corePercent": each / DEFAULT_INTERVAL_SECONDS * 100,
        }

    def _wait_shown(self, containers: int) -> None:
        """Until a rate of each is there: two looks have ended."""
        deadline = time.monotonic() + 60
        while len(shown(self.metrics(), "cpu_percent")) < containers:
            if time.monotonic() > deadline:
                raise SystemExit(f"not all of {containers} containers are in /metrics after a minute")
            time.sleep(0.2)

    @staticmethod
    def _polls(text: str) -> int:
        return int(value(text, "platform_stats_polls_total"))


def value(text: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)", text, re.M)
    if not found:
        raise SystemExit(f"/metrics has no {name}")
    return float(found.group(1))


def shown(text: str, figure: str) -> set[str]:
    """The handles that have a series."""
    return set(re.findall(rf'^platform_container_{figure}{{handle="([^"]+)"}} ', text, re.M))


def peers(engine: Engine, rounds: int) -> list[dict]:
    """What the engine takes to answer, asked as a simple collector would."""
    found = engine.containers()

    def ask(container: str, how: str) -> None:
        engine.ask("GET", f"/v1.41/containers/{container}/stats?{how}")

    def measure(what: str, containers: list[str], how: str, times: int, rest: float = 0) -> dict:
        taken = []
        for _ in range(times):
            time.sleep(rest)
            began = time.monotonic()
            for container in containers:
                ask(container, how)
            taken.append((time.monotonic() - began) * 1000)
        return {"what": what, "containers": len(containers), "milliseconds": Spread(taken).json()}

    first = measure("one-shot, engine at rest before", found[:1], ONE_SHOT, QUESTIONS, INTERVAL_SECONDS)
    # The first of these meets a resting engine; it belongs to the row above.
    ask(found[0], ONE_SHOT)
    return [
        first,
        measure("one-shot, asked again and again", found[:1], ONE_SHOT, QUESTIONS),
        measure("stream=false, asked again and again", found[:1], "stream=false", QUESTIONS),
        measure("one-shot, one container after another", found[:IN_A_ROW], ONE_SHOT, rounds),
    ]


def check(platform: Platform, engine: Engine) -> dict:
    """Every container that the engine runs has its series."""
    text = platform.metrics()
    figures = ("cpu_percent", "memory_bytes", "memory_limit_bytes", "healthy")
    result = {
        "running": len(engine.containers()),
        "series": {figure: len(shown(text, figure)) for figure in figures},
        "skipped": value(text, "platform_stats_polls_skipped_total"),
    }
    if {result["running"], *result["series"].values()} != {CONTAINERS}:
        raise SystemExit(f"a fast wrong run is no result: {result}")
    return result


def run(options, folder: Path) -> dict:
    engine = Engine(folder / "engine")
    try:
        platform = Platform(options.dledger, engine, folder)
        try:
            platform.provision(0, 1)
            rows = [platform.polls(1)]
            platform.provision(1, CONTAINERS - 1)
            rows.append(platform.polls(CONTAINERS))
            checked = check(platform, engine)
        finally:
            code = platform.server.stop()
        rows += peers(engine, options.rounds)
    finally:
        codes = [engine.stop()]
    if [code, *codes] != [0, 0]:
        raise SystemExit(f"a server ended badly: {[code, *codes]}")
    return {"rows": rows, "check": checked}
