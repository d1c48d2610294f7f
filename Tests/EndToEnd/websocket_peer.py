"""A WebSocket client whose frames are written byte by byte, and whose answers `websockets` reads."""

import socket
from collections import deque
from typing import Self

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

TEXT, BINARY, CONTINUATION = 1, 2, 0
CLOSE, PING, PONG = 8, 9, 10
MASK = bytes.fromhex("37fa213d")


def frame(
    opcode: int, payload: bytes = b"", fin: bool = True, reserved: int = 0, masked: bool = True
) -> bytes:
    """A client's frame, right or wrong."""
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    size, flag = len(payload), 0x80 if masked else 0
    if size < 126:
        head += bytes([flag | size])
    elif size < 65_536:
        head += bytes([flag | 126]) + size.to_bytes(2)
    else:
        head += bytes([flag | 127]) + size.to_bytes(8)
    if not masked:
        return head + payload
    pad = MASK * (size // 4 + 1)
    mixed = int.from_bytes(payload) ^ int.from_bytes(pad[:size])
    return head + MASK + mixed.to_bytes(size)


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2) + reason)


def fragments(payload: bytes, size: int) -> list[bytes]:
    """A text in frames of `size` bytes each."""
    parts = [payload[start : start + size] for start in range(0, len(payload), size)]
    last = len(parts) - 1
    return [frame(CONTINUATION if i else TEXT, part, fin=i == last) for i, part in enumerate(parts)]


class Peer:
    """One connection: it never answers by itself, but to a close frame."""

    def __init__(
        self, port: int, headers: dict[str, str] | None = None, receive_buffer: int = 0, seconds: float = 10
    ):
        self.socket = socket.socket()
        self.socket.settimeout(seconds)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/ws"), max_size=None)
        self.waiting: deque = deque()
        request = self.protocol.connect()
        request.headers.update(Headers(headers or {}))
        self.protocol.send_request(request)
        self._flush()
        self.response: Response = self._next()
        self.handshake_error = self.protocol.handshake_exc

    def send(self, *frames: bytes) -> None:
        self.socket.sendall(b"".join(frames))

    def send_text(self, text: str) -> None:
        self.send(frame(TEXT, text.encode()))

    def receive(self) -> Frame | None:
        """The next frame; None at the end of the connection."""
        return self._next()

    def receive_text(self) -> str:
        """The next text; other frames are passed over."""
        while (got := self.receive()) is not None:
            if got.opcode is Opcode.TEXT:
                return got.data.decode()
        raise EOFError("the connection ended before a text came")

    def receive_all(self) -> tuple[list[Frame], int | None]:
        """Everything up to a close frame, and its code: 1005 when it names none, None when none came."""
        frames = []
        while (got := self.receive()) is not None:
            if got.opcode is Opcode.CLOSE:
                return frames, int.from_bytes(got.data[:2]) if got.data else 1005
            frames.append(got)
        return frames, None

    def disappear(self) -> None:
        """Closes the socket without a word."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def _next(self):
        while not self.waiting:
            try:
                data = self.socket.recv(65_536)
            except ConnectionResetError:
                return None
            if data:
                self.protocol.receive_data(data)
            else:
                self.protocol.receive_eof()
            self.waiting.extend(self.protocol.events_received())
            if not data and not self.waiting:
                return None
        return self.waiting.popleft()

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.socket.sendall(data)
