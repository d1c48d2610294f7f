"""A ledger that has served a bit of everything, and what its journal says of it: for questions in SQL."""

import contextlib
import json
import secrets
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import anthropic
import fold
import openai
import psycopg
import requests
from dispatches import SAMPLE, message, run
from ledger import Ledger, Simulator
from pricing import ROOT, moment
from psycopg.rows import dict_row
from test_dispatch_journal import C1, C3, D1, D3, OPEN, PROXIED, completed, reserved, settled, started
from test_dispatch_journal import append as go_on
from test_platform_journal import COMPUTE, LIVES, report

MODEL = "claude-sonnet-4-6"
UNPRICED = "a-model-of-no-price"
HELLO = [{"role": "user", "content": "Hello"}]
C5, D5 = C1.replace("c1", "c5"), D1.replace("001", "005")


class History:
    """One ledger, filled; `events` is its journal, read by `fold` alone."""

    def __init__(self, binary: Path, folder: Path, postgres_url: str):
        self.folder = folder
        self.simulator = Simulator(binary, folder).start()
        self.secret = secrets.token_hex(16)
        environment = {"LEDGER_KERNEL": SAMPLE, "ALERT_WEBHOOK_SECRET": self.secret}
        self.ledger = Ledger(binary, folder, postgres_url, self.simulator, environment=environment)

    def stop(self) -> None:
        self.ledger.stop()
        self.simulator.process.stop()

    def fill(self) -> "History":
        self.ledger.migrate()
        self.ledger.start()
        self.call()
        self.dispatch = run(self.ledger, "calls=2", self.ledger.mint_key("alice"))["dispatchId"]
        run(self.ledger, "direct", self.ledger.mint_key("alice"))
        self.refuse()
        self.fail()
        self.alert("HighCostRate", "firing")
        self.alert("HighCostRate", "resolved", endsAt="2026-11-24T23:00:00Z")
        self.alert("DiskSpaceLow", "firing")
        self.go_on_elsewhere()
        self.charge("alice")
        self.ledger.wait_ingested()
        self.events = self.ledger.events()
        state = fold.fold(self.events)
        assert state.problems == state.violations == [] and state.open == {}
        return self

    def charge(self, user: str, model: str = MODEL, **headers: str) -> None:
        self.ledger.anthropic(self.ledger.mint_key(user), max_retries=0).messages.create(
            model=model, max_tokens=50, messages=HELLO, extra_headers=headers
        )

    def call(self) -> None:
        self.charge("alice", **{"x-simulate-cache": "read=100,write5m=50,write1h=25"})
        self.charge("alice")
        self.ledger.openai(self.ledger.mint_key("dan")).chat.completions.create(
            model="gpt-4o-mini", messages=HELLO
        )
        self.ledger.set_quota("eve", dailyLimitUsd=100, dailyTokens=1_000_000)
        self.ledger.openai(self.ledger.mint_key("eve")).chat.completions.create(
            model=UNPRICED, messages=HELLO
        )
        self.charge("eve")

    def refuse(self) -> None:
        """bob's limits: set, changed, removed, set so low that nothing passes."""
        self.ledger.set_quota("bob", dailyLimitUsd=100)
        self.charge("bob")
        self.ledger.set_quota(
            "bob", dailyLimitUsd=50, monthlyLimitUsd="500.000000000000000001", enabled=False
        )
        self.ledger.delete_quota("bob")
        self.ledger.set_quota("bob", dailyLimitUsd="0.0001")
        with contextlib.suppress(anthropic.RateLimitError, openai.RateLimitError):
            self.charge("bob")
        assert message(self.ledger, "calls=1", self.ledger.mint_key("bob")).status_code == 429

    def fail(self) -> None:
        """A provider that is overloaded, and one that tells no figures."""
        with contextlib.suppress(anthropic.APIStatusError):
            self.charge("dan", **{"x-simulate-status": "529"})
        requests.post(
            f"{self.ledger.proxy_url}/v1/messages",
            json={"model": MODEL, "max_tokens": 50, "messages": HELLO, "stream": True},
            headers={"x-api-key": self.ledger.mint_key("dan"), "x-simulate-fault": "no-usage"},
            timeout=10,
        )

    def try_again(self) -> None:
        """fay's requests: one that is served, and one whose first tries are broken off and refused."""
        if any(event.get("user") == "fay" for event in self.events):
            return
        self.charge("fay")
        troubles = {"x-simulate-fault": "reset-mid-stream"}, {"x-simulate-status": "529"}, {}
        for number, trouble in enumerate(troubles):
            with contextlib.suppress(anthropic.APIStatusError):
                self.charge("fay", **trouble, **{"x-stainless-retry-count": str(number)})
        self.ledger.wait_ingested()
        self.events = self.ledger.events()

    def alert(self, name: str, status: str, **fields: str) -> None:
        alert = {
            "status": status,
            "labels": {"alertname": name, "severity": "warning"},
            "annotations": {"summary": f"{name} is {status}"},
            "startsAt": "2026-11-24T22:00:00Z",
            "fingerprint": name.lower(),
        } | fields
        answer = requests.post(
            f"{self.ledger.gateway_url}/api/alert",
            json={"version": "4", "status": status, "alerts": [alert]},
            headers={"authorization": f"Bearer {self.secret}"},
            timeout=10,
        )
        assert answer.status_code in (200, 202), answer.text

    def go_on_elsewhere(self) -> None:
        """What takes an engine, or a crash, appended as the writer would; then a start with other prices."""
        memo = completed(D1, "alice", "proxied", calls=1)
        # Its only call is still open when it ends, so that its memo has what the call reserved.
        early = {"calls": 1, "tokensIn": 0, "tokensOut": 0, "usage": {}, "models": []}
        early |= {"costUsd": 0.5, "costState": "estimated", "durationMs": 5}
        late = [
            started(D5, "late"),
            reserved(C5, "late", D5),
            completed(D5, "late", "proxied", **early),
            settled(C5, "late", D5),
        ]
        self.ledger.stop()
        go_on(self.ledger, *LIVES, report("1"), COMPUTE, *PROXIED, memo, *late, *OPEN)
        prices = json.loads((ROOT / "distro" / "prices.json").read_text())
        (model,) = (entry for entry in prices["models"] if entry["model"] == MODEL)
        model["prices"][-1]["perMillion"]["output"] = "16"
        path = self.folder / "prices.json"
        path.write_text(json.dumps(prices))
        self.ledger.environment["LEDGER_PRICES"] = str(path)
        self.ledger.start()

    # What the journal says

    def of(self, *types: str) -> list[dict]:
        return [event for event in self.events if event["type"] in types]

    @cached_property
    def runs(self) -> list[dict]:
        return self.of("dispatch.completed")

    @cached_property
    def direct(self) -> list[dict]:
        return [run for run in self.runs if run["billing"] == "direct"]

    @cached_property
    def money(self) -> list[dict]:
        """Every event whose cost is money, once."""
        return self.of("call.settled", "call.expired", "usage.reported") + self.direct

    def cost(self, events: list[dict]) -> Decimal:
        return sum((event["costUsd"] or Decimal(0) for event in events), Decimal(0))

    def calls_of(self, run: dict) -> list[dict]:
        names = (run["dispatchId"], run["user"])
        calls = self.of("call.settled", "call.expired")
        return [call for call in calls if (call.get("dispatchId"), call["user"]) == names]

    def charged(self, run: dict) -> Decimal:
        return self.cost([run] if run["billing"] == "direct" else self.calls_of(run))

    # What SQL says

    @property
    def reader(self) -> str:
        return self.ledger.postgres_url.replace("user=ledger", "user=ledger_reader")

    def ask(self, question: str, **parameters) -> list[dict]:
        """The rows of a question of the cookbook, its psql variables replaced, as `ledger_reader`."""
        first, last = (moment(self.events[index]["timestamp"]) for index in (0, -1))
        range_ = {"from": first.date(), "to": last.date() + timedelta(days=1)}
        for name, value in (range_ | parameters).items():
            question = question.replace(f":'{name}'", "'" + str(value).replace("'", "''") + "'")
        with psycopg.connect(self.reader, options="-c timezone=UTC", row_factory=dict_row) as connection:
            return connection.execute(question).fetchall()


__all__ = ["C3", "D3", "History", "MODEL", "UNPRICED"]
