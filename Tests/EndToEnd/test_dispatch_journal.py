"""Agent runs in a journal: a memo of their calls or money of their own, in every place that counts."""

import hashlib
import json
from decimal import Decimal

import fold
import pytest
from test_schemas import problems

D1, D2, D3, D4 = (f"00000000-0000-7000-8000-00000000000{n}" for n in range(1, 5))
C1, C2, C3 = (f"00000000-0000-7000-8000-0000000000c{n}" for n in range(1, 4))


def append(ledger, *events: dict) -> None:
    """Goes on with the journal of a ledger that is stopped, as its writer would."""
    segment = fold.segments(ledger.home)[-1]
    last = ledger.lines()[-1]
    chain = bytes.fromhex(fold.parse(last)["chain"])
    position, timestamp = fold.parse(last)["position"], fold.parse(last)["timestamp"]
    with segment.open("ab") as file:
        for event in events:
            position += 1
            head = {"position": position, "type": event["type"], "timestamp": timestamp}
            head["id"] = f"00000000-0000-7000-8000-{position:012}"
            body = json.dumps(head | event, separators=(",", ":")).encode()[:-1]
            chain = hashlib.sha256(chain + body).digest()
            file.write(body + b',"chain":"' + chain.hex().encode() + b'"}\n')


def started(identifier: str, user: str) -> dict:
    names = {"type": "dispatch.started", "user": user, "dispatchId": identifier, "source": "web"}
    return names | {"kernel": "command", "queuedMs": 0}


def call(identifier: str, user: str, dispatch: str) -> dict:
    return {
        "type": "",
        "user": user,
        "callId": identifier,
        "source": "proxy",
        "dispatchId": dispatch,
        "provider": "anthropic",
        "model": "claude-sonnet-4-6",
        "api": "messages",
    }


def reserved(identifier: str, user: str, dispatch: str) -> dict:
    held = {"reservedUsd": 0.5, "reservedTokens": 100, "priceBook": "b"}
    return call(identifier, user, dispatch) | {"type": "call.reserved"} | held


def settled(identifier: str, user: str, dispatch: str) -> dict:
    return call(identifier, user, dispatch) | {
        "type": "call.settled",
        "result": "ok",
        "status": 200,
        "tokensIn": 30,
        "tokensOut": 4,
        "costUsd": 0.25,
        "costState": "priced",
        "durationMs": 5,
        "usage": {"input": 10, "cacheRead": 20, "output": 4},
        "usageSource": "provider_final",
        "priceBook": "b",
        "toolsUsed": [],
    }


def share(model: str, tokens: int, cost: float) -> dict:
    return {"provider": "anthropic", "model": model, "usage": {"input": tokens}, "costUsd": cost}


def completed(identifier: str, user: str, billing: str, **fields) -> dict:
    names = started(identifier, user) | {"type": "dispatch.completed", "billing": billing}
    del names["queuedMs"]
    whole = {
        "provider": "anthropic",
        "model": "claude-sonnet-4-6",
        "result": "ok",
        "calls": 0,
        "tokensIn": 30,
        "tokensOut": 4,
        "costUsd": 0.25,
        "costState": "priced",
        "durationMs": 70,
        "usage": {"input": 10, "cacheRead": 20, "output": 4},
        "usageSource": "provider_final",
        "priceBook": "b",
        "models": [],
        "toolsUsed": ["Bash"],
    } | fields
    return {name: value for name, value in (names | whole).items() if value != [] or name == "toolsUsed"}


DIRECT = completed(
    D2,
    "bob",
    "direct",
    model="b",
    tokensIn=8,
    tokensOut=0,
    costUsd=1.25,
    usage={"input": 8},
    usageSource="reported_by_agent",
    models=[share("a", 5, 0.5), share("b", 3, 0.75)],
)
# mallory's call names alice's run, which it has no part in.
PROXIED = [
    started(D1, "alice"),
    reserved(C1, "alice", D1),
    reserved(C2, "mallory", D1),
    settled(C1, "alice", D1),
    settled(C2, "mallory", D1),
]
OPEN = [started(D3, "carol"), reserved(C3, "carol", D3)]
REFUSED = {
    "type": "dispatch.rejected",
    "user": "dave",
    "dispatchId": D4,
    "source": "api",
    "kernel": "command",
    "reason": "queue_full",
    "queuedMs": 0,
}
ALERT = {
    "type": "alert.received",
    "fingerprint": "f1",
    "status": "firing",
    "alertname": "HighCostRate",
    "startsAt": "2026-11-24T22:00:00.000000Z",
    "from": "alertmanager",
}


def test_a_run_counts_once_in_every_place(ledger):
    ledger.stop()
    memo = completed(D1, "alice", "proxied", calls=1)
    append(ledger, *PROXIED, memo, started(D2, "bob"), DIRECT, *OPEN, REFUSED, ALERT)
    ledger.start()
    ledger.wait_ingested()

    # What the crash left open has ended, the call before its run.
    *_, expired, ended = [event for event in ledger.events() if event.get("user") == "carol"]
    assert (expired["type"], ended["type"]) == ("call.expired", "dispatch.completed")
    assert (ended["billing"], ended["result"], ended["reason"]) == ("proxied", "error", "restart")
    assert (ended["costUsd"], ended["costState"], ended["calls"]) == (Decimal("0.5"), "estimated", 1)
    assert [problem for event in ledger.events() for problem in problems(event)] == []

    state = fold.fold(ledger.events())
    assert state.problems == state.violations == []
    sums = {user: (sums.cost, sums.calls, sums.dispatches) for user, sums in state.by_user.items()}
    assert sums == {
        "alice": (Decimal("0.25"), 1, 1),
        "mallory": (Decimal("0.25"), 1, 0),
        "bob": (Decimal("1.25"), 0, 1),
        "carol": (Decimal("0.5"), 1, 1),
    }
    sql = "select user_id, sum(cost_usd), sum(calls), sum(dispatches) from ledger.usage_hourly group by 1"
    assert {row[0]: tuple(row[1:]) for row in ledger.sql(sql)} == sums
    assert {row["user"]: (row["costUsd"], row["calls"], row["dispatches"]) for row in ledger.usage()} == sums
    for user, (cost, _, _) in sums.items():
        shown = ledger.exact_sample("ledger_user_cost_usd", user=user, window="total")
        assert Decimal(shown) == cost
    by_model = "select model, sum(cost_usd) from ledger.usage_hourly where user_id = 'bob' group by 1"
    assert dict(ledger.sql(by_model)) == {"a": Decimal("0.5"), "b": Decimal("0.75")}
    assert {user: usage.dispatches for user, usage in state.by_user.items()} == dict(
        ledger.sql("select user_id, dispatches from ledger.cost_by_user")
    )
    done = ledger.run("verify", "--postgres")
    assert "0 agent runs open, 3 ended" in done.stdout
    assert "dispatch.completed" in ledger.run("tail", "--type", "dispatch.completed").stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"costUsd": 0.2}, "memo"),
        ({"tokensIn": 31, "usage": {"input": 11, "cacheRead": 20, "output": 4}}, "memo"),
        ({"calls": 2}, "2 calls, of which 1"),
        ({"dispatchId": D4}, "no open agent run ends here"),
        ({"user": "mallory"}, "not the agent run that began"),
    ],
    ids=["cost", "tokens", "calls", "run", "user"],
)
def test_verify_finds_a_memo_that_its_calls_do_not_bear_out(journal_ledger, change, said):
    journal_ledger.stop()
    append(journal_ledger, *PROXIED, completed(D1, "alice", "proxied", calls=1) | change)
    done = journal_ledger.run("verify", check=False)
    assert done.returncode == 1 and said in done.stdout + done.stderr
    if "user" not in change:
        assert fold.fold(journal_ledger.events()).problems


def test_verify_finds_a_run_that_begins_twice(journal_ledger):
    journal_ledger.stop()
    append(journal_ledger, started(D1, "alice"), started(D1, "alice"))
    done = journal_ledger.run("verify", check=False)
    assert done.returncode == 1 and "open already" in done.stdout + done.stderr
    assert fold.fold(journal_ledger.events()).problems
