"""Bad input gets a clear error, is counted, and harms nothing."""

import json
import socket

import pytest
import requests

GOOD = {"model": "claude-sonnet-4-6", "max_tokens": 20, "messages": [{"role": "user", "content": "Hello"}]}


def post(
    ledger, body: bytes, key: str | None = None, path: str = "/v1/messages", **headers
) -> requests.Response:
    sent = {"x-api-key": key or ledger.mint_key("alice"), "content-type": "application/json", **headers}
    return requests.post(f"{ledger.proxy_url}{path}", data=body, headers=sent, timeout=20)


def still_well(ledger) -> None:
    assert post(ledger, json.dumps(GOOD).encode()).status_code == 200


BODIES = {
    "malformed JSON": b'{"model": "claude',
    "no JSON at all": b"hello",
    "an array": b"[]",
    "invalid UTF-8": b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"\xff\xfe"}]}',
    "10,000 deep": b'{"model":"claude-sonnet-4-6","max_tokens":9,"messages":'
    + b"[" * 10_000
    + b"]" * 10_000
    + b"}",
    "a lone surrogate": b'{"model":"\\ud800","max_tokens":9,"messages":[]}',
    "an empty body": b"",
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused_in_the_provider_s_shape(journal_ledger, simulator, name):
    answer = post(journal_ledger, BODIES[name])
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["message"]
    assert simulator.records() == [] and journal_ledger.events("call.reserved") == []
    still_well(journal_ledger)


def test_a_body_over_the_limit_is_refused_before_it_is_read(journal_ledger):
    with socket.create_connection(("127.0.0.1", journal_ledger.ports["proxy"]), timeout=10) as client:
        client.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000000\r\n\r\n")
        assert b" 413 " in client.recv(4096).split(b"\r\n")[0]
    still_well(journal_ledger)


RAW = {
    "both lengths": b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "no HTTP": b"hello there\r\n\r\n",
    "a space before the colon": b"GET /health HTTP/1.1\r\nhost: x\r\nx-a : 1\r\n\r\n",
    "a folded header": b"GET /health HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n  2\r\n\r\n",
}


@pytest.mark.parametrize("name", RAW)
def test_a_request_that_could_be_read_in_two_ways_is_refused(journal_ledger, name):
    with socket.create_connection(("127.0.0.1", journal_ledger.ports["proxy"]), timeout=10) as client:
        client.sendall(RAW[name])
        answer = b""
        while chunk := client.recv(4096):
            answer += chunk
    # One answer, a refusal, and the connection is closed.
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1, answer
    assert journal_ledger.sample("proxy_http_requests_refused_total", reason="malformed") >= 1
    still_well(journal_ledger)


@pytest.mark.parametrize(
    "key", ["sk-proxy-alice.AAAA", "sk-proxy-alice", "nonsense", "sk-proxy-.", "x" * 5000]
)
def test_an_unknown_key_is_refused_and_nothing_is_sent(journal_ledger, simulator, key):
    answer = post(journal_ledger, json.dumps(GOOD).encode(), key=key)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "authentication_error"
    assert simulator.records() == []


def test_somebody_else_s_name_does_not_open_with_my_signature(journal_ledger):
    mine = journal_ledger.mint_key("alice")
    forged = mine.replace("alice", "bob")
    assert post(journal_ledger, json.dumps(GOOD).encode(), key=forged).status_code == 401


def test_an_unknown_path_is_an_error_and_never_a_free_call(journal_ledger, simulator):
    answer = post(journal_ledger, json.dumps(GOOD).encode(), path="/v1/nothing/here")
    assert answer.status_code >= 400
    assert all(
        event["costState"] != "priced" or event["status"] >= 400
        for event in journal_ledger.events("call.settled")
    )


@pytest.mark.parametrize(
    ("method", "service", "path"),
    [("DELETE", "proxy", "/health"), ("PUT", "gateway", "/ready"), ("POST", "platform", "/metrics")],
)
def test_a_wrong_method_is_named(journal_ledger, method, service, path):
    answer = requests.request(method, f"{journal_ledger.url(service)}{path}", timeout=10)
    assert answer.status_code == 405 and "GET" in answer.headers["allow"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_refusals_are_counted(journal_ledger):
    post(journal_ledger, b"{", key="nonsense")
    counted = [
        journal_ledger.samples("proxy_requests_refused_total"),
        journal_ledger.samples("http_requests_refused_total"),
    ]
    assert sum(sum(found.values()) for found in counted) >= 1


def test_quotas_are_the_administrator_s(journal_ledger):
    url = f"{journal_ledger.proxy_url}/quotas/alice"
    assert requests.post(url, json={"dailyLimitUsd": 1}, timeout=10).status_code in (401, 403)
    key = {"authorization": f"Bearer {journal_ledger.mint_key('alice')}"}
    assert requests.post(url, json={"dailyLimitUsd": 1}, headers=key, timeout=10).status_code in (401, 403)
    for bad in ({"dailyLimitUsd": -1}, {"dailyLimitUsd": "much"}, {"other": 1}, {"dailyTokens": 1.5}):
        answer = requests.post(url, json=bad, headers=journal_ledger.admin, timeout=10)
        assert answer.status_code == 400, bad
    for bad, said in (
        ('{"dailyLimitUsd":1,"dailyLimitUsd":100}', "more than once"),
        (json.dumps({"dailyLimitUsd": 1, "reason": "x" * 5_000}), "longer than 200 characters"),
    ):
        answer = requests.post(url, data=bad, headers=journal_ledger.admin, timeout=10)
        assert answer.status_code == 400 and said in answer.json()["detail"]
    long = journal_ledger.run("quota", "set", "alice", "--daily", "1", "--reason", "x" * 5_000, check=False)
    assert long.returncode != 0 and "longer than 200 characters" in long.stderr
    assert journal_ledger.events("quota.set") == []
