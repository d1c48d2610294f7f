"""Containers and reported usage in a journal: in every place that counts, and found where they contradict."""

from decimal import Decimal

import fold
import pytest
from test_dispatch_journal import append
from test_schemas import problems


def container(change: str, handle: str, identifier: str, **fields) -> dict:
    names = {"type": f"container.{change}", "user": handle, "handle": handle, "containerId": identifier}
    return names | {"image": "os:1", "reason": "request"} | fields


def report(identifier: str, **fields) -> dict:
    whole = {
        "type": "usage.reported",
        "user": "alice",
        "source": "agent",
        "reportId": identifier,
        "digest": "d",
        "kind": "report",
        "provider": "anthropic",
        "model": "claude-sonnet-4-6",
        "usedAt": "2026-11-20T10:00:00.000000Z",
        "tokensIn": 30,
        "tokensOut": 4,
        "costUsd": 0.25,
        "costState": "priced",
        "usage": {"input": 10, "cacheRead": 20, "output": 4},
        "cpuMs": 0,
        "memoryMibS": 0,
        "priceBook": "b",
    } | fields
    return {name: value for name, value in whole.items() if value != 0 or name in ("tokensIn", "tokensOut")}


COMPUTE = report(
    "hour-1",
    user="bob",
    source="platform",
    kind="compute",
    provider="platform",
    model="bob",
    tokensIn=0,
    tokensOut=0,
    costUsd=0.054,
    usage={},
    cpuMs=1_800_000,
    memoryMibS=1_843_200,
)
LIVES = [
    container("provisioned", "alice", "a1", memoryLimitBytes=536870912, cpuLimitMillicores=500),
    container("oom", "alice", "a1"),
    container("stopped", "alice", "a1", exitCode=137),
    container("started", "alice", "a1", durationMs=40),
    container("provisioned", "bob", "b1"),
    container("oom", "bob", "b1"),
    container("provisioned", "bob", "b2"),
    container("provisioned", "carol", "c1"),
    container("destroyed", "carol", "c1"),
]


def test_containers_and_reports_count_once_in_every_place(ledger):
    ledger.stop()
    append(ledger, *LIVES, report("1"), report("1", source="other", costUsd=0.5), COMPUTE)
    ledger.start()
    ledger.wait_ingested()
    assert [problem for event in ledger.events() for problem in problems(event)] == []

    state = fold.fold(ledger.events())
    assert state.problems == state.violations == []
    sums = {
        user: (sums.cost, sums.calls, sums.tokens_in, sums.cpu_ms, sums.memory_mib_s)
        for user, sums in state.by_user.items()
    }
    assert sums == {
        "alice": (Decimal("0.75"), 0, 60, 0, 0),
        "bob": (Decimal("0.054"), 0, 0, 1_800_000, 1_843_200),
    }
    sql = (
        "select user_id, sum(cost_usd), sum(calls), sum(input_tokens), sum(cpu_ms), sum(memory_mib_s)"
        " from ledger.usage_hourly group by 1"
    )
    assert {row[0]: tuple(row[1:]) for row in ledger.sql(sql)} == sums
    shown = ("costUsd", "calls", "tokensIn", "cpuMs", "memoryMibS")
    assert {row["user"]: tuple(row[name] for name in shown) for row in ledger.usage()} == sums
    for user, (cost, *_) in sums.items():
        assert Decimal(ledger.exact_sample("ledger_user_cost_usd", user=user, window="total")) == cost
    rows = ledger.sql("select handle, user_id, container_id, image, status, ooms from ledger.containers")
    assert {row[0]: tuple(row[1:]) for row in rows} == {
        handle: (known["user"], known["containerId"], known["image"], known["status"], known["ooms"])
        for handle, known in state.containers.items()
    }
    assert state.containers["alice"]["ooms"] == 1 and state.containers["bob"]["ooms"] == 0
    assert ledger.run("verify", "--postgres").returncode == 0

    ledger.sql("update ledger.containers set ooms = 7 where handle = 'alice'")
    done = ledger.run("verify", "--postgres", check=False)
    assert done.returncode == 1 and "containers: alice" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([container("stopped", "alice", "a1")], "no such container is there"),
        ([LIVES[0], container("oom", "alice", "a2")], "no such container is there"),
        ([LIVES[0], container("oom", "alice", "a1", image="os:2")], "no such container is there"),
        ([report("1"), report("1")], "the report is recorded at position"),
        ([report("1"), report("1", digest="e", costUsd=1)], "the report is recorded at position"),
    ],
    ids=["unknown", "another", "image", "repeated", "contradicted"],
)
def test_verify_finds_what_contradicts(journal_ledger, events, said):
    journal_ledger.stop()
    append(journal_ledger, *events)
    done = journal_ledger.run("verify", check=False)
    assert done.returncode == 1 and said in done.stdout + done.stderr
    assert fold.fold(journal_ledger.events()).problems
