"""The Gateway's WebSocket, before a client that knows the protocol and one that breaks it."""

import asyncio
import json
import time
from pathlib import Path

import pytest
import requests
import websocket_cases
import websockets
from websocket_peer import PING, Peer, frame
from websockets.frames import Opcode

SECRET = "a webhook secret of the tests"


@pytest.fixture(scope="module")
def gateway(binary, tmp_path_factory):
    """One Gateway for all cases: each has a connection of its own."""
    from ledger import Ledger

    ledger = Ledger(
        binary,
        tmp_path_factory.mktemp("ws"),
        services=("gateway",),
        environment={"ALERT_WEBHOOK_SECRET": SECRET},
    )
    ledger.start()
    yield ledger
    ledger.stop()


@pytest.fixture(scope="module")
def key(gateway) -> str:
    return gateway.mint_key("ann")


def connect(gateway, key: str, **options) -> Peer:
    """A shell of the key's user, its `ready` taken."""
    peer = Peer(gateway.ports["gateway"], {"authorization": f"Bearer {key}"}, **options)
    assert peer.handshake_error is None, peer.response
    assert json.loads(peer.receive_text())["type"] == "ready"
    return peer


@pytest.mark.parametrize("case", websocket_cases.ALL, ids=str)
def test_frames_are_answered_as_the_protocol_says(gateway, key, case):
    with connect(gateway, key) as peer:
        data = b"".join(case.sends)
        if case.octets:
            for octet in data:
                peer.send(bytes([octet]))
        else:
            peer.send(data)
        frames, code = peer.receive_all()
        assert [got.data.decode() for got in frames if got.opcode is Opcode.TEXT] == case.answers
        assert [bytes(got.data) for got in frames if got.opcode is Opcode.PONG] == case.pongs
        assert code == case.code
        assert peer.receive() is None  # and the connection ends


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer sk-proxy-ann.wrong"}, 401),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
    ids=["no key", "a wrong key", "another site", "a page without an origin"],
)
def test_strangers_are_refused_before_the_upgrade(gateway, key, headers, status):
    if status == 403:
        headers = {"authorization": f"Bearer {key}", **headers}
    with Peer(gateway.ports["gateway"], headers) as peer:
        assert peer.response.status_code == status
        assert peer.response.headers["content-type"] == "application/problem+json"


def test_a_user_has_at_most_32_shells(gateway):
    key = gateway.mint_key("crowd")
    peers = [connect(gateway, key) for _ in range(32)]
    try:
        with Peer(gateway.ports["gateway"], {"authorization": f"Bearer {key}"}) as full:
            assert full.response.status_code == 503
            assert int(full.response.headers["retry-after"]) > 0
    finally:
        for peer in peers:
            peer.disappear()
    with connect(gateway, gateway.mint_key("other")):
        pass


def test_two_hundred_clients_twenty_of_which_never_read(gateway):
    """The twenty are dropped, the others get every alert; nothing is left, and little memory was needed."""
    keys = [gateway.mint_key(f"reader{number}") for number in range(10)]
    before = memory(gateway)
    wait_connections(gateway, 0)
    slow_before = gateway.sample("gateway_ws_slow_readers_total", "gateway") or 0
    slow = [connect(gateway, gateway.mint_key("slow"), receive_buffer=4096) for _ in range(20)]
    asyncio.run(read_alerts(gateway, keys, slow))
    for peer in slow:
        peer.disappear()
    wait_connections(gateway, 0)
    assert gateway.sample("gateway_ws_slow_readers_total", "gateway") - slow_before == 20
    # Twenty queues of a mebibyte, two hundred sockets, and the allocator's share.
    assert memory(gateway) - before < 64 * 1024 * 1024


async def read_alerts(
    gateway, keys: list[str], slow: list[Peer], clients: int = 180, alerts: int = 40
) -> None:
    url = f"ws://127.0.0.1:{gateway.ports['gateway']}/ws"
    readers = [
        await websockets.connect(
            url, additional_headers={"authorization": f"Bearer {keys[number % len(keys)]}"}, compression=None
        )
        for number in range(clients)
    ]
    for reader in readers:
        assert json.loads(await reader.recv())["type"] == "ready"
    wait_connections(gateway, clients + len(slow))
    reading = [asyncio.create_task(names(reader, alerts)) for reader in readers]
    await asyncio.to_thread(post_alerts, gateway, range(alerts // 2))
    were_cut = await asyncio.gather(*(asyncio.to_thread(flood, peer) for peer in slow))
    assert all(were_cut), "a client that never reads was never dropped"
    await asyncio.to_thread(wait_connections, gateway, clients)
    await asyncio.to_thread(post_alerts, gateway, range(alerts // 2, alerts))
    expected = [f"Alert{number}" for number in range(alerts)]
    for got in await asyncio.wait_for(asyncio.gather(*reading), 30):
        assert got == expected
    for reader in readers:
        await reader.close()
        assert reader.close_code == 1000


async def names(reader, count: int) -> list[str]:
    return [json.loads(await reader.recv())["name"] for _ in range(count)]


def flood(peer: Peer) -> bool:
    """Asks and asks, and reads nothing; whether the connection was cut for it."""
    pings = frame(PING, b"x" * 125) * 1_000
    try:
        for _ in range(500):
            peer.send(pings)
    except OSError:
        return True
    return False


def post_alerts(gateway, numbers) -> None:
    for number in numbers:
        alert = {
            "status": "firing", "fingerprint": f"{time.time_ns():x}", "startsAt": "2026-11-24T22:00:00Z",
            "labels": {"alertname": f"Alert{number}"}, "annotations": {"summary": "s" * 200},
        }  # fmt: skip
        answer = requests.post(
            f"{gateway.gateway_url}/api/alert",
            json={"version": "4", "status": "firing", "alerts": [alert]},
            headers={"authorization": f"Bearer {SECRET}"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["recorded"] == 1


def wait_connections(gateway, count: int, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while (now := gateway.sample("gateway_ws_connections_active", "gateway")) != count:
        assert time.monotonic() < end, f"{now} connections are open, not {count}"
        time.sleep(0.05)


def memory(gateway) -> int:
    """The most bytes of memory that the program has had."""
    for line in Path(f"/proc/{gateway.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def test_a_message_is_answered_and_recorded(make_ledger):
    """Through the messages kernel, the Proxy and the simulator: what the shell shows is what is recorded."""
    ledger = make_ledger(environment={"LEDGER_KERNEL": "messages:claude-sonnet-4-6"})
    with connect(ledger, ledger.mint_key("ann"), seconds=30) as peer:
        peer.send_text(json.dumps({"type": "message", "text": "hello", "id": "mine"}))
        told = []
        while not told or told[-1]["type"] not in ("result", "error"):
            told.append(json.loads(peer.receive_text()))
        kinds = [message["type"] for message in told]
        assert kinds[:2] == ["queued", "init"], told
        assert kinds[-1] == "result", told
        result = told[-1]
        assert "".join(m["text"] for m in told if m["type"] == "text") == result["text"] != ""
        assert result["id"] == "mine" and {m["dispatchId"] for m in told} == {result["dispatchId"]}
        (event,) = ledger.events("dispatch.completed")
        for name in ("dispatchId", "sessionId", "result", "tokensIn", "tokensOut", "billing"):
            assert event[name] == result[name], name
        assert event["source"] == "web" and result["today"]["dispatches"] == 1


def test_a_shell_that_leaves_takes_its_run_back(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": "command:sleep 60"})
    with connect(ledger, ledger.mint_key("ann")) as peer:
        peer.send_text('{"type":"message","text":"hello"}')
        assert json.loads(peer.receive_text())["type"] == "queued"
        peer.disappear()
    end = time.monotonic() + 20
    while not (events := ledger.events("dispatch.completed", "dispatch.rejected")):
        assert time.monotonic() < end, "the run was never taken back"
        time.sleep(0.05)
    assert [event.get("result", "aborted") for event in events] == ["aborted"]


def test_the_gateway_says_goodbye_when_it_stops(make_ledger):
    ledger = make_ledger(services=("gateway",))
    with connect(ledger, ledger.mint_key("ann")) as peer:
        ledger.process.signal(15)
        assert peer.receive_all()[1] == 1001
