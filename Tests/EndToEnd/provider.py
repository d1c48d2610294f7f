"""A provider whose every answer a test writes, byte for byte, for what the simulator never says."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """One answer: a JSON value, or the events of a stream."""

    body: dict | None = None
    events: list[dict | str] | None = None
    status: int = 200

    def content(self) -> tuple[str, bytes]:
        if self.events is None:
            return "application/json", json.dumps(self.body).encode()
        return "text/event-stream", b"".join(frame(event) for event in self.events)


@dataclass
class Asked:
    """One request as it reached the provider."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    noted: object = None

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass
class Provider:
    """Gives the answers in turn, the last one again and again; `note` is asked at each request."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    note: object = None

    def __post_init__(self):
        provider, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                noted = provider.note() if provider.note else None
                headers = {name.lower(): value for name, value in self.headers.items()}
                with lock:
                    answer = provider.answers.pop(0) if len(provider.answers) > 1 else provider.answers[0]
                    provider.asked.append(Asked(self.command, self.path, headers, body, noted))
                kind, content = answer.content()
                self.send_response(answer.status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                """Nothing: the test has the requests."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self) -> dict[str, str]:
        """What makes a ledger take this for all of its providers."""
        names = ("ANTHROPIC", "OPENAI", "GEMINI")
        return {f"{name}_API_URL": self.url for name in names} | {
            f"{name}_API_KEY": "scripted" for name in names
        }

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def frame(event: dict | str) -> bytes:
    """One server-sent event; Anthropic's carry their type as their name."""
    if isinstance(event, str):
        return f"data: {event}\n\n".encode()
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()


def message(usage: dict, model: str = "claude-haiku-4-5", **more) -> Answer:
    """A whole answer of Anthropic's."""
    return Answer(
        {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_reason": "end_turn"}
        | {"content": [{"type": "text", "text": "Hello"}], "usage": usage}
        | more
    )


def chat(usage: dict | None, model: str = "gpt-4o-mini", **more) -> Answer:
    """A whole answer of OpenAI's chat."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}
    body = {"id": "chatcmpl-213", "object": "chat.completion", "model": model, "choices": [choice]}
    return Answer(body | ({"usage": usage} if usage is not None else {}) | more)
