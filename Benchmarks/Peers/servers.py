"""The upstream and the three proxies, each with one worker on one core, none with a log of its requests."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

ANSWER = {
    "id": "msg_01AbCdEfGhIjKlMnOpQrStUv",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "The agents closed four incidents and opened one. " * 13}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 420,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 131,
        "service_tier": "standard",
    },
}


# For what is not measured against a peer on the same core.
ALL_CORES = f"0-{os.cpu_count() - 1}"


class Server:
    """One program on its core; stopped by its own id."""

    def __init__(
        self, name: str, command: list, core: int | str, folder: Path, environment: dict | None = None
    ):
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(core), *map(str, command)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )

    def wait(self, url: str, seconds: float = 20):
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(url, timeout=1):
                    return self
            except urllib.error.HTTPError:
                return self
            except OSError:
                if self.child.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{self.name} is not ready:\n{self.log.read_text()[-2000:]}") from None
                time.sleep(0.05)

    @property
    def pid(self) -> int:
        return self.child.pid

    def stop(self) -> int:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
        return self.child.wait()


NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr error;
events {{ worker_connections 4096; multi_accept on; }}
http {{
    access_log off; keepalive_requests 100000000; keepalive_timeout 600s; server_tokens off;
    client_body_buffer_size 64k; client_body_temp_path {folder}/{name}-body;
    proxy_temp_path {folder}/{name}-proxy; fastcgi_temp_path {folder}/{name}-f;
    uwsgi_temp_path {folder}/{name}-u; scgi_temp_path {folder}/{name}-s;
    {body}
}}
"""


def nginx(name: str, body: str, port: int, core: int, folder: Path) -> Server:
    config = folder / f"{name}.conf"
    config.write_text(NGINX.format(folder=folder, name=name, body=body))
    # The log goes to standard error from the first line on.
    server = Server(name, ["nginx", "-e", "stderr", "-p", folder, "-c", config], core, folder)
    return server.wait(f"http://127.0.0.1:{port}/")


def upstream(port: int, core: int, folder: Path) -> Server:
    """Answers every call with the same kilobyte, as fast as nginx can."""
    answer = json.dumps(ANSWER, separators=(",", ":"))
    body = (
        f"server {{ listen 127.0.0.1:{port} backlog=4096;"
        " location = /count { stub_status; }"
        f" location / {{ default_type application/json; return 200 '{answer}'; }} }}"
    )
    return nginx("upstream", body, port, core, folder)


def nginx_proxy(port: int, upstream_port: int, core: int, folder: Path) -> Server:
    body = (
        f"upstream up {{ server 127.0.0.1:{upstream_port}; keepalive 128; keepalive_requests 100000000; }}"
        f" server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://up;"
        ' proxy_http_version 1.1; proxy_set_header Connection ""; } }'
    )
    return nginx("nginx", body, port, core, folder)


def envoy_config(port: int, upstream_port: int) -> dict:
    def socket(number: int) -> dict:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    router = {
        "name": "router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
        ".HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "up", "timeout": "60s"}}],
                }
            ]
        },
        "http_filters": [router],
    }
    endpoint = {"endpoint": {"address": socket(upstream_port)}}
    limits = {"max_connections": 4096, "max_pending_requests": 4096, "max_requests": 4096}
    return {
        "static_resources": {
            "listeners": [
                {
                    "address": socket(port),
                    "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
                }
            ],
            "clusters": [
                {
                    "name": "up",
                    "type": "STATIC",
                    "connect_timeout": "2s",
                    "circuit_breakers": {"thresholds": [limits]},
                    "load_assignment": {
                        "cluster_name": "up",
                        "endpoints": [{"lb_endpoints": [endpoint]}],
                    },
                }
            ],
        }
    }


def envoy_binary(python: Path) -> Path:
    found = list(python.parent.parent.glob("lib/python3*/site-packages/envoy/_bin/envoy"))
    if not found:
        raise SystemExit("Envoy is not installed: Benchmarks/requirements.txt names its package")
    return found[0]


def envoy_proxy(binary: Path, port: int, upstream_port: int, core: int, folder: Path) -> Server:
    config = folder / "envoy.json"
    config.write_text(json.dumps(envoy_config(port, upstream_port)))
    command = [binary, "-c", config, "--concurrency", "1", "--log-level", "error", "--disable-hot-restart"]
    return Server("envoy", command, core, folder).wait(f"http://127.0.0.1:{port}/")


def ledger_proxy(
    binary: Path, durability: str, port: int, upstream_port: int, core: int, folder: Path
) -> Server:
    home = folder / f"ledger-{durability}"
    home.mkdir()
    environment = ledger_environment(home) | {
        "LEDGER_DURABILITY": durability,
        "PROXY_PORT": str(port),
        "ANTHROPIC_API_URL": f"http://127.0.0.1:{upstream_port}",
        "ANTHROPIC_API_KEY": "bench",
        "LEDGER_LOG_LEVEL": "warning",
    }
    server = Server(f"ledger-{durability}", [binary, "serve", "proxy"], core, folder, environment)
    return server.wait(f"http://127.0.0.1:{port}/ready")


def ledger_environment(home: Path) -> dict:
    return {
        "LEDGER_HOME": str(home),
        "LEDGER_ORIGIN": "bench",
        "LEDGER_ADMIN_TOKEN": "bench-admin-token",
        "LEDGER_KEY_SECRET": "bench-key-secret-bench-key-secret",
    }
