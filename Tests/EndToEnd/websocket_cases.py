"""What a WebSocket server must do with frames: the cases of the Autobahn test suite, by their numbers.

Where Autobahn waits for an echo, the shell's own words stand in: `{"type":"ping"}`, padded or cut into
fragments at will, is answered with `{"type":"pong"}`. Binary messages are refused, as this server takes none.
"""

from dataclasses import dataclass, field

from websocket_peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, fragments, frame

ASK = b'{"type":"ping"}'
ANSWER = '{"type":"pong"}'
NO_CODE = 1005


@dataclass
class Case:
    name: str
    sends: list[bytes]
    code: int
    answers: list[str] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    octets: bool = False  # sent one byte at a time

    def __str__(self) -> str:
        return self.name


def ends_well(name: str, sends: list[bytes], answers: int = 0, pongs=(), octets: bool = False) -> Case:
    """A case that goes on to the end, which is a close by the client."""
    return Case(name, [*sends, close_frame(1000)], 1000, [ANSWER] * answers, list(pongs), octets)


def breaks(name: str, *sends: bytes, code: int = 1002, answers: int = 0, pongs=()) -> Case:
    """A case that the server ends; what follows the breach is never answered."""
    return Case(name, [*sends, frame(TEXT, ASK), frame(PING, b"late")], code, [ANSWER] * answers, list(pongs))


def padded(size: int) -> bytes:
    return ASK + b" " * (size - len(ASK))


def noted(text: bytes) -> bytes:
    """A ping with a remark, which JSON readers pass over but must be UTF-8."""
    return b'{"type":"ping","remark":"' + text + b'"}'


def one_by_one(payload: bytes) -> list[bytes]:
    return fragments(payload, 1)


HELLO = b"Hello, world!"
MESSAGES = [
    *(
        ends_well(f"1.1 a text of {size} bytes", [frame(TEXT, padded(size))], 1)
        for size in (15, 125, 126, 127, 128, 65_535, 65_536)
    ),
    ends_well("1.1.8 a text of 65,536 bytes, in octets by 997", fragments(padded(65_536), 997), 1),
    breaks("1.2 an empty binary message", frame(BINARY), code=1003),
    breaks("1.2 a binary message", frame(BINARY, b"\xfe" * 127), code=1003),
    breaks("1.2 a binary message in fragments", frame(BINARY, b"\x01", fin=False), code=1003),
]
PINGS = [
    ends_well("2.1 an empty ping", [frame(PING)], pongs=[b""]),
    ends_well("2.2 a ping with a text", [frame(PING, HELLO)], pongs=[HELLO]),
    ends_well(
        "2.3 a ping with bytes",
        [frame(PING, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff")],
        pongs=[b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"],
    ),
    ends_well("2.4 a ping of 125 bytes", [frame(PING, b"\xfe" * 125)], pongs=[b"\xfe" * 125]),
    breaks("2.5 a ping of 126 bytes", frame(PING, b"\xfe" * 126)),
    ends_well(
        "2.6 a ping of 125 bytes, in octets", [frame(PING, b"\xfe" * 125)], pongs=[b"\xfe" * 125], octets=True
    ),
    ends_well("2.7 an unsolicited pong", [frame(PONG)]),
    ends_well("2.8 an unsolicited pong with a text", [frame(PONG, HELLO)]),
    ends_well("2.9 an unsolicited pong before a ping", [frame(PONG, HELLO), frame(PING, b"a")], pongs=[b"a"]),
    ends_well(
        "2.10 ten pings", [frame(PING, b"%d" % i) for i in range(10)], pongs=[b"%d" % i for i in range(10)]
    ),
    ends_well(
        "2.11 ten pings, in octets",
        [frame(PING, b"%d" % i) for i in range(10)],
        pongs=[b"%d" % i for i in range(10)],
        octets=True,
    ),
]
RESERVED = [
    breaks("3.1 a reserved bit, at once", frame(TEXT, ASK, reserved=1)),
    breaks("3.2 a reserved bit after a text", frame(TEXT, ASK), frame(TEXT, ASK, reserved=2), answers=1),
    breaks("3.5 reserved bits in a binary message", frame(BINARY, b"\xff" * 8, reserved=5)),
    breaks("3.6 reserved bits in a ping", frame(PING, HELLO, reserved=6)),
    breaks("3.7 reserved bits in a close", frame(CLOSE, b"\x03\xe8", reserved=7)),
    breaks("RSV1 as of permessage-deflate", frame(TEXT, b"\xca\xc9\xc9\x07\x00", reserved=4)),
    *(
        breaks(f"4.{1 if code < 8 else 2} opcode {code}", frame(code))
        for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    ),
    *(breaks(f"4.x opcode {code} with a payload", frame(code, HELLO)) for code in (3, 7, 11, 15)),
    breaks("4.x opcode 5 between texts", frame(TEXT, ASK), frame(5), answers=1),
    breaks("a frame without a mask", frame(TEXT, ASK, masked=False)),
    breaks("an empty frame without a mask", frame(TEXT, masked=False)),
    breaks("a ping without a mask", frame(PING, HELLO, masked=False)),
    breaks("a close without a mask", frame(CLOSE, b"\x03\xe8", masked=False)),
    breaks("a length of 16 bits that 7 hold", b"\x81\xfe\x00\x7d" + b"\x00" * 5),
    breaks("a length of 64 bits that 16 hold", b"\x81\xff" + (65_535).to_bytes(8) + b"\x00" * 5),
    breaks("a length of 64 bits, all used", b"\x81\xff" + b"\xff" * 8 + b"\x00" * 5),
]
FRAGMENTS = [
    breaks("5.1 a ping in fragments", frame(PING, b"a", fin=False), frame(CONTINUATION, b"b")),
    breaks("5.2 a pong in fragments", frame(PONG, b"a", fin=False), frame(CONTINUATION, b"b")),
    ends_well("5.3 a text in two fragments", fragments(ASK, 8), 1),
    ends_well("5.5 a text in two fragments, in octets", fragments(ASK, 8), 1, octets=True),
    ends_well(
        "5.6 a ping between fragments",
        [fragments(ASK, 8)[0], frame(PING, b"x"), fragments(ASK, 8)[1]],
        1,
        [b"x"],
    ),
    ends_well(
        "5.8 a ping between fragments, in octets",
        [fragments(ASK, 8)[0], frame(PING, b"x"), fragments(ASK, 8)[1]],
        1,
        [b"x"],
        octets=True,
    ),
    breaks("5.9 a continuation of nothing", frame(CONTINUATION, HELLO)),
    breaks("5.12 a continuation of nothing, not the last", frame(CONTINUATION, HELLO, fin=False)),
    breaks(
        "5.15 a continuation after the end",
        *fragments(ASK, 8),
        frame(CONTINUATION, HELLO, fin=False),
        answers=1,
    ),
    breaks("5.18 a text inside a text", frame(TEXT, ASK, fin=False), frame(TEXT, ASK)),
    ends_well(
        "5.19 pings between five fragments",
        [part for each in fragments(ASK, 3) for part in (frame(PING, b"p"), each)],
        1,
        [b"p"] * 5,
    ),
    ends_well(
        "5.x empty fragments around",
        [frame(TEXT, fin=False), frame(CONTINUATION, ASK, fin=False), frame(CONTINUATION)],
        1,
    ),
]
GREEK = "κόσμε".encode()
WIDE = "-µ@ßöäüàá-€-😀-\U0010fffd-\ufffe-\x7f".encode()
GOOD_TEXTS = [
    ends_well("6.2 words in many scripts", [frame(TEXT, noted(WIDE))], 1),
    ends_well("6.2.2 cut in half", fragments(noted(WIDE), len(noted(WIDE)) // 2), 1),
    ends_well("6.2.3 byte by byte", one_by_one(noted(WIDE)), 1),
    ends_well("6.2.4 Greek byte by byte, in octets", one_by_one(noted(GREEK)), 1, octets=True),
    *(
        ends_well(f"6.6–6.9 {good.hex()}", [frame(TEXT, noted(good))], 1)
        for good in (
            b"\x7f",
            b"\xc2\x80",
            b"\xdf\xbf",
            b"\xe0\xa0\x80",
            b"\xef\xbf\xbf",
            b"\xf0\x90\x80\x80",
            b"\xf4\x8f\xbf\xbf",
            b"\xed\x9f\xbf",
            b"\xee\x80\x80",
            b"\xef\xbf\xbd",
            b"\xef\xb7\x90",
        )
    ),
]
NO_TEXTS = [
    GREEK + b"\xed\xa0\x80edited",
    GREEK[:-1],
    b"\x80",
    b"\xbf",
    b"\xc0",
    b"\xc1",
    b"\xf5",
    b"\xfe",
    b"\xff",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf7\xbf\xbf\xbf",
    b"\xed\xa0\x80",
    b"\xed\xad\xbf",
    b"\xed\xae\x80",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\xce\xba\xe1\xbd",
]
BAD_TEXTS = [
    *(breaks(f"6.3–6.21 {bad.hex()}", frame(TEXT, bad), code=1007) for bad in NO_TEXTS),
    breaks("6.3.2 byte by byte", *one_by_one(GREEK + b"\xed\xa0\x80edited"), code=1007),
    breaks(
        "6.4 in the last of three fragments",
        frame(TEXT, GREEK, fin=False),
        frame(CONTINUATION, b"\xf4\x90\x80\x80", fin=False),
        frame(CONTINUATION, b"edited"),
        code=1007,
    ),
    breaks(
        "6.x a character that the last fragment breaks off",
        frame(TEXT, b"\xe2", fin=False),
        frame(CONTINUATION, b"\x82"),
        code=1007,
    ),
    breaks(
        "6.x a character whose ends are in two messages",
        frame(TEXT, b"\xe2\x82"),
        frame(TEXT, b"\xac"),
        code=1007,
    ),
    breaks(
        "6.x a ping inside a broken character",
        frame(TEXT, b"\xe2", fin=False),
        frame(PING, b"x"),
        frame(CONTINUATION, b"\x28\xa1"),
        code=1007,
        pongs=[b"x"],
    ),
]
CLOSES = [
    Case("7.1.2 two closes", [close_frame(1000), close_frame(1001)], 1000),
    Case("7.1.3 a ping after the close", [close_frame(1000), frame(PING, b"late")], 1000),
    Case("7.1.4 a text after the close", [close_frame(1000), frame(TEXT, ASK)], 1000),
    Case(
        "7.1.5 a close inside a text",
        [frame(TEXT, ASK, fin=False), close_frame(1000), frame(CONTINUATION)],
        1000,
    ),
    Case("7.3.1 a close without a code", [frame(CLOSE)], NO_CODE),
    breaks("7.3.2 a close of one byte", frame(CLOSE, b"a")),
    Case("7.3.4 a close with a reason", [close_frame(1000, HELLO)], 1000),
    Case("7.3.5 a close with the longest reason", [close_frame(1000, b"*" * 123)], 1000),
    breaks("7.3.6 a close with a longer reason", close_frame(1000, b"*" * 124)),
    Case("7.5.1 a reason that is UTF-8", [close_frame(1000, WIDE[:20])], 1000),
    breaks("7.5.1 a reason that is not UTF-8", close_frame(1000, GREEK + b"\xed\xa0\x80edited"), code=1007),
    Case("7.x a reason that is not UTF-8, in octets", [close_frame(1000, b"\xff")], 1007, octets=True),
    *(
        Case(f"7.7 code {code}", [close_frame(code)], code)
        for code in (
            1000,
            1001,
            1002,
            1003,
            1007,
            1008,
            1009,
            1010,
            1011,
            1012,
            1013,
            1014,
            3000,
            3999,
            4000,
            4999,
        )
    ),
    *(
        breaks(f"7.9 code {code}", close_frame(code))
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
    ),
]
LARGEST = 1024 * 1024
SIZES = [
    ends_well("9.1 a text of 1 MiB", [frame(TEXT, padded(LARGEST))], 1),
    ends_well("9.3 a text of 1 MiB in fragments of 64 bytes", fragments(padded(LARGEST), 64), 1),
    breaks("9.x a byte more", frame(TEXT, padded(LARGEST + 1)), code=1009),
    breaks("9.x a byte more, in fragments", *fragments(padded(LARGEST + 1), 65_536), code=1009),
    breaks("9.x a length of exabytes", b"\x81\xff" + (1 << 62).to_bytes(8) + b"\x00" * 5, code=1009),
]
ALL = [*MESSAGES, *PINGS, *RESERVED, *FRAGMENTS, *GOOD_TEXTS, *BAD_TEXTS, *CLOSES, *SIZES]
