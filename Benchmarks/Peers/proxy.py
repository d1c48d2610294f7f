"""B1: one model call through each proxy in turn, on one core; upstream and generator share the other."""

import json
import os
import re
import subprocess
import time
import urllib.request
from pathlib import Path

import servers
from machine import Spread, cpu_seconds

UNDER_TEST, OTHERS = 0, 1
CONNECTIONS = [1, 16, 64]


def generate(port: int, connections: int, seconds: int, key: str) -> dict:
    command = ["taskset", "-c", str(OTHERS), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += ["--latency", "-s", Path(__file__).parent / "wrk.lua", f"http://127.0.0.1:{port}/v1/messages"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 60, env={**os.environ, "BENCH_KEY": key}
    )
    found = re.search(r"^FIGURES (.*)$", done.stdout, re.M)
    if not found:
        raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")
    return json.loads(found.group(1))


class Upstream:
    """How many calls the upstream has had, questions about that not among them."""

    def __init__(self, port: int):
        self.port = port
        self.questions = 0

    def calls(self) -> int:
        """The count once nothing is under way any more."""
        last = -1
        while (now := self._ask()) != last:
            last = now
            time.sleep(0.1)
        return now

    def _ask(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/count", timeout=5) as answer:
            self.questions += 1
            return int(answer.read().split()[9]) - self.questions


class Proxy:
    """One way to the upstream, and what was measured on it."""

    def __init__(self, name: str, port: int, server: servers.Server):
        self.name, self.port, self.server = name, port, server
        self.runs: dict[int, list[dict]] = {connections: [] for connections in CONNECTIONS}
        self.counted = self.upstream = 0

    def measure(self, connections: int, seconds: int, key: str, upstream: Upstream):
        before = upstream.calls()
        cpu = cpu_seconds(self.server.pid)
        run = generate(self.port, connections, seconds, key)
        run["cpu"] = (cpu_seconds(self.server.pid) - cpu) * 1e6 / max(run["requests"], 1)
        run["perSecond"] = run["requests"] * 1e6 / run["microseconds"]
        self.runs[connections].append(run)
        self.counted += run["requests"]
        self.upstream += upstream.calls() - before
        if run["errors"]:
            raise SystemExit(f"{self.name}, {connections} connections: {run['errors']} errors")

    def row(self, connections: int, direct: "Proxy") -> dict:
        runs, floor = self.runs[connections], direct.runs[connections]
        row = {
            "proxy": self.name,
            "connections": connections,
            "requestsPerSecond": Spread([run["perSecond"] for run in runs]).json(),
            "cpuMicrosecondsEach": Spread([run["cpu"] for run in runs]).json(),
        }
        for name in ("p50", "p99"):
            row[f"{name}Microseconds"] = Spread([run[name] for run in runs]).json()
            added = [run[name] - below[name] for run, below in zip(runs, floor, strict=True)]
            row[f"added{name.capitalize()}Microseconds"] = Spread(added).json()
        return row


def run(options, folder: Path) -> dict:
    upstream_port, *ports = free_ports(5)
    key = subprocess.run(
        [options.dledger, "keys", "mint", "bench"],
        capture_output=True, text=True, check=True, env={**os.environ, **servers.ledger_environment(folder)},
    ).stdout.strip()  # fmt: skip
    upstream = servers.upstream(upstream_port, OTHERS, folder)
    binary = servers.envoy_binary(options.python)
    proxies = [Proxy("direct", upstream_port, upstream)]
    try:
        server = servers.nginx_proxy(ports[0], upstream_port, UNDER_TEST, folder)
        proxies.append(Proxy("nginx", ports[0], server))
        server = servers.envoy_proxy(binary, ports[1], upstream_port, UNDER_TEST, folder)
        proxies.append(Proxy("envoy", ports[1], server))
        for port, durability in zip(ports[2:], ("fsync", "os"), strict=True):
            server = servers.ledger_proxy(
                options.dledger, durability, port, upstream_port, UNDER_TEST, folder
            )
            proxies.append(Proxy(f"ledger ({durability})", port, server))
        for proxy in proxies:
            generate(proxy.port, 16, 1, key)
        calls = Upstream(upstream_port)
        calls.calls()
        base = {proxy.name: settled(folder, proxy.name) for proxy in proxies}
        for _ in range(options.rounds):
            for connections in CONNECTIONS:
                for proxy in proxies:
                    proxy.measure(connections, options.seconds, key, calls)
    finally:
        codes = [proxy.server.stop() for proxy in reversed(proxies)]
    if any(code not in (0, -15) for code in codes):
        raise SystemExit(f"a server ended badly: {codes}")
    checks = [check(options, folder, proxy, base[proxy.name]) for proxy in proxies[3:]]
    rows = [proxy.row(connections, proxies[0]) for connections in CONNECTIONS for proxy in proxies]
    return {"rows": rows, "checks": checks}


def free_ports(count: int) -> list[int]:
    import socket

    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def home(folder: Path, name: str) -> Path:
    return folder / f"ledger-{name.removeprefix('ledger (').removesuffix(')')}"


def settled(folder: Path, name: str) -> dict:
    """Counts the events of each type, from the journal's bytes."""
    counts = {"call.reserved": 0, "call.settled": 0, "ok": 0}
    for segment in sorted(home(folder, name).glob("system/logs/*.jsonl")):
        with segment.open("rb") as lines:
            for line in lines:
                for kind in ("call.reserved", "call.settled"):
                    counts[kind] += b'"type":"%s"' % kind.encode() in line[:80]
                counts["ok"] += b'"result":"ok"' in line
    return counts


def check(options, folder: Path, proxy: Proxy, before: dict) -> dict:
    """Every request that reached the upstream is settled, and the generator counted no more than these."""
    after = settled(folder, proxy.name)
    counts = {kind: after[kind] - before[kind] for kind in after}
    environment = {**os.environ, **servers.ledger_environment(home(folder, proxy.name))}
    verify = subprocess.run(
        [options.dledger, "verify"], capture_output=True, text=True, env=environment
    )
    # wrk leaves the requests uncounted that are under way when its time is over: one a connection at most.
    under_way = sum(CONNECTIONS) * (options.rounds + 1)
    holds = (
        verify.returncode == 0
        and counts["call.reserved"] == counts["call.settled"] == proxy.upstream
        and 0 <= counts["call.settled"] - proxy.counted <= under_way
    )
    result = {
        "proxy": proxy.name, "holds": holds, "verifyExit": verify.returncode, "counted": proxy.counted,
        "upstream": proxy.upstream, "reserved": counts["call.reserved"], "settled": counts["call.settled"],
        "settledOk": counts["ok"],
    }  # fmt: skip
    if not holds:
        raise SystemExit(f"a fast wrong run is no result: {result}\n{verify.stdout}")
    return result
