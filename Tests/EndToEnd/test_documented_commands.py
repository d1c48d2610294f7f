"""Commands of the documents, run as they stand there; only hosts and ports are this test's."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PORTS = {"4000": "gateway", "8080": "proxy", "9000": "platform"}


def commands(document: str) -> dict[str, str]:
    """The `sh` blocks of a document, by the heading that they stand under."""
    text = (ROOT / document).read_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        block = re.search(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        if block:
            found[section.splitlines()[0]] = block[1]
    return found


def run(ledger, command: str) -> str:
    """What a command prints, asked as the user alice."""
    for port, service in PORTS.items():
        command = re.sub(rf"(localhost|proxy):{port}\b", f"127.0.0.1:{ledger.ports[service]}", command)
    key = ledger.mint_key("alice")
    environment = {
        "PATH": "/usr/bin:/bin",
        "LEDGER_HOME": str(ledger.home),
        "KEY": key,
        "ADMIN": ledger.admin_token,
        "ANTHROPIC_BASE_URL": ledger.proxy_url,
        "ANTHROPIC_API_KEY": key,
        "DISPATCH_USER": "alice",
    }
    done = subprocess.run(
        ["bash", "-euc", command], env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def answering(make_ledger, cluster):
    kernel = {"LEDGER_KERNEL": "messages:claude-sonnet-4-6"}
    return make_ledger(postgres_url=cluster.create_database(), environment=kernel)


def test_the_first_four_checkpoints(answering):
    steps = commands("docs/checkpoints.md")
    assert [title[0] for title in steps] == list("12345678")
    said = {title[0]: run(answering, command) for title, command in steps.items() if title[0] in "1234"}
    assert "gateway_http_requests_total{" in said["1"] and "gateway_dispatch_queue_depth 0" in said["1"]
    assert "platform_containers_total{" in said["2"] and "platform_host_disk_used_ratio" in said["2"]
    assert re.search(r'proxy_api_calls_total\{user_id="alice".*status="ok"\} 1', said["3"])
    answer, line = map(json.loads, said["4"].splitlines())
    assert answer["dispatchId"] == line["dispatchId"] and answer["result"] == "ok"


def test_what_an_agent_is_told_to_fetch(answering):
    asked = commands("home/agents/knowledge/observability.md")
    client = answering.anthropic(answering.mint_key("alice"))
    hello = [{"role": "user", "content": "Hello"}]
    client.messages.create(model="claude-sonnet-4-6", max_tokens=20, messages=hello)
    answering.set_quota("alice", dailyLimitUsd=5)
    mine, by_model, container, logs = list(asked.values())

    usage = json.loads(run(answering, mine))
    assert usage["user"] == "alice" and usage["day"]["calls"] == 1 and usage["quota"]["dailyLimitUsd"] == 5
    # The document's days are fixed; these are the week until now.
    this_week = re.sub(r"&from=[^\"]*", "", by_model)
    rows = json.loads(run(answering, this_week))["rows"]
    assert [row["model"] for row in rows] == ["claude-sonnet-4-6"]
    assert rows[0]["costUsd"] == usage["day"]["costUsd"]
    # No container here (test_images has one): the address answers, and has none of ours.
    assert "platform_containers_total" in run(answering, container.partition("|")[0])
    types = [
        event["type"] for event in json.loads(run(answering, re.sub(r"date=[\d-]+&", "", logs)))["entries"]
    ]
    assert {"call.reserved", "call.settled"} <= set(types)
