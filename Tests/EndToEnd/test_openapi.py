"""docs/openapi.yaml beside the running services, and beside the routes in their sources."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import requests
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
SERVICES = ("gateway", "proxy", "platform")
METHODS = ("get", "post", "put", "patch", "delete")
# What the pages load, and what the Proxy passes on, is not described.
ASSET = re.compile(r"\.(css|js|svg)$")
MODEL_API = re.compile(r"^/v1(beta)?/")
# Never ends: test_usage_api reads it.
ENDLESS = "/api/usage/stream"
SECONDS = 150
# How the document's words are narrower or wider than what JSON Schema can say, for schemathesis.
SETTINGS = """
[output.sanitization]
enabled = false

# Of the methods that nobody has; TRACE gets 501, for this server does not know it at all.
[phases.coverage]
unexpected-methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]

# `user` is needed with the administrator's token and only then.
[[operations]]
include-operation-id = ["message", "batch"]
checks.positive_data_acceptance.enabled = false

# The ce- headers are for the binary mode alone, and then are needed.
[[operations]]
include-operation-id = ["reportUsage"]
checks.positive_data_acceptance.enabled = false

# A range begins before it ends, not too long ago; a whole number is written as one; a cursor was answered.
[[operations]]
include-operation-id = ["usage", "setQuota", "logs", "rerate", "reconcile"]
checks.positive_data_acceptance.enabled = false

# There is no engine here: what containers are is test_platform's.
[[operations]]
include-operation-id = ["provision", "startContainer", "stopContainer", "destroy"]
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 503]
"""


def test_every_route_of_the_code_is_documented_and_no_other():
    documented = {
        (service, method.upper(), path)
        for path, item in DOCUMENT["paths"].items()
        for method in METHODS
        if method in item
        for service in services_of(item)
    }
    assert documented == set(routes_of_the_code())


def test_the_document_is_whole():
    """Its references lead somewhere, and each operation has a name of its own."""
    text = json.dumps(DOCUMENT)
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        place = DOCUMENT
        for key in reference.split("/"):
            assert key in place, reference
            place = place[key]
    names = [operation["operationId"] for operation in operations(DOCUMENT)]
    assert len(names) == len(set(names))
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("token", [None, "sk-proxy-alice.AAAA", "wrong"])
def test_every_documented_path_is_there_and_asks_who_it_is(make_ledger, token):
    ledger = make_ledger(environment={"ALERT_WEBHOOK_SECRET": "0" * 32})
    headers = {"authorization": f"Bearer {token}"} if token else {}
    for path, item in DOCUMENT["paths"].items():
        place = re.sub(r"\{(user|handle|subject|group)\}", "alice", path).replace("{id}", "0")
        for method in METHODS:
            for service in services_of(item) if method in item else ():
                url = ledger.url(service) + place
                answer = requests.request(method, url, headers=headers, timeout=10, stream=True)
                answer.close()
                said = f"{method} {path} of the {service}: {answer.status_code}"
                assert answer.status_code not in (404, 405), said
                is_open = item[method]["security"] == [] or {} in item[method]["security"]
                assert is_open or answer.status_code == 401, said


@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize("service", SERVICES)
def test_the_services_answer_as_documented(make_ledger, cluster, folder, service):
    """schemathesis makes up requests, good and bad, and judges each answer by the document."""
    ledger = make_ledger(
        start=False,
        postgres_url=cluster.create_database(),
        environment={
            "LEDGER_KERNEL": "messages:claude-sonnet-4-6",
            # An engine that is not there: what containers are is test_platform's.
            "DOCKER_HOST": f"unix://{folder}/no-engine.sock",
        },
    )
    # One token for all of them, because schemathesis sends one.
    ledger.environment["ALERT_WEBHOOK_SECRET"] = ledger.admin_token
    ledger.start()
    settings = folder / "schemathesis.toml"
    settings.write_text(SETTINGS)
    document = folder / "openapi.json"
    document.write_text(json.dumps(part_of(service)))
    done = subprocess.run(
        [
            Path(sys.executable).parent / "schemathesis",
            *("--config-file", settings),
            "run",
            document,
            *("--url", ledger.url(service)),
            *("--header", f"Authorization: Bearer {ledger.admin_token}"),
            # Of several ways in, one token is sent whatever it takes away: the test above asks without any.
            *("--exclude-checks", "ignored_auth"),
            *("--max-examples", "20"),
            *("--seed", "1"),
            *("--request-timeout", "10"),
            *("--workers", "1"),
            "--no-color",
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
    assert ledger.process.is_running


def operations(document: dict):
    for item in document["paths"].values():
        yield from (item[method] for method in METHODS if method in item)


def services_of(item: dict) -> list[str]:
    """The services that a path is on."""
    return [server["description"].lower() for server in item["servers"]]


def part_of(service: str) -> dict:
    """The document of one service alone."""
    paths = {
        path: {key: value for key, value in item.items() if key != "servers"}
        for path, item in DOCUMENT["paths"].items()
        if service in services_of(item) and path != ENDLESS
    }
    return DOCUMENT | {"paths": paths}


def routes_of_the_code():
    """(service, method, template) of every route that is registered, but for pages' files and model APIs."""
    for service in SERVICES:
        for file in (ROOT / "Sources" / service.capitalize()).rglob("*.swift"):
            if file.parent.name == "Engine" or file.name.startswith("Embedded"):
                continue
            text = file.read_text()
            # on("GET", "/…"), admin("GET", "/…"), onHandle(shell, "GET", "/…")
            registered = re.findall(r'\b(?:on|admin|onHandle)\((?:shell, )?"([A-Z]+)",\s*"(/[^"]*)"', text)
            pages = [("GET", path) for path in re.findall(r'PageFile\(\s*"(/[^"]*)"', text)]
            for method, path in [*registered, *pages]:
                if not ASSET.search(path) and not MODEL_API.search(path):
                    yield service, method, path
        shell = (ROOT / "Sources" / "Support" / "Service" / "ServiceShell.swift").read_text()
        for method, path in re.findall(r'router\.on\("([A-Z]+)", "(/[^"]*)"\)', shell):
            yield service, method, path
