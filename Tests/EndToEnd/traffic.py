"""Many calls at once, each with the client's own record of what it sent and what it got."""

import asyncio
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import anthropic
import requests


@dataclass
class Sent:
    """One call as its client saw it; `session` is the mark by which its events are found."""

    session: str
    streamed: bool
    outcome: str = "unknown"  # complete, refused, failed or unknown
    status: int = 0
    answer_id: str = ""
    headers: dict = field(default_factory=dict)


class Load:
    """Clients that call without a pause until they are told to stop."""

    def __init__(self, ledger, key: str, clients: int = 8, model: str = "claude-sonnet-4-6", headers=None):
        self.ledger = ledger
        self.key = key
        self.model = model
        self.headers = headers or {}
        self.calls: list[Sent] = []
        self.latencies: list[float] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(clients)
        self._clients = clients
        self._running = []

    def __enter__(self) -> "Load":
        self._running = [self._pool.submit(self._client, number) for number in range(self._clients)]
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for client in self._running:
            client.result(30)
        self._pool.shutdown()

    def _client(self, number: int) -> None:
        session = requests.Session()
        turn = number
        while not self._stop.is_set():
            turn += 1
            sent = Sent(str(uuid.uuid4()), streamed=turn % 2 == 0)
            with self._lock:
                self.calls.append(sent)
            self._call(session, sent)
            if sent.outcome != "complete":
                # A refused connection answers at once: do not spin while the ledger is away.
                self._stop.wait(0.01)

    def _call(self, session: requests.Session, sent: Sent) -> None:
        body = {
            "model": self.model,
            "max_tokens": 64,
            "stream": sent.streamed,
            "messages": [{"role": "user", "content": f"Hello from {sent.session}"}],
        }
        headers = {
            "x-api-key": self.key,
            "anthropic-version": "2023-06-01",
            "x-session-id": sent.session,
            **self.headers,
        }
        began = time.monotonic()
        try:
            answer = session.post(
                f"{self.ledger.proxy_url}/v1/messages", json=body, headers=headers, timeout=20
            )
        except requests.RequestException:
            return
        sent.status, sent.headers = answer.status_code, dict(answer.headers)
        if answer.status_code != 200:
            sent.outcome = "refused" if answer.status_code == 429 else "failed"
            return
        if sent.streamed:
            # Without its last event a stream was cut: the client has no whole answer.
            if b"message_stop" not in answer.content:
                return
            sent.answer_id = answer.text.partition('"id":"')[2].partition('"')[0]
        else:
            sent.answer_id = answer.json()["id"]
        sent.outcome = "complete"
        with self._lock:
            self.latencies.append(time.monotonic() - began)

    @property
    def complete(self) -> list[Sent]:
        return [call for call in self.calls if call.outcome == "complete"]


async def storm(ledger, key: str, calls: int, max_tokens: int, headers=None) -> tuple[int, int]:
    """Starts `calls` calls at once by the real SDK: how many were answered, how many RateLimitErrors."""
    answered = refused = 0
    async with anthropic.AsyncAnthropic(api_key=key, base_url=ledger.proxy_url, timeout=120) as client:

        async def one() -> None:
            nonlocal answered, refused
            try:
                await client.messages.create(
                    model="claude-sonnet-4-6",
                    max_tokens=max_tokens,
                    extra_headers=headers or {},
                    messages=[{"role": "user", "content": "Hello"}],
                )
                answered += 1
            except anthropic.RateLimitError:
                refused += 1

        await asyncio.gather(*(one() for _ in range(calls)))
    return answered, refused
