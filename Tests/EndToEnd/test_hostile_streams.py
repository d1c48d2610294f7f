"""Streams whose client does not read or leaves, or whose provider breaks: settled at their true use."""

import json
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from pricing import when
from processes import wait_until
from test_hostile_http import connect, descriptors, head, memory_bytes

STREAM = json.dumps(
    {
        "model": "claude-sonnet-4-6",
        "max_tokens": 4_000_000,
        "stream": True,
        "messages": [{"role": "user", "content": "Hello"}],
    }
).encode()


class LongProvider:
    """A provider whose every stream is 24 MB long, or as many pieces of 4 kB; counts what was taken of it."""

    def __init__(self, pieces: int = 6000):
        self.pieces = pieces
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.taken = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            got = b""
            while b'"Hello"' not in got:
                got += client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
            message = {"id": "m", "model": "claude-sonnet-4-6", "usage": {"input_tokens": 9}}
            self._send(client, {"type": "message_start", "message": message})
            delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x" * 3900}}
            for _ in range(self.pieces):
                self._send(client, delta)
            self._send(client, {"type": "message_delta", "usage": {"output_tokens": 777}, "delta": {}})
            self._send(client, {"type": "message_stop"})

    def _send(self, client: socket.socket, event: dict) -> None:
        data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        client.sendall(data)
        self.taken += len(data)  # by several threads, so a lower bound; exact enough to tell a pause


def kernel_buffers() -> int:
    """What the kernel may hold of one stream on its way, and two megabytes: a busy machine lets it grow."""
    largest = {
        name: int(Path(f"/proc/sys/net/ipv4/tcp_{name}").read_text().split()[2]) for name in ("rmem", "wmem")
    }
    return largest["rmem"] + 2 * largest["wmem"] + 2_000_000


def test_a_client_that_never_reads_stops_the_provider_and_costs_little_memory(make_ledger):
    provider = LongProvider(pieces=kernel_buffers() // 4_000 * 5 // 4)
    ledger = make_ledger(environment={"ANTHROPIC_API_URL": provider.url, "ANTHROPIC_API_KEY": "x"})
    key = ledger.mint_key("alice")
    memory = memory_bytes(ledger)
    held = []
    for _ in range(8):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", ledger.ports["proxy"]))
        client.sendall(head(key, length=len(STREAM)) + STREAM)
        held.append(client)
    wait_until(lambda: len(ledger.events("call.reserved")) == 8, 20, "the calls")
    # Paused: no processor time is taken by it any more, although the providers have more.
    wait_until(lambda: is_idle(ledger.process.pid), 30, "the pause", every=0.1)
    taken, grown = provider.taken, memory_bytes(ledger) - memory
    print(f"8 streams that nobody reads: {taken / 1e6:.1f} MB taken, memory +{grown / 1e6:.1f} MB")
    assert taken < 8 * kernel_buffers(), "the provider was not held back"
    assert grown < 48 << 20
    for client in held:
        client.close()
    settled = ledger.wait_settled(8, 60)
    assert all(e["result"] == "aborted" and e["tokensOut"] == 777 for e in settled)
    assert all(e["costState"] == "priced" for e in settled)
    grown = memory_bytes(ledger) - memory
    print(f"after the drain: {provider.taken / 1e6:.1f} MB taken, memory +{grown / 1e6:.1f} MB")
    assert grown < 48 << 20
    provider.server.close()


def test_clients_that_reset_large_streams_do_not_end_the_program(make_ledger):
    provider = LongProvider(pieces=300)
    ledger = make_ledger(environment={"ANTHROPIC_API_URL": provider.url, "ANTHROPIC_API_KEY": "x"})
    key = ledger.mint_key("alice")

    def hang_up(number: int) -> None:
        with connect(ledger) as client:
            client.sendall(head(key, length=len(STREAM)) + STREAM)
            got = 0
            while got < number * 8_000 and (chunk := client.recv(65536)):
                got += len(chunk)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hang_up, range(120)))
    settled = ledger.wait_settled(len(ledger.events("call.reserved")), 30)
    assert len(settled) >= 100 and ledger.process.is_running
    assert all(e["tokensOut"] == 777 for e in settled if e.get("providerRequestId"))
    provider.server.close()


def is_idle(*pids: int) -> bool:
    def ticks() -> int:
        return sum(
            sum(map(int, open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[11:13])) for pid in pids
        )

    before = ticks()
    time.sleep(0.3)
    return ticks() - before <= 2


def test_two_hundred_hang_ups_are_settled_at_the_provider_s_own_figures(
    journal_ledger, simulator, price_book
):
    key = journal_ledger.mint_key("alice")
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    plans = [(chance.random() < 0.5, chance.uniform(0, 3000), chance.random() < 0.5) for _ in range(200)]

    def hang_up(plan: tuple[bool, float, bool]) -> None:
        is_openai, bytes_read, is_reset = plan
        target = "POST /v1/chat/completions" if is_openai else "POST /v1/messages"
        body = STREAM if not is_openai else STREAM.replace(b"claude-sonnet-4-6", b"gpt-4o-mini")
        body = body.replace(b"4000000", b"4000")
        fields = ["x-simulate-output-tokens: 60", "x-simulate-chunk-delay-ms: 1"]
        with connect(journal_ledger) as client:
            client.sendall(head(key, *fields, target=target, length=len(body)) + body)
            got = 0
            while got < bytes_read and (chunk := client.recv(1024)):
                got += len(chunk)
            if is_reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(hang_up, plans))
    reserved = wait_until(
        lambda: len(journal_ledger.events("call.reserved")) >= 150 and journal_ledger.events("call.reserved"),
        20,
        "calls",
    )
    settled = {e["callId"]: e for e in journal_ledger.wait_settled(len(reserved), 30)}
    assert set(settled) == {event["callId"] for event in journal_ledger.events("call.reserved")}
    served = simulator.records_by_id()
    sent = [event for event in settled.values() if event.get("providerRequestId")]
    assert len(sent) == len(served) >= 150
    for event in sent:
        bill = price_book.bill(served[event["providerRequestId"]], when(served[event["providerRequestId"]]))
        assert event["costUsd"] == bill.cost and event["costState"] == "priced"
    # A client that closes in good order, near the end, may look like one that only sends no more.
    aborted = sum(event["result"] == "aborted" for event in sent)
    print(f"{aborted} of {len(sent)} aborted")
    assert aborted >= 0.9 * len(sent)
    # Left before it was sent: nothing used, nothing counted.
    assert all(e["costUsd"] == 0 and e["result"] == "aborted" for e in settled.values() if e not in sent)
    assert len(settled) - len(sent) + len(served) == len(settled)
    assert requests.get(f"{journal_ledger.proxy_url}/health", timeout=1).status_code == 200
    wait_until(lambda: descriptors(journal_ledger) < 150, 10, "descriptors given back")


FAULTS = ("reset-mid-stream truncate bad-content-length error-midstream malformed-sse no-usage").split()


@pytest.mark.parametrize("api", ["/v1/messages", "/v1/chat/completions"])
def test_a_provider_that_breaks_off_is_never_free_and_never_above_the_reservation(
    journal_ledger, simulator, price_book, api
):
    key = journal_ledger.mint_key("alice")
    model = {"/v1/messages": "claude-sonnet-4-6", "/v1/chat/completions": "gpt-4o-mini"}[api]
    for stream in (True, False):
        for fault in FAULTS:
            body = {
                "model": model,
                "max_tokens": 200,
                "stream": stream,
                "messages": [{"role": "user", "content": "Hello"}],
            }
            headers = {"x-api-key": key, "x-simulate-fault": fault, "x-session-id": f"{fault}-{stream}"}
            try:
                requests.post(f"{journal_ledger.proxy_url}{api}", json=body, headers=headers, timeout=10)
            except requests.RequestException:
                pass
    settled = journal_ledger.wait_settled(2 * len(FAULTS))
    reserved = {event["callId"]: event for event in journal_ledger.events("call.reserved")}
    for event in settled:
        session = reserved[event["callId"]]["sessionId"]
        assert 0 < event["costUsd"] <= reserved[event["callId"]]["reservedUsd"], session
    true = sum(price_book.bill(record, when(record)).cost for record in simulator.records())
    charged = sum(event["costUsd"] for event in settled)
    print(f"{api}: {charged} counted, {true} billed")
    assert charged >= true


def test_a_provider_that_is_silent_is_given_up_when_its_client_leaves_and_the_program_ends(journal_ledger):
    key = journal_ledger.mint_key("alice")
    body = STREAM.replace(b"4000000", b"400")
    for _ in range(5):
        client = connect(journal_ledger)
        client.sendall(head(key, "x-simulate-fault: hang", length=len(body)) + body)
        client.recv(100)
        client.close()
    began = time.monotonic()
    assert journal_ledger.stop() == 0
    print(f"ended in {time.monotonic() - began:.1f} s")
    assert time.monotonic() - began < 11
    ended = journal_ledger.events("call.settled")
    assert len(ended) == 5
    assert all(e["costUsd"] > 0 and e["costState"] == "estimated" for e in ended)
    assert {e["result"] for e in ended} == {"aborted"}


def test_a_name_that_is_looked_up_in_vain_holds_up_only_its_own_call(binary, folder):
    program = Path(__file__).with_name("silent_resolver.py")
    run = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, program, binary, folder],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["status"] == 504
    # The system's resolver is not done before twenty seconds have passed, ten after the call was given up.
    assert told["slowest"] < 5
