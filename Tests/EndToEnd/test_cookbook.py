"""docs/sql-cookbook.md: each question is asked, and its answer compared with the journal's own lines."""

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import fold
import pytest
import requests
from history import D3, MODEL, UNPRICED, History
from pricing import ROOT, moment

BOOK = (ROOT / "docs" / "sql-cookbook.md").read_text()
SECTIONS = [section.partition("\n")[::2] for section in re.split(r"^## \d+\. ", BOOK, flags=re.MULTILINE)[1:]]
QUESTIONS = {title: re.findall(r"^```sql\n(.+?)^```$", text, re.M | re.S) for title, text in SECTIONS}
ANSWERS = {}


@pytest.fixture(scope="module")
def history(binary, cluster, tmp_path_factory):
    history = History(binary, tmp_path_factory.mktemp("cookbook"), cluster.create_database())
    try:
        yield history.fill()
    finally:
        history.stop()


def answers(title: str):
    """Marks what asks the question with this heading, and compares."""

    def mark(check):
        ANSWERS[title] = check
        return check

    return mark


def test_every_question_of_the_book_is_checked_and_none_is_asked_twice():
    assert len(SECTIONS) == len(QUESTIONS) >= 20
    assert set(QUESTIONS) == set(ANSWERS)
    assert all(len(blocks) == 1 for blocks in QUESTIONS.values())


@pytest.mark.parametrize("title", QUESTIONS)
def test_the_answer_is_the_journal_s(history, title):
    ANSWERS[title](history, lambda **parameters: history.ask(QUESTIONS[title][0], **parameters))


@answers("Who spent how much?")
def _(history, ask):
    state = fold.fold(history.events)
    rows = {row["user_id"]: (row["cost_usd"], row["calls"], row["dispatches"]) for row in ask()}
    assert rows == {user: (sums.cost, sums.calls, sums.dispatches) for user, sums in state.by_user.items()}
    assert sum(row[0] for row in rows.values()) == history.cost(history.money) > 0


@answers("When, and on which model?")
def _(history, ask):
    expected = defaultdict(Counter)
    for event in history.money:
        if event["user"] == "alice":
            for part in event.get("models") or [event]:
                expected[part["model"]]["cost"] += part["costUsd"]
                expected[part["model"]]["calls"] += event["type"].startswith("call.")
    rows = ask(user="alice")
    assert {row["model"]: {"cost": row["cost_usd"], "calls": row["calls"]} for row in rows} == expected
    assert sum(row["cost_usd"] for row in rows) == fold.fold(history.events).by_user["alice"].cost


@answers("What makes up the bill?")
def _(history, ask):
    rows = {row["kind"]: row["cost_usd"] for row in ask()}
    assert rows == {
        "call": history.cost(history.of("call.settled", "call.expired")),
        "compute": Decimal("0.054"),
        "dispatch": history.cost(history.direct),
        "report": Decimal("0.25"),
    }


@answers("How do the months compare?")
def _(history, ask):
    months = Counter()
    for event in history.money:
        months[moment(event["timestamp"]).date().replace(day=1)] += event["costUsd"] or 0
    rows = ask(since=min(months))
    assert {row["month"]: row["cost_usd"] for row in rows} == months
    assert sum(row["calls"] for row in rows) == len(history.of("call.settled", "call.expired"))
    assert ask(since="2099-01-01") == []


@answers("Through which agent run?")
def _(history, ask):
    rows = {row["dispatch_id"]: (row["billing"], row["charged_usd"]) for row in ask(user="alice")}
    runs = [run for run in history.runs if run["user"] == "alice"]
    assert rows == {run["dispatchId"]: (run["billing"], history.charged(run)) for run in runs}
    assert len(rows) == 3 and all(charged > 0 for _, charged in rows.values())


@answers("What happened in one agent run?")
def _(history, ask):
    expected = [event for event in history.events if event.get("dispatchId") == history.dispatch]
    rows = ask(dispatch=history.dispatch)
    assert [(row["position"], row["type"], row["cost_usd"]) for row in rows] == [
        (event["position"], event["type"], event.get("costUsd")) for event in expected
    ]
    assert len(rows) == 6


@answers("Do agent runs and their calls count twice?")
def _(history, ask):
    direct, proxied = ask()
    memos = [run for run in history.runs if run["billing"] == "proxied"]
    calls = sum(history.cost(history.calls_of(run)) for run in memos)
    assert proxied["runs"] == len(memos) and proxied["said_usd"] == history.cost(memos)
    assert proxied["calls_usd"] == proxied["charged_usd"] == calls
    assert proxied["differing"] == 1 and proxied["said_usd"] - calls == Decimal("0.25")
    assert direct["said_usd"] == direct["charged_usd"] == history.cost(history.direct) > 0
    assert (direct["runs"], direct["calls_usd"]) == (1, 0)


@answers("Which money has no calls?")
def _(history, ask):
    rows = {row["dispatch_id"]: (row["cost_usd"], row["kernel"]) for row in ask()}
    assert rows == {run["dispatchId"]: (run["costUsd"], run["kernel"]) for run in history.direct}


def unpriced(history) -> dict:
    (event,) = (event for event in history.of("call.settled") if event["costState"] == "unpriced")
    return event


@answers("What has no price?")
def _(history, ask):
    (row,) = ask()
    held = unpriced(history)["heldUsd"]
    assert (row["user_id"], row["model"], row["calls"], row["held_usd"]) == ("eve", UNPRICED, 1, held)
    assert row["first_day"] == row["last_day"] == moment(unpriced(history)["timestamp"]).date()


@answers("Which calls were they?")
def _(history, ask):
    (row,) = ask()
    event = unpriced(history)
    assert (row["call_id"], row["held_usd"]) == (event["callId"], event["heldUsd"])


@answers("How much of the cost is an estimate?")
def _(history, ask):
    estimated = [event for event in history.money if event["costState"] == "estimated"]
    rows = ask()
    assert sum(row["cost_usd"] for row in rows) == history.cost(history.money)
    assert sum(row["estimated_usd"] for row in rows) == history.cost(estimated) > 0
    assert sum(row["unpriced"] for row in rows) == 1
    assert all(0 < row["estimated_share"] < 1 for row in rows)


@answers("Why is it an estimate?")
def _(history, ask):
    expected = Counter()
    for event in history.money:
        if event["costState"] == "estimated":
            why = {"call.settled": "usageSource", "call.expired": "reason", "dispatch.completed": "billing"}
            expected[event["type"], event[why[event["type"]]]] += event["costUsd"]
    assert {(row["type"], row["why"]): row["cost_usd"] for row in ask()} == expected
    assert set(expected) == {
        ("call.settled", "estimated"),
        ("call.expired", "restart"),
        ("dispatch.completed", "direct"),
    }


@answers("Who is near a limit?")
def _(history, ask):
    """To the last digit what the product shows, as nothing is open."""
    rows = ask()
    assert [(row["user_id"], row["period"]) for row in rows] == [
        ("bob", "day"), ("eve", "day"), ("bob", "month"), ("eve", "month")
    ]  # fmt: skip
    for row in rows:
        user, period = row["user_id"], row["period"]
        answer = requests.get(
            f"{history.ledger.proxy_url}/quotas/{user}", headers=history.ledger.admin, timeout=10
        )
        shown = json.loads(answer.text, parse_float=Decimal)
        assert shown[f"{period}ReservedUsd"] == 0
        assert row["used_usd"] == shown[f"{period}UsedUsd"] > 0
        limit = shown.get("dailyLimitUsd" if period == "day" else "monthlyLimitUsd")
        assert row["limit_usd"] == limit
        if period == "day":
            assert (row["tokens_limit"], row["tokens_used"]) == (shown.get("dailyTokens"), shown["dayTokens"])
        else:
            assert row["tokens_limit"] is row["tokens_used"] is None
        gauge = history.ledger.sample("ledger_quota_used_ratio", user=user, window=period)
        assert (gauge is None) == (row["used_ratio"] is None)
        if limit:
            assert gauge == pytest.approx(float(row["used_usd"] / row["limit_usd"]), rel=1e-12)
            assert row["used_ratio"] == round(row["used_usd"] / row["limit_usd"], 4)
        held = unpriced(history)["heldUsd"] if user == "eve" else 0
        assert row["held_usd"] == held


@answers("Who changed a limit, and what was it before?")
def _(history, ask):
    expected = [event for event in history.of("quota.set", "quota.removed") if event["user"] == "bob"]
    assert [
        (
            row["type"],
            row["daily_limit_usd"],
            row["monthly_limit_usd"],
            row["daily_tokens"],
            row["is_disabled"],
            row["limits"],
        )
        for row in ask(user="bob")
    ] == [
        (
            event["type"],
            event.get("dailyLimitUsd"),
            event.get("monthlyLimitUsd"),
            event.get("dailyTokens"),
            event.get("disabled", False),
            event.get("limits"),
        )
        for event in expected
    ]
    assert len(expected) == 4 and {row["by"] for row in ask(user="bob")} == {"admin"}


@answers("Who was refused, and why?")
def _(history, ask):
    call, run = ask()
    event, refused = history.of("call.rejected", "dispatch.rejected")
    assert (call["user_id"], call["type"], call["model"]) == ("bob", "call.rejected", MODEL)
    assert (call["reason"], call["requested_usd"]) == (event["reason"], event["requestedUsd"])
    assert call["limit_usd"] == event["limit"]["limitUsd"] == Decimal("0.0001")
    assert call["used_usd"] == event["limit"]["usedUsd"] > 0
    assert (run["type"], run["reason"]) == ("dispatch.rejected", "quota")
    assert (run["limit_usd"], run["used_usd"]) == tuple(
        refused["limit"][key] for key in ("limitUsd", "usedUsd")
    )


@answers("When did prices change?")
def _(history, ask):
    expected = history.of("prices.published")
    assert [(row["price_book"], row["models"], row["published_from"]) for row in ask()] == [
        (event["priceBook"], event["models"], event["from"]) for event in expected
    ]
    assert len({event["priceBook"] for event in expected}) == len(expected) == 2


@answers("What did each price book come to?")
def _(history, ask):
    expected = Counter()
    for event in history.money:
        expected[(event.get("priceBook") or "")[:12] or None] += event["costUsd"] or 0
    rows = {row["book"]: row["cost_usd"] for row in ask()}
    assert rows == expected
    assert sum(rows.values()) == history.cost(history.money)


@answers("Which call does a line of the provider's invoice mean?")
def _(history, ask):
    served = history.simulator.records()[0]
    (row,) = ask(request=served["id"])
    (event,) = (e for e in history.of("call.settled") if e.get("providerRequestId") == served["id"])
    assert (row["call_id"], row["user_id"], row["cost_usd"]) == (event["callId"], "alice", event["costUsd"])
    assert (row["input_tokens"], row["output_tokens"]) == (event["tokensIn"], event["tokensOut"])
    assert event["priceBook"].startswith(row["book"])
    assert ask(request="it's another") == []


@answers("Which containers has a user had?")
def _(history, ask):
    rows = ask(user="alice")
    assert [(row["type"], row["handle"], row["container"], row["exit_code"]) for row in rows] == [
        ("container.provisioned", "alice", "a1", None),
        ("container.oom", "alice", "a1", None),
        ("container.stopped", "alice", "a1", 137),
        ("container.started", "alice", "a1", None),
    ]


@answers("Which alerts came, and how long did they last?")
def _(history, ask):
    low, high = ask()
    assert (low["alert"], low["severity"], low["ended_at"]) == ("DiskSpaceLow", "warning", None)
    assert (high["alert"], high["ended_at"]) == ("HighCostRate", datetime(2026, 11, 24, 23, tzinfo=UTC))
    assert {row["starts_at"] for row in (low, high)} == {datetime(2026, 11, 24, 22, tzinfo=UTC)}
    heard = [moment(event["timestamp"]) for event in history.of("alert.received")]
    assert (high["heard_at"], low["heard_at"]) == (heard[0], heard[2])


@answers("How much comes from the cache?")
def _(history, ask):
    tokens, cached = Counter(), Counter()
    for event in history.of("call.settled"):
        tokens[event["model"]] += event["tokensIn"]
        cached[event["model"]] += event["usage"].get("cacheRead", 0)
    rows = {row["model"]: row for row in ask()}
    assert {model: row["input_tokens"] for model, row in rows.items()} == +tokens
    assert {model: row["cache_read_tokens"] for model, row in rows.items()} == {m: cached[m] for m in rows}
    for model, row in rows.items():
        assert row["cache_hit_share"] == round(Decimal(cached[model]) / tokens[model], 4)
    assert rows[MODEL]["cache_hit_share"] > 0


@answers("What are the tokens of a user?")
def _(history, ask):
    expected = defaultdict(Counter)
    for event in history.money:
        for part in (event.get("models") or [event]) if event["user"] == "alice" else []:
            for bucket, count in part["usage"].items():
                name = {"cacheWrite5m": "cacheWrite", "cacheWrite1h": "cacheWrite"}.get(bucket, bucket)
                expected[part["model"]][name] += count
    rows = {row["model"]: row for row in ask(user="alice")}
    assert set(rows) == set(expected)
    for model, row in rows.items():
        found = [row[name] for name in ("fresh_input", "cache_read", "cache_write", "output")]
        assert found == [expected[model][name] for name in ("input", "cacheRead", "cacheWrite", "output")]
    assert rows[MODEL]["cache_write"] == 75


@answers("Which models fail?")
def _(history, ask):
    expected = Counter(
        (event["model"], event["result"], event["status"])
        for event in history.of("call.settled")
        if event["result"] != "ok"
    )
    assert {(row["model"], row["result"], row["status"]): row["calls"] for row in ask()} == expected
    assert expected[MODEL, "error", 529] == 1


@answers("Which hours cost most?")
def _(history, ask):
    hours = Counter()
    for event in history.money:
        hours[moment(event["timestamp"]).replace(minute=0, second=0, microsecond=0)] += event["costUsd"] or 0
    rows = ask()
    assert {row["hour"]: row["cost_usd"] for row in rows} == hours
    assert [row["cost_usd"] for row in rows] == sorted(hours.values(), reverse=True)


@answers("What will the month come to?")
def _(history, ask):
    state = fold.fold(history.events)
    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    length = (
        month.replace(year=now.year + now.month // 12, month=now.month % 12 + 1) - month
    ).total_seconds()
    share = max((now - month).total_seconds(), 3600) / length
    rows = {row["user_id"]: row for row in ask()}
    assert {user: row["cost_usd"] for user, row in rows.items()} == {
        user: sums.cost for user, sums in state.by_user.items()
    }
    for row in rows.values():
        assert float(row["projected_usd"]) == pytest.approx(
            float(row["cost_usd"]) / share, rel=1e-3, abs=1e-6
        )


@answers("How long do agent runs take?")
def _(history, ask):
    rows = ask()
    assert sum(row["dispatches"] for row in rows) == len(history.runs)
    assert sum(row["failed"] for row in rows) == sum(run["result"] != "ok" for run in history.runs) == 1
    longest = max(run["durationMs"] for run in history.runs)
    assert all(0 <= row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] <= longest for row in rows)


@answers("Whose journals are here, and how far?")
def _(history, ask):
    (row,) = ask()
    assert (row["origin"], row["position"]) == (history.ledger.origin, len(history.events))
    assert row["position"] == history.ledger.sample("ledger_journal_position")
    assert history.ledger.sample("ledger_postgres_lag_events") == 0


@answers("What happened since a position?")
def _(history, ask):
    noted = len(history.events) // 2
    rows = ask(origin=history.ledger.origin, position=noted)
    assert {row["type"]: row["events"] for row in rows} == Counter(e["type"] for e in history.events[noted:])
    assert sum(row["events"] for row in rows) == len(history.events) - noted
    first = min(rows, key=lambda row: row["first_position"])
    assert first["first_position"] == noted + 1
    assert ask(origin="elsewhere", position=0) == []


@answers("What is not sealed yet?")
def _(history, ask):
    (row,) = ask()
    assert (row["sealed_to"], row["unsealed"]) == (0, len(history.events))


def ended_calls(history) -> list[dict]:
    history.try_again()
    return history.of("call.settled", "call.expired")


@answers("How many requests were there, and how many tries?")
def _(history, ask):
    requests, tries, ok = Counter(), Counter(), Counter()
    for event in ended_calls(history):
        key = event["user"], event["provider"]
        tries[key] += 1
        requests[key] += "attempt" not in event
        ok[key] += event.get("result") == "ok"
    rows = {(row["user_id"], row["provider"]): row for row in ask()}
    for name, expected in (("requests", requests), ("tries", tries), ("ok", ok)):
        assert {key: row[name] for key, row in rows.items()} == {key: expected[key] for key in tries}
    assert [rows["fay", "anthropic"][name] for name in ("requests", "tries", "ok")] == [2, 4, 2]


@answers("What did trying again cost?")
def _(history, ask):
    tried = defaultdict(list)
    for event in ended_calls(history):
        tried[event.get("retryOf", event["callId"])].append(event)
    (again,) = (events for events in tried.values() if len(events) > 1)
    (row,) = ask()
    assert (row["user_id"], row["requests"], row["tries"]) == ("fay", 1, 3)
    assert [event["result"] for event in again] == ["error", "error", "ok"]
    assert row["cost_usd"] == history.cost(again) > row["failed_usd"] == history.cost(again[:2]) > 0


def test_the_run_that_a_crash_ended_is_charged_what_its_call_reserved(history):
    (row,) = history.ask(f"select * from ledger.dispatch_cost where dispatch_id = '{D3}'")
    assert (row["result"], row["calls"], row["charged_usd"]) == ("error", 1, Decimal("0.5"))


def test_no_answer_has_a_prompt(history):
    told = json.dumps(history.ask("select * from ledger.audit_log"), default=str)
    assert "Hello" not in told and "is firing" not in told
