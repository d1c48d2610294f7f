"""Clients that are slow, rude or many: each is bounded, none is read in two ways, the others go on."""

import json
import os
import resource
import socket
import struct
import threading
import time

import pytest
import requests
from processes import wait_until

GOOD = json.dumps(
    {"model": "claude-sonnet-4-6", "max_tokens": 20, "messages": [{"role": "user", "content": "Hello"}]}
).encode()


def connect(ledger, seconds: float = 10) -> socket.socket:
    return socket.create_connection(("127.0.0.1", ledger.ports["proxy"]), timeout=seconds)


def head(key: str, *fields: str, target: str = "POST /v1/messages", length: int | None = len(GOOD)) -> bytes:
    rows = [f"{target} HTTP/1.1", "host: x", f"x-api-key: {key}", *fields]
    if length is not None:
        rows.append(f"content-length: {length}")
    return "\r\n".join([*rows, "", ""]).encode()


def read_all(client: socket.socket) -> bytes:
    answer = b""
    try:
        while chunk := client.recv(65536):
            answer += chunk
    except ConnectionResetError:
        pass
    return answer


def call(ledger, key: str, **headers) -> requests.Response:
    return requests.post(
        f"{ledger.proxy_url}/v1/messages", data=GOOD, headers={"x-api-key": key, **headers}, timeout=20
    )


def memory_bytes(ledger) -> int:
    with open(f"/proc/{ledger.process.pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def descriptors(ledger) -> int:
    return len(os.listdir(f"/proc/{ledger.process.pid}/fd"))


def latencies(ledger, key: str, count: int) -> list[float]:
    session, found = requests.Session(), []
    for _ in range(count):
        began = time.monotonic()
        answer = session.post(
            f"{ledger.proxy_url}/v1/messages", data=GOOD, headers={"x-api-key": key}, timeout=20
        )
        assert answer.status_code == 200
        found.append(time.monotonic() - began)
    return sorted(found)


def test_two_thousand_idle_and_two_hundred_slow_clients_do_not_slow_a_healthy_one(journal_ledger):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    key = journal_ledger.mint_key("alice")
    calm = latencies(journal_ledger, key, 200)
    memory = memory_bytes(journal_ledger)
    held = []
    stop = threading.Event()

    def drip(slow: list[socket.socket]) -> None:
        while not stop.wait(0.5):
            for client in slow:
                try:
                    client.send(b"a")
                except OSError:
                    pass

    try:
        held = [connect(journal_ledger) for _ in range(2000)]
        slow = [connect(journal_ledger) for _ in range(200)]
        for client in slow[:100]:
            client.send(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-slow: ")
        for client in slow[100:]:
            client.send(head(key, length=1_000_000))
        held += slow
        dripping = threading.Thread(target=drip, args=(slow,))
        dripping.start()
        crowded = latencies(journal_ledger, key, 200)
        health = requests.get(f"{journal_ledger.proxy_url}/health", timeout=1)
        assert health.status_code == 200
        grown = memory_bytes(journal_ledger) - memory
        # Slow heads are given up after ten seconds, whatever drips in.
        wait_until(lambda: closed(slow[0]), 15, "the end of a slow head", journal_ledger.process, every=0.2)
    finally:
        stop.set()
        for client in held:
            client.close()
    p99, p99_calm = crowded[197], calm[197]
    print(f"p99 {p99_calm * 1e3:.1f} ms alone, {p99 * 1e3:.1f} ms in the crowd; memory +{grown >> 20} MiB")
    assert p99 < max(10 * p99_calm, 0.5)
    assert grown < 64 << 20
    wait_until(lambda: descriptors(journal_ledger) < 100, 10, "descriptors given back")


def closed(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        while client.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_heads_and_bodies_without_end_are_cut_off_and_memory_stays_flat(journal_ledger):
    key = journal_ledger.mint_key("alice")
    call(journal_ledger, key)
    memory = memory_bytes(journal_ledger)

    def flood(first: bytes, piece: bytes, total: int) -> bytes:
        with connect(journal_ledger) as client:
            try:
                client.sendall(first)
                for _ in range(total // len(piece)):
                    client.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass
            answer = read_all(client)
            # The answer may be lost with the connection; it is never a good one.
            assert not answer or answer[9:10] == b"4", answer[:200]
            return answer

    first = b"GET /health HTTP/1.1\r\nhost: x\r\nx-long: "
    flood(first, b"a" * 65536, 10 << 20)
    flood(b"GET /" + b"a" * 65536, b"a" * 65536, 10 << 20)
    chunked = head(key, "transfer-encoding: chunked", length=None)
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    flood(chunked, piece, 100 << 20)
    flood(head(key, length=33 << 20), b" " * 65536, 33 << 20)
    # A chunk's extension and size are part of the wire too.
    flood(chunked, b"1;" + b"x" * 65536, 10 << 20)
    # A body of the largest size allowed is no JSON: refused, and given back.
    assert b" 400 " in flood(head(key, "connection: close", length=32 << 20), b" " * 65536, 32 << 20)[:40]
    grown = memory_bytes(journal_ledger) - memory
    print(f"memory +{grown >> 20} MiB")
    assert grown < 100 << 20
    assert journal_ledger.events("call.reserved")[1:] == []
    assert call(journal_ledger, key).status_code == 200


REFUSED = {
    "an absolute address of another host": b"POST http://elsewhere.example/v1/messages HTTP/1.1\r\n",
    "CONNECT": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n",
    "no slash": b"POST v1/messages HTTP/1.1\r\n",
    "HTTP/2 by its preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.2": b"POST /v1/messages HTTP/1.2\r\n",
    "a bare CR in the target": b"POST /v1/mess\rages HTTP/1.1\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_odd_targets_reach_no_provider(journal_ledger, simulator, name):
    key = journal_ledger.mint_key("alice")
    fields = f"host: x\r\nx-api-key: {key}\r\ncontent-length: {len(GOOD)}\r\n\r\n".encode()
    with connect(journal_ledger) as client:
        client.sendall(REFUSED[name] + fields + GOOD)
        answer = read_all(client)
    assert answer.split(b" ")[1][:1] in (b"4", b"5"), answer[:200]
    assert simulator.records() == []


FRAMING = {
    "an unknown coding": ["transfer-encoding: xchunked"],
    "a coding before chunked": ["transfer-encoding: gzip, chunked"],
    "chunked twice": ["transfer-encoding: chunked", "transfer-encoding: chunked"],
    "a signed length": ["content-length: +5"],
    "a length with a tail": ["content-length: 5 5"],
    "a length list": ["content-length: 5, 5"],
    "a hexadecimal length": ["content-length: 0x5"],
    "a vertical tab": ["transfer-encoding: \x0bchunked"],
}


@pytest.mark.parametrize("name", FRAMING)
def test_a_body_whose_length_is_in_doubt_is_refused(journal_ledger, simulator, name):
    key = journal_ledger.mint_key("alice")
    with connect(journal_ledger) as client:
        client.sendall(head(key, *FRAMING[name], length=None) + GOOD)
        answer = read_all(client)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert simulator.records() == []


def test_two_calls_sent_ahead_are_two_calls_in_order(journal_ledger, simulator):
    key = journal_ledger.mint_key("alice")
    one = head(key, "x-session-id: one", "x-simulate-delay-ms: 200") + GOOD
    two = head(key, "x-session-id: two", "connection: close") + GOOD
    with connect(journal_ledger) as client:
        client.sendall(one + two)
        answer = read_all(client)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    ended = [event["sessionId"] for event in journal_ledger.events("call.settled")]
    assert ended == ["one", "two"] and len(simulator.records()) == 2


def test_a_client_that_closes_its_sending_half_gets_its_answer(journal_ledger):
    key = journal_ledger.mint_key("alice")
    with connect(journal_ledger) as client:
        client.sendall(head(key, "x-simulate-delay-ms: 200") + GOOD)
        client.shutdown(socket.SHUT_WR)
        assert b"HTTP/1.1 200 " in read_all(client)
    assert journal_ledger.events("call.settled")[0]["result"] == "ok"


def test_a_reset_in_the_middle_of_an_upload_is_no_call(journal_ledger, simulator):
    key = journal_ledger.mint_key("alice")
    for _ in range(20):
        client = connect(journal_ledger)
        client.sendall(head(key) + GOOD[:40])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    assert call(journal_ledger, key).status_code == 200
    assert len(journal_ledger.events("call.reserved")) == 1 == len(simulator.records())


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(journal_ledger):
    key = journal_ledger.mint_key("alice")
    with connect(journal_ledger) as client:
        client.sendall(head(key, "expect: 100-continue", "connection: close"))
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        client.sendall(GOOD)
        assert b"HTTP/1.1 200 " in read_all(client)


class Listener:
    """A provider that only writes down the bytes it is sent."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.heads: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                got = b""
                while b"\r\n\r\n" not in got:
                    got += client.recv(65536)
                self.heads.append(got.partition(b"\r\n\r\n")[0])
                body = b'{"type":"error","error":{"type":"x","message":"y"}}'
                client.sendall(
                    b"HTTP/1.1 400 Bad\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
                    % (len(body), body)
                )


def test_what_a_client_puts_in_its_head_does_not_become_another_head(make_ledger):
    listener = Listener()
    ledger = make_ledger(
        environment={
            "ANTHROPIC_API_URL": f"http://127.0.0.1:{listener.port}",
            "ANTHROPIC_API_KEY": "provider-key",
        }
    )
    key = ledger.mint_key("alice")
    sent = [
        f"authorization: Bearer {ledger.mint_key('bob')}",
        "connection: x-api-key, anthropic-version, x-hop",
        "x-hop: 1",
        "x-user: root",
        "x-forwarded-for: 10.0.0.1",
        "proxy-authorization: Basic x",
        "cookie: a=b",
        "te: trailers",
        "x-http-method-override: DELETE",
        "x-goog-fieldmask: candidates",
        "x-encoded: a%0d%0ax-injected: 1",
        "x-odd: a\x80b\tc",
    ]
    with connect(ledger) as client:
        client.sendall(head(key, *sent, "connection: close").replace(b"\xc2\x80", b"\x80") + GOOD)
        assert b" 400 " in read_all(client)[:20]
    for bad in (b"x-a: 1\rx-b: 2", b"x-a: 1\x002", b"x-a: 1\nx-b: 2"):
        with connect(ledger) as client:
            client.sendall(head(key)[:-2] + bad + b"\r\n\r\n" + GOOD)
            assert b" 400 " in read_all(client)[:20], bad
    listener.server.close()
    assert len(listener.heads) == 1
    fields = [line.partition(b":") for line in listener.heads[0].split(b"\r\n")[1:]]
    names = [name.lower() for name, _, _ in fields]
    assert names.count(b"x-api-key") == 1 and names.count(b"host") == 1
    assert (b"x-api-key", b"provider-key") in [(n.lower(), v.strip()) for n, _, v in fields]
    gone = {b"authorization", b"x-hop", b"x-user", b"x-forwarded-for", b"proxy-authorization", b"cookie"}
    gone |= {b"te", b"x-injected", b"x-http-method-override", b"x-goog-fieldmask"}
    assert not gone & set(names)
    assert b"sk-proxy-" not in listener.heads[0]
    # The first credential that is looked at decides, alone.
    assert {event["user"] for event in ledger.events("call.settled")} == {"alice"}


def test_a_wrong_key_is_not_rescued_by_a_right_one_beside_it(journal_ledger, simulator):
    key = journal_ledger.mint_key("alice")
    answer = call(journal_ledger, "sk-proxy-bob.AAAA", authorization=f"Bearer {key}")
    assert answer.status_code == 401
    for name in ("", "_other", "alice/../bob", "ali ce", "älice", "a" * 129, "alice\n", "alice\x00"):
        forged = f"sk-proxy-{name}.{key.rpartition('.')[2]}".encode()
        with connect(journal_ledger) as client:
            client.sendall(head("K", "connection: close").replace(b"K", forged, 1) + GOOD)
            assert read_all(client)[9:12] in (b"401", b"400"), name
    for name in ("", "_other", "ali ce", "älice", "a" * 129):
        assert journal_ledger.run("keys", "mint", name, check=False).returncode == 64, name
    assert simulator.records() == []


PATHS = [
    "/usage/../summary",
    "/usage/..%2fsummary",
    "/usage/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/usage/alice%00",
    "/usage/bob",
    "/usage/",
    "/usage/%ff",
    "/usage/summary",
    "/usage/alice/",
    "/quotas/alice",
    "/quotas/..%2fbob",
]


def test_one_user_s_key_opens_no_other_door(journal_ledger):
    key = journal_ledger.mint_key("alice")
    assert call(journal_ledger, journal_ledger.mint_key("bob")).status_code == 200
    bodies = set()
    for path in PATHS:
        with connect(journal_ledger) as client:
            client.sendall(head(key, "connection: close", target=f"GET {path}", length=None))
            answer = read_all(client)
        assert answer[9:12] in (b"400", b"401", b"403", b"404", b"405"), (path, answer[:200])
        assert b"bob" not in answer and b"root:" not in answer
    # Whether a user exists cannot be told from the refusal.
    for name in ("bob", "nobody"):
        answer = requests.get(
            f"{journal_ledger.proxy_url}/usage/{name}", headers={"x-api-key": key}, timeout=5
        )
        bodies.add((answer.status_code, answer.text.replace(name, "?")))
    assert len(bodies) == 1
    mine = requests.get(f"{journal_ledger.proxy_url}/usage/alice", headers={"x-api-key": key}, timeout=5)
    assert mine.status_code == 200
