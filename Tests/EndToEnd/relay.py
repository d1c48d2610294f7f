"""A relay between a program and PostgreSQL that knows where each message of the protocol begins and ends."""

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

CLIENT, SERVER = "client", "server"
PASS, CUT_BEFORE, CUT_AFTER = "pass", "cut before", "cut after"


@dataclass(frozen=True)
class Message:
    """One message; `kind` is its type byte, or `startup`."""

    connection: int  # 1, 2, 3 …
    sender: str
    number: int  # 1, 2, 3 … of this sender on this connection
    nth: int  # 1, 2, 3 … of this kind and sender on this connection
    kind: str
    data: bytes


class Relay:
    """Passes every connection on, message by message, and asks `rule` what to do with each.

    A rule may also block: what it holds back, and all that follows from that sender, waits. Beside the rule a
    line can be slow (`delay_seconds`, `bytes_per_second`), silent (`freeze`, until `thaw`) or `half_open`.
    """

    def __init__(self, server_socket, server_database: str):
        self.server_socket = str(server_socket)
        self.rule: Callable[[Message], str] = lambda message: PASS
        self.delay_seconds = 0.0
        self.bytes_per_second: float | None = None
        self.connections = 0
        self._flows = threading.Event()
        self._flows.set()
        self._open: set[tuple[socket.socket, socket.socket]] = set()
        self._silent: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        plain = "sslmode=disable&gssencmode=disable"
        self.url = f"postgresql://ledger@127.0.0.1:{port}/{server_database}?{plain}"
        threading.Thread(target=self._accept, daemon=True).start()

    # What a test does to the line

    def freeze(self) -> None:
        """Nothing passes any more, nobody is told."""
        self._flows.clear()

    def thaw(self) -> None:
        self._flows.set()

    def half_open(self) -> None:
        """The server sees every connection end; the clients are not told, now or later."""
        for client, server in self._take_open():
            self._silent.append(client)
            end(server)

    def drop(self) -> None:
        """Ends every connection on both sides."""
        for pair in self._take_open():
            for side in pair:
                end(side)

    def close(self) -> None:
        end(self._listener)
        self.thaw()
        self.drop()
        for client in self._silent:
            end(client)

    # How messages pass

    def _take_open(self) -> list[tuple[socket.socket, socket.socket]]:
        with self._lock:
            taken = list(self._open)
            self._open.clear()
        return taken

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            # Without it each small message would wait for the last one's acknowledgement.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._flows.wait()
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.server_socket)
            except OSError:
                end(client)
                continue
            pair = (client, server)
            with self._lock:
                self._open.add(pair)
                self.connections += 1
            for sender in (CLIENT, SERVER):
                threading.Thread(
                    target=self._pump, args=(pair, sender, self.connections), daemon=True
                ).start()

    def _pump(self, pair, sender: str, connection: int) -> None:
        source, sink = pair if sender == CLIENT else reversed(pair)
        kinds = Counter()
        try:
            for number, (kind, data) in enumerate(messages(source, starts_up=sender == CLIENT), start=1):
                kinds[kind] += 1
                decision = self.rule(Message(connection, sender, number, kinds[kind], kind, data))
                if decision != CUT_BEFORE:
                    self._pass(sink, data)
                if decision != PASS:
                    break
        except OSError:
            pass
        with self._lock:
            is_silent = pair not in self._open
            self._open.discard(pair)
        if not is_silent:
            end(source)
            end(sink)

    def _pass(self, sink: socket.socket, data: bytes) -> None:
        if self.delay_seconds:
            time.sleep(self.delay_seconds)
        for start in range(0, len(data), 8192):
            piece = data[start : start + 8192]
            if self.bytes_per_second:
                time.sleep(len(piece) / self.bytes_per_second)
            self._flows.wait()
            sink.sendall(piece)


def messages(source: socket.socket, starts_up: bool):
    """The messages that a socket brings; the client's first has no type."""
    if starts_up:
        length = receive(source, 4)
        if not length:
            return
        yield "startup", length + receive(source, struct.unpack("!i", length)[0] - 4)
    while header := receive(source, 5):
        body = receive(source, struct.unpack("!i", header[1:])[0] - 4)
        yield chr(header[0]), header + body


def receive(source: socket.socket, count: int) -> bytes:
    """Exactly so many bytes; none at the end of the connection."""
    found = bytearray()
    while len(found) < count:
        piece = source.recv(count - len(found))
        if not piece:
            return b""
        found += piece
    return bytes(found)


def end(side: socket.socket) -> None:
    """Also wakes a thread that waits on it."""
    try:
        side.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    side.close()
