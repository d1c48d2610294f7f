"""Clients that mean harm to the Gateway: none gets more than its own, none leaves anything behind."""

import hashlib
import hmac
import json
import os
import socket
import struct
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from dispatches import descendants, message, open_runs, wait_no_kernels, wait_running
from ledger import check_metrics
from processes import wait_until
from test_hostile_gateway import OBEDIENT, check_whole
from test_hostile_http import descriptors, memory_bytes, read_all
from websocket_peer import TEXT, Peer, frame

SECRET = "a webhook secret that nobody may see"
CLIENTS = 8
SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", "6"))
ENVIRONMENT = {"LEDGER_KERNEL": OBEDIENT, "ALERT_WEBHOOK_SECRET": SECRET, "LEDGER_LOG_LEVEL": "debug"}


@pytest.fixture
def gateway(make_ledger):
    return make_ledger(environment=ENVIRONMENT)


def exchange(ledger, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", ledger.ports["gateway"]), timeout=10) as client:
        client.sendall(data)
        return read_all(client)


def request(target: str, key: str | None, body: bytes = b"", *fields: str) -> bytes:
    rows = [f"{target} HTTP/1.1", "host: x", "connection: close", *fields, f"content-length: {len(body)}"]
    rows += [f"authorization: Bearer {key}"] if key else []
    return "\r\n".join([*rows, "", ""]).encode() + body


def said(**fields) -> bytes:
    return json.dumps({"text": "R()", **fields}).encode()


BODIES = [
    b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}", b'{"text":""}', b'{"text":null}', b'{"text":1}',
    b'{"text":["x"]}', b'{"text":"\xff"}', b'{"text":"\\ud800"}', b'{"text":"a\x00b"}', b'{"text":"R()"} x',
    b'\xef\xbb\xbf{"text":"R()"}', b"[" * 100_000, b"\0" * 100, said(sessionId="a\r\nx-injected: y"),
    said(sessionId="\u00e9"), said(sessionId=""), said(sessionId="x" * 129), said(sessionId=7),
    said(source="x" * 65), said(source="a b"), said(source="a\nb"), said(model="a\nb"), said(model="x" * 257),
    said(user="bob"), said(user=["eve"]), said(text="#" * (256 * 1024 + 1)),
]  # fmt: skip


def test_a_body_that_is_no_message_runs_nothing(gateway):
    key = gateway.mint_key("eve")
    for body in BODIES:
        answer = exchange(gateway, request("POST /api/message", key, body))
        assert answer.startswith(b"HTTP/1.1 400 ") and b"application/problem+json" in answer, body[:80]
        wrapped = b'{"messages":[{"text":"R()"},' + body + b"]}"
        answer = exchange(gateway, request("POST /api/batch", key, wrapped))
        assert answer.startswith(b"HTTP/1.1 400 "), body[:80]
    assert gateway.events("dispatch.started", "dispatch.rejected") == []
    largest = said(text="R()#" + "#" * (256 * 1024 - 4), source="a\"'\\b", sessionId="s'\"\\")
    assert exchange(gateway, request("POST /api/message", key, largest)).startswith(b"HTTP/1.1 200 ")
    [event] = gateway.events("dispatch.completed")
    assert (event["source"], event["sessionId"], event["result"]) == ("a\"'\\b", "s'\"\\", "ok")
    assert check_metrics(gateway.metrics_text("gateway")) == ""
    check_whole(gateway)


UNSAFE = {
    "POST /api/message": {"text": "R()"},
    "POST /api/batch": {"messages": [{"text": "R()"}]},
    "DELETE /api/dispatches/01a210c3-ee7e-7674-85d5-1bedacf03c96": None,
}
FOREIGN = ({"origin": "http://evil.example"}, {"origin": "null"}, {}, {"sec-fetch-site": "same-site"})


def test_another_site_s_page_does_nothing_with_the_cookie(gateway):
    key = gateway.mint_key("eve")
    cookie = {"cookie": f"dledger_key={key}"}
    for target, body in UNSAFE.items():
        method, path = target.split()
        for headers in FOREIGN:
            answer = requests.request(
                method, gateway.gateway_url + path, json=body, headers=cookie | headers, timeout=10
            )
            assert answer.status_code == 403, (target, headers)
    for path in ("/api/logs", "/api/dispatches", "/api/session", "/api/system/info"):
        foreign = cookie | FOREIGN[0]
        assert requests.get(gateway.gateway_url + path, headers=foreign, timeout=10).status_code == 403
    for method in ("POST", "DELETE"):
        url = gateway.gateway_url + "/api/session"
        answer = requests.request(method, url, json={"key": key}, headers=FOREIGN[0], timeout=10)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers
    own = gateway.gateway_url
    for origin in ("http://evil.example", "null", own + ".evil", own.replace("127", "x@127"), own + "/"):
        with Peer(gateway.ports["gateway"], cookie | {"origin": origin}) as peer:
            assert peer.response.status_code == 403, origin
    assert gateway.events("dispatch.started") == []
    answer = requests.post(own + "/api/session", json={"key": key}, timeout=10)
    flags = set(answer.headers["set-cookie"].split("; ")[1:])
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= flags
    tls = requests.post(
        own + "/api/session", json={"key": key}, headers={"x-forwarded-proto": "https"}, timeout=10
    )
    assert tls.headers["set-cookie"].endswith("; Secure")


QUERIES = [
    "date=../../etc/passwd", "date=%2e%2e%2f2026-11-25", "date=2026-11-25%00", "date=9999-99-99",
    "date=0000-01-01", "date=99999-01-01", "date=-001-01-01", "date=2026-11-25/", "cursor=AAAA",
    "cursor=" + "A" * 5000, "user=_other", "user=eve&user=bob", "limit=0", "limit=-1", "limit=1001",
    "limit=99999999999999999999", "source=%0a", "source=web&source=api", "user=%ff",
]  # fmt: skip


def test_one_user_sees_nothing_of_another(gateway):
    eve, bob = gateway.mint_key("eve"), gateway.mint_key("bob")
    as_bob = {"authorization": f"Bearer {bob}"}
    url = gateway.gateway_url
    assert message(gateway, "R()", eve).json()["result"] == "ok"
    alert = {"status": "firing", "labels": {"alertname": "Down"}, "startsAt": "2026-11-25T03:00:00Z"}
    body = {"version": "4", "alerts": [alert]}
    webhook = {"authorization": f"Bearer {SECRET}"}
    assert requests.post(f"{url}/api/alert", json=body, headers=webhook, timeout=10).json()["recorded"] == 1
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(message, gateway, "time.sleep(60)", eve)
        [running] = wait_running(gateway, 1)
        assert requests.get(f"{url}/api/dispatches", headers=as_bob, timeout=10).json()["dispatches"] == []
        mine = f"{url}/api/dispatches/{running['dispatchId']}"
        assert requests.delete(mine, headers=as_bob, timeout=10).status_code == 404
        with Peer(gateway.ports["gateway"], as_bob) as peer:
            peer.receive_text()
            for text in ({"type": "abort", "dispatchId": running["dispatchId"]}, {"type": "ping"}):
                peer.send(frame(TEXT, json.dumps(text).encode()))
            assert json.loads(peer.receive_text())["type"] == "pong"
        assert len(open_runs(gateway)) == 1
        assert requests.delete(mine, headers=gateway.admin, timeout=10).status_code == 202
        assert asked.result().json()["reason"] == "aborted"
    day = gateway.events("dispatch.completed")[0]["timestamp"][:10]
    page = requests.get(f"{url}/api/logs?date={day}&limit=1", headers=gateway.admin, timeout=10).json()
    for query in (f"date={day}", f"cursor={page['nextCursor']}", "USER=eve", "source=api"):
        answer = requests.get(f"{url}/api/logs?{query}", headers=as_bob, timeout=10)
        assert answer.status_code == 200 and answer.json()["entries"] == [], query
    assert requests.get(f"{url}/api/logs?user=eve", headers=as_bob, timeout=10).status_code == 403
    logs = gateway.home / "system" / "logs"
    (logs / "2026-01-02.jsonl").symlink_to("/etc/passwd")
    os.mkfifo(logs / "2026-01-03.jsonl")
    (logs / "2026-01-04.jsonl").mkdir()
    for headers in (as_bob, gateway.admin):
        for query in QUERIES:
            answer = requests.get(f"{url}/api/logs?{query}", headers=headers, timeout=10)
            assert answer.status_code == 400, query
        for odd in ("2026-01-02", "2026-01-03", "2026-01-04"):
            answer = requests.get(f"{url}/api/logs?date={odd}", headers=headers, timeout=5)
            assert "root:" not in answer.text and answer.json().get("entries", []) == []


def test_keys_prompts_and_secrets_are_in_no_log_line_and_no_answer(gateway):
    key, prompt = gateway.mint_key("eve"), "R() # a very private question"
    assert message(gateway, prompt, key).json()["result"] == "ok"
    message(gateway, f"os.write(2, os.environ['ANTHROPIC_API_KEY'].encode()); sys.exit(1) # {prompt}", key)
    heard = []
    places = ("/?key=", "/", "/api/logs?user=", "/api/logs?cursor=", "/ws?token=", "/api/dispatches/")
    for path in (place + key for place in places):
        for who in (None, key, key + "x", gateway.admin_token + "x"):
            for method in ("GET", "DELETE", "BREW"):
                heard.append(exchange(gateway, request(f"{method} {path}", who)).decode())
    heard += [exchange(gateway, request("POST /api/alert", SECRET + "x", b"{}")).decode()]
    heard += [gateway.process.log.read_text(), gateway.metrics_text("gateway")]
    heard += [json.dumps(gateway.events("dispatch.completed")[1].get("reason"))]
    for secret in (key, SECRET, gateway.admin_token, gateway.environment["LEDGER_KEY_SECRET"], prompt):
        assert not any(secret in text for text in heard), secret
    assert key not in b"".join(gateway.lines()).decode()


def test_ten_thousand_clients_that_leave_at_once_leave_nothing(gateway):
    key = gateway.mint_key("eve")
    message(gateway, "R()", key)
    before = memory_bytes(gateway), descriptors(gateway)
    data = request("POST /api/message", key, said(text="time.sleep(5); R()"))
    for number in range(10_000):
        with socket.create_connection(("127.0.0.1", gateway.ports["gateway"]), timeout=10) as client:
            client.sendall(data[: len(data) if number % 3 else number % len(data)])
            if number % 2:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: open_runs(gateway) == [], 20, "no open runs", gateway.process)
    wait_no_kernels(gateway)
    assert message(gateway, "R()", key).json()["result"] == "ok"
    assert gateway.sample("gateway_dispatch_queue_depth", "gateway") == 0
    wait_until(lambda: descriptors(gateway) <= before[1] + 2, 10, "descriptors given back")
    assert memory_bytes(gateway) - before[0] < 32 << 20
    check_whole(gateway)


def signed(body: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def test_alerts_forged_replayed_or_flooding_do_no_harm(gateway):
    def alert(name: str, status: str = "firing") -> dict:
        times = {"startsAt": "2026-11-25T03:00:00Z", "endsAt": "2026-11-25T04:00:00Z"}
        return {"status": status, "labels": {"alertname": name}, "fingerprint": name, **times}

    def post(body: str, **headers) -> requests.Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(f"{gateway.gateway_url}/api/alert", data=body, headers=fields, timeout=60)

    body, now = json.dumps({"version": "4", "alerts": [alert("one")]}), str(int(time.time()))
    hub, grafana = "x_hub_signature_256", "x_grafana_alerting_signature"
    when = grafana + "_timestamp"
    for forged in (
        {},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {gateway.mint_key('eve')}"},
        gateway.admin,
        {hub: "sha256="},
        {hub: signed(body)},
        {hub: "sha256=" + signed(body, "x")},
        {hub: "sha256=" + signed(body + " ")},
        {hub: "sha256=" + signed(body)[:-2]},
        {grafana: signed(f"1000000000:{body}"), when: "1000000000"},
        {grafana: signed(f"{now}:{body}")},
        {grafana: signed(f"{now}:{body}"), when: str(int(now) + 1)},
        {grafana: signed(f"{2**63 - 1}:{body}"), when: str(2**63 - 1)},
        {"authorization": "Bearer x", hub: "sha256=" + signed(body)},
    ):
        assert post(body, **forged).status_code == 401, forged
    assert gateway.events("alert.received") == []
    for _ in range(3):
        assert post(body, **{hub: "sha256=" + signed(body)}).status_code == 200
        assert post(body, **{grafana: signed(f"{now}:{body}"), when: now}).status_code == 200
    assert len(gateway.events("alert.received")) == 1

    series, memory = len(gateway.metrics_text("gateway").splitlines()), memory_bytes(gateway)
    bodies = [json.dumps({"alerts": [alert(f"{n}-{m}") for m in range(1000)]}) for n in range(8)]
    states = ("firing", "resolved")
    bodies += [json.dumps({"alerts": [alert("flaps", states[m % 2]) for m in range(1000)]})] * 5
    with ThreadPoolExecutor(13) as pool:
        answers = list(pool.map(lambda body: post(body, authorization=f"Bearer {SECRET}"), bodies))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert len(gateway.metrics_text("gateway").splitlines()) - series < 20
    assert memory_bytes(gateway) - memory < 128 << 20
    with Peer(gateway.ports["gateway"], {"authorization": f"Bearer {gateway.mint_key('eve')}"}) as peer:
        ready = peer.receive_text()
        assert json.loads(ready)["type"] == "ready" and len(ready) < 1 << 17
    gateway.run("verify")


def shell(gateway, key: str) -> Peer:
    peer = Peer(gateway.ports["gateway"], {"authorization": f"Bearer {key}"})
    assert peer.handshake_error is None, peer.response
    return peer


def ask(peer: Peer, text: str) -> None:
    peer.send(frame(TEXT, json.dumps({"type": "message", "text": text}).encode()))


def test_one_user_s_thousand_sockets_and_endless_messages_are_bounded(gateway):
    key = gateway.mint_key("eve")
    message(gateway, "R()", key)
    before = memory_bytes(gateway), descriptors(gateway)
    headers = {"authorization": f"Bearer {key}"}
    peers = [Peer(gateway.ports["gateway"], headers) for _ in range(1000)]
    assert Counter(peer.response.status_code for peer in peers) == {101: 32, 503: 968}
    with shell(gateway, gateway.mint_key("bob")) as other:
        assert json.loads(other.receive_text())["type"] == "ready"
    for peer in peers:
        peer.socket.close()
    wait_until(lambda: gateway.sample("gateway_ws_connections_active", "gateway") == 0, 10, "no sockets")
    peer = shell(gateway, key)
    many = frame(TEXT, b'{"type":"message","text":"R()"}') * 100
    until, most = time.monotonic() + 2, 0
    peer.socket.settimeout(2)
    try:
        while time.monotonic() < until:
            peer.socket.sendall(many)
            most = max(most, memory_bytes(gateway))
    except OSError:
        pass  # it reads nothing, and is cut off
    assert len(open_runs(gateway)) <= 32
    peer.socket.close()
    wait_until(lambda: open_runs(gateway) == [], 10, "no open runs")
    wait_no_kernels(gateway)
    wait_until(lambda: descriptors(gateway) <= before[1] + 2, 10, "descriptors given back")
    assert max(most, memory_bytes(gateway)) - before[0] < 32 << 20
    check_whole(gateway)


def test_a_socket_that_is_cut_takes_its_run_back(gateway):
    key = gateway.mint_key("eve")
    for number in range(4):
        peer = shell(gateway, key)
        ask(peer, "time.sleep(60)")
        wait_running(gateway, 1)
        if number % 2:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.socket.shutdown(socket.SHUT_WR) if number == 2 else peer.socket.close()
        wait_until(lambda: open_runs(gateway) == [], 10, "its end")
        peer.socket.close()
    assert {event["reason"] for event in gateway.events("dispatch.completed")} == {"aborted"}
    wait_no_kernels(gateway)


def test_asked_to_end_with_fifty_sockets_and_stubborn_agents_it_does_in_time(gateway):
    keys = gateway.mint_key("eve"), gateway.mint_key("bob")
    peers = [shell(gateway, keys[number % 2]) for number in range(50)]
    for peer in peers[:8]:
        ask(peer, "signal.signal(15, signal.SIG_IGN); time.sleep(60)")
    wait_running(gateway, 8)
    for peer in peers[8:20]:
        ask(peer, "time.sleep(60)")
    wait_until(lambda: len(open_runs(gateway)) == 20, 5, "the others to wait")
    began = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - began < 10
    ended = gateway.events("dispatch.completed", "dispatch.rejected")
    reasons = Counter((event["type"], event["reason"]) for event in ended)
    assert reasons == {("dispatch.completed", "shutdown"): 8, ("dispatch.rejected", "shutdown"): 12}
    check_whole(gateway)


FLOODS = {
    "blank lines": "while True: raw('\\n' * 65_536)",
    "tiny tools": "while True: A(*[tool('x')] * 1000)",
    "standard error": "while True: os.write(2, b'x' * 65_536)",
    "identifiers": "[A(id=str(n) + 'i' * 100_000, usage={'input_tokens': 1}) for n in range(1000)]",
}


def test_agents_that_flood_slow_nobody_down_and_fill_no_memory(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": OBEDIENT, "DISPATCH_TIMEOUT": "2s"})
    key = ledger.mint_key("eve")
    memory = memory_bytes(ledger)
    for name, text in FLOODS.items():
        delays, most = [], 0
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(message, ledger, text, key) for _ in range(8)]
            while not all(one.done() for one in asked):
                began = time.monotonic()
                assert requests.get(f"{ledger.gateway_url}/health", timeout=10).status_code == 200
                delays.append(time.monotonic() - began)
                most = max(most, memory_bytes(ledger))
                time.sleep(0.02)
        delays.sort()
        grown = (most - memory) >> 20
        print(f"{name}: median {delays[len(delays) // 2]:.3f} s, worst {delays[-1]:.3f} s, +{grown} MiB")
        assert delays[len(delays) // 2] < 0.3 and grown < 128, name
    wait_no_kernels(ledger)
    ledger.run("verify")


def test_after_all_kinds_of_load_it_is_as_it_was(gateway):
    key = gateway.mint_key("eve")
    url, webhook = gateway.gateway_url, {"authorization": f"Bearer {SECRET}"}
    mine = {"authorization": f"Bearer {key}"}

    def load(number: int) -> None:
        match number % 7:
            case 0 | 1:
                texts = ("call()", "R(); sys.exit(1)", "raw('x')", "os.killpg(0, 9)", "A(say('x' * 99_999))")
                message(gateway, texts[number % 5], key)
            case 2:
                body = {"messages": [{"text": "R()"}, {"text": "die"}]}
                requests.post(f"{url}/api/batch", json=body, headers=mine, timeout=30)
            case 3:
                with shell(gateway, key) as peer:
                    ask(peer, "A(say('x')); R()")
                    peer.receive_text()
            case 4:
                alert = {"status": "firing", "labels": {"alertname": str(number)}}
                body = {"alerts": [{**alert, "startsAt": "2026-11-25T03:00:00Z"}]}
                requests.post(f"{url}/api/alert", json=body, headers=webhook, timeout=30)
            case 5:
                requests.get(f"{url}/api/logs?limit=1000", headers=mine, timeout=30)
            case 6:
                gateway.metrics_text("gateway")

    def state() -> tuple[int, int, int]:
        pid = gateway.process.pid
        return descriptors(gateway), len(os.listdir(f"/proc/{pid}/task")), len(descendants(pid))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(load, range(140)))
        wait_until(lambda: open_runs(gateway) == [], 10, "no open runs")
        wait_no_kernels(gateway)
        time.sleep(0.3)
        before, memory = state(), memory_bytes(gateway)
        until, number = time.monotonic() + SOAK_SECONDS, 0
        while time.monotonic() < until:
            list(pool.map(load, range(number, number + 70)))
            number += 70
    wait_until(lambda: open_runs(gateway) == [], 10, "no open runs")
    wait_no_kernels(gateway)
    # Connections that rest in a pool, one for each client at most, come and go; what leaks grows by hundreds.
    settled = (before[0] + CLIENTS, *before[1:])
    wait_until(
        lambda: all(now <= then for now, then in zip(state(), settled, strict=True)),
        20,
        f"{before}, as before",
    )
    grown = memory_bytes(gateway) - memory
    print(f"{number} requests in {SOAK_SECONDS} s; memory +{grown >> 10} KiB; {before}")
    assert grown < 24 << 20
    check_whole(gateway)
