"""Journals made up by a test: whole days and months of calls, every line as the ledger itself writes it."""

import hashlib
import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg


class MadeJournal:
    """Lines and segments of one origin; `write` puts them under a home."""

    def __init__(self, origin: str, start: str = "2026-01-30"):
        self.origin = origin
        self.time = datetime.fromisoformat(start).replace(tzinfo=UTC) + timedelta(hours=22)
        self.chain = hashlib.sha256(b"dispatch-ledger:" + origin.encode()).digest()
        self.position = 0
        self.calls = 0
        self.segments: dict[str, list[bytes]] = {}
        self.segment = ""
        self.cost: dict[str, Decimal] = {}

    def append(self, kind: str, members: str) -> None:
        """One event at the journal's time; `members` are the fields after its identifier."""
        self.position += 1
        stamp = self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = (
            f'{{"position":{self.position},"type":"{kind}","timestamp":"{stamp}",'
            f'"id":"{uuid.UUID(int=self.position)}",{members}'
        ).encode()
        self.chain = hashlib.sha256(self.chain + body).digest()
        if stamp[:10] > self.segment[:10]:
            self.segment = stamp[:10]
        line = body + b',"chain":"' + self.chain.hex().encode() + b'"}\n'
        self.segments.setdefault(self.segment, []).append(line)

    def next_segment(self) -> None:
        """What follows goes into the day's next file, as after a size limit."""
        day, _, number = self.segment.partition(".")
        self.segment = f"{day}.{int(number or 0) + 1}"

    def limit(self, user: str, usd: int) -> None:
        self.append("quota.set", f'"user":"{user}","dailyLimitUsd":{usd},"by":"admin"')

    def call(self, user: str, cost: str = "0.012345678901234567", model: str = "claude-sonnet-4-5") -> None:
        """A call: reserved, and settled a second later."""
        self.calls += 1
        name = (
            f'"user":"{user}","callId":"{uuid.UUID(int=(7 << 64) + self.calls)}","source":"proxy",'
            f'"provider":"anthropic","model":"{model}","api":"messages",'
        )
        self.append("call.reserved", name + '"reservedUsd":0.96,"reservedTokens":64100,"priceBook":"5f2a"')
        self.time += timedelta(seconds=1)
        self.append(
            "call.settled",
            name + f'"result":"ok","status":200,"tokensIn":12,"tokensOut":3,"costUsd":{cost},'
            '"costState":"priced","durationMs":7,"usage":{"input":12,"output":3},'
            '"usageSource":"provider_final","priceBook":"5f2a","prompt":"say \\"hi\\" ünï","toolsUsed":[]',
        )
        self.cost[user] = self.cost.get(user, Decimal(0)) + Decimal(cost)

    def days(self, days: int, calls_a_day: int, users: int = 3) -> "MadeJournal":
        """So many days, each with calls spread over it."""
        for _ in range(days):
            for number in range(calls_a_day):
                self.call(f"user-{number % users}")
                self.time += timedelta(seconds=5_000 / calls_a_day)
            self.time = self.time.replace(hour=1, minute=0) + timedelta(days=1)
        return self

    def write(self, home: Path) -> "MadeJournal":
        logs = home / "system" / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        for name, lines in self.segments.items():
            (logs / f"{name}.jsonl").write_bytes(b"".join(lines))
        return self


def rechained(lines: list[bytes], origin: str) -> bytes:
    """The lines as a whole journal, numbered and chained anew: what a forger with the files could leave."""
    chain, written = hashlib.sha256(b"dispatch-ledger:" + origin.encode()).digest(), []
    for position, line in enumerate(lines, start=1):
        body, _, _ = line.rpartition(b',"chain":"')
        body = re.sub(rb'\A{"position":\d+', b'{"position":%d' % position, body)
        chain = hashlib.sha256(chain + body).digest()
        written.append(body + b',"chain":"' + chain.hex().encode() + b'"}\n')
    return b"".join(written)


def logs(home: Path) -> dict[str, bytes]:
    """The journal's files, the lock apart."""
    return {
        path.name: path.read_bytes() for path in (home / "system" / "logs").iterdir() if path.name != ".lock"
    }


def tamper(ledger, *statements: str) -> None:
    """Changes what nobody may: as the superuser, with the triggers off."""
    with psycopg.connect(ledger.postgres_url) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement
