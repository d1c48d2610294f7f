"""Costs that are known better later: corrected by events, once, everywhere, to the last digit."""

import asyncio
import csv
import io
import json
import re
import time
from decimal import Decimal

import anthropic
import fold
import limits
import pytest
import requests
from journals import MadeJournal, rechained
from pricing import ROOT, changed_book, times, times_thousand, when
from processes import wait_until
from traffic import storm

MODEL = "claude-sonnet-4-6"
OTHER = "claude-haiku-4-5"
THIRD = "claude-opus-4-5"
HELLO = [{"role": "user", "content": "Hello"}]
RIGHT = ROOT / "distro" / "prices.json"


def call(ledger, user: str, tokens: int = 20) -> None:
    client = ledger.anthropic(ledger.mint_key(user), max_retries=0)
    client.messages.create(model=MODEL, max_tokens=tokens, messages=HELLO)


def rerate(ledger, *arguments) -> dict:
    answer = ledger.run("rerate", "--since", "all", "--json", *arguments).stdout
    return json.loads(answer, parse_float=Decimal)


def known(ledger) -> dict[str, Decimal]:
    """What each user's calls cost as the journal's lines say, worked out here."""
    events = ledger.events()
    state = fold.fold(events)
    assert state.problems == [] and state.violations == [] and limits.violations(events) == []
    return {user: sums.cost for user, sums in state.by_user.items()}


def agree(ledger) -> dict[str, Decimal]:
    """The journal, /metrics, SQL, the terminal, a replay and `verify` say one thing; returns it."""
    costs = known(ledger)
    for user, cost in costs.items():
        shown = ledger.exact_sample("ledger_user_cost_usd", user=user, window="total")
        assert Decimal(shown) == cost, user
    assert {row["user"]: row["costUsd"] for row in ledger.usage()} == costs
    replayed = json.loads(ledger.run("replay", "--json").stdout, parse_float=Decimal)
    assert {row["user"]: row["costUsd"] for row in replayed["users"]} == costs
    if ledger.postgres_url:
        ledger.wait_ingested()
        assert ledger.run("verify", "--postgres").returncode == 0
        billed = {
            user: sums.cost - sums.adjusted for user, sums in fold.fold(ledger.events()).by_user.items()
        }
        for table in ("usage_hourly", "usage_daily", "usage_by_user_daily", "usage_by_user_monthly"):
            rows = ledger.sql(f"select user_id, sum(cost_usd) from ledger.{table} group by 1")
            assert dict(rows) == costs, table
        as_billed = "select user_id, sum(billed_usd) from ledger.cost_as_billed_daily group by 1"
        assert dict(ledger.sql(as_billed)) == billed
        assert ledger.sql("select coalesce(sum(difference_usd), 0) from ledger.cost_adjustments") == [
            (sum(costs.values()) - sum(billed.values()),)
        ]
        # An event and its corrections come to what is known now, in the events themselves too.
        rows = ledger.sql(
            "select user_id, coalesce(sum(cost_usd), 0) from ledger.events"
            " where type in ('call.settled', 'call.expired', 'cost.adjusted') group by 1"
        )
        assert dict(rows) == costs
    return costs


def test_a_price_with_three_zeros_too_many_is_corrected_and_blocks_nobody_any_more(
    make_ledger, cluster, folder, simulator, price_book
):
    ledger = make_ledger(
        postgres_url=cluster.create_database(),
        environment={"LEDGER_PRICES": str(changed_book(folder, MODEL, times_thousand))},
    )
    ledger.set_quota("alice", dailyLimitUsd=12)
    call(ledger, "alice")
    call(ledger, "bob")
    with pytest.raises(anthropic.RateLimitError):
        for _ in range(60):
            call(ledger, "alice")
    # The right prices alone change nothing: what was billed is billed.
    ledger.stop()
    ledger.environment["LEDGER_PRICES"] = str(RIGHT)
    ledger.restart()
    wrong = known(ledger)
    bills = [price_book.bill(record, when(record)).cost for record in simulator.records()]
    assert sum(wrong.values()) == 1000 * sum(bills)

    preview = rerate(ledger, "--dry-run")
    assert (preview["phase"], preview["appended"]) == ("done", 0)
    assert sum(row["newCostUsd"] for row in preview["rows"]) == sum(bills)
    assert sum(row["differenceUsd"] for row in preview["rows"]) == -999 * sum(bills)
    assert known(ledger) == wrong and not ledger.events("cost.adjusted")
    refused = ledger.run("rerate", "--since", "all", check=False)
    assert refused.returncode == 64 and "--yes" in refused.stderr

    done = rerate(ledger, "--yes", "--reason", "three zeros too many")
    assert done["appended"] == len(bills) == len(ledger.events("cost.adjusted"))
    assert {event["reason"] for event in ledger.events("cost.adjusted")} == {"three zeros too many"}
    right = agree(ledger)
    assert sum(right.values()) == sum(bills)
    # The counter never goes down: it has what was billed, and a gauge what corrections add.
    for user in ("alice", "bob"):
        counted = Decimal(ledger.exact_sample("proxy_api_cost_usd_total", user_id=user, model=MODEL))
        added = Decimal(ledger.exact_sample("proxy_api_cost_adjustment_usd", user_id=user, model=MODEL))
        assert (counted, counted + added) == (wrong[user], right[user])
    call(ledger, "alice")

    lines = len(ledger.lines())
    again = rerate(ledger, "--yes")
    assert sum(row["changed"] for row in again["rows"]) == 0
    assert len(ledger.lines()) == lines
    assert "0 costs would change" in ledger.run("rerate", "--since", "all", "--yes").stdout
    agree(ledger)


def test_limits_of_every_subject_hold_while_costs_are_corrected_down_and_up(make_ledger, folder):
    wrong = changed_book(folder, MODEL, lambda entry: times(10, entry))
    ledger = make_ledger(environment={"LEDGER_PRICES": str(wrong)})
    limit = {"measure": "cost", "window": "month", "limitUsd": 1.5}
    for subject in ("alice", "group:red", f"model:{MODEL}", "global"):
        ledger.set_quota(subject, limits=[limit])
    ledger.join_group("red", "alice")
    key = ledger.mint_key("alice")

    def fill() -> int:
        """Calls at once of about 2,000 tokens each, more than there is room for; how many were answered."""
        headers = {"x-simulate-output-tokens": "2000", "x-simulate-delay-ms": "50"}
        answered, refused = asyncio.run(storm(ledger, key, calls=60, max_tokens=2000, headers=headers))
        assert refused > 0
        return answered

    few = fill()
    # Ten times less is spent: there is room for about ten times as many.
    ledger.stop()
    ledger.environment["LEDGER_PRICES"] = str(RIGHT)
    ledger.restart()
    assert rerate(ledger, "--yes")["appended"] == few > 0
    many = sum(fill() for _ in range(2))
    assert many > 3 * few
    known(ledger)
    # The judge is not blind: without the corrections the same calls passed every limit.
    told = [event for event in ledger.events() if event["type"] != "cost.adjusted"]
    passed = {violation.split()[2] for violation in limits.violations(told)}
    assert passed == {"user:alice", "group:red", f"model:{MODEL}", "global"}

    # A correction upwards passes them, which is a fact, and nothing is admitted any more.
    assert rerate(ledger, "--yes", "--prices", str(wrong))["appended"] > 0
    assert known(ledger)["alice"] > 1.5
    with pytest.raises(anthropic.RateLimitError):
        call(ledger, "alice")
    with pytest.raises(anthropic.RateLimitError):
        call(ledger, "bob")
    assert ledger.events("call.rejected")[-1]["limit"]["subject"] == f"model:{MODEL}"
    ledger.run("verify")


def used(ledger, subject: str) -> Decimal:
    """What is used of the first limit of `subject`."""
    answer = requests.get(f"{ledger.proxy_url}/quotas/{subject}", headers=ledger.admin, timeout=10)
    answer.raise_for_status()
    return Decimal(json.loads(answer.text, parse_float=Decimal)["limits"][0]["usedUsd"])


@pytest.fixture
def answered_by_another(make_ledger, folder):
    """A model's and a group's limit, used up by ten calls at a wrong price, that another model answers; their
    user has changed groups since. The right prices are in force, and nothing is corrected yet."""
    wrong = changed_book(folder, OTHER, lambda entry: times(3, entry))
    ledger = make_ledger(environment={"LEDGER_PRICES": str(wrong)})
    for subject in (f"model:{MODEL}", f"model:{OTHER}", "group:red", "group:blue"):
        ledger.set_quota(subject, limits=[{"measure": "cost", "window": "month", "limitUsd": 0.32}])
    ledger.join_group("red", "alice")
    assert [ask(ledger, "alice", MODEL, answers=OTHER) for _ in range(11)] == [True] * 10 + [False]
    # Set later: it never counts those calls.
    ledger.set_quota("global", limits=[{"measure": "cost", "window": "month", "limitUsd": 1}])
    ledger.leave_group("red", "alice")
    ledger.join_group("blue", "alice")
    ledger.stop()
    ledger.environment["LEDGER_PRICES"] = str(RIGHT)
    return ledger.restart()


def ask(ledger, user: str, model: str, answers: str | None = None) -> bool:
    """A call of 2,000 tokens; whether it was let through."""
    headers = {"x-simulate-output-tokens": "2000"} | ({"x-simulate-model": answers} if answers else {})
    client = ledger.anthropic(ledger.mint_key(user), max_retries=0)
    try:
        client.messages.create(model=model, max_tokens=2000, messages=HELLO, extra_headers=headers)
    except anthropic.RateLimitError:
        return False
    return True


def test_a_correction_counts_in_the_limits_that_the_call_was_counted_in(answered_by_another):
    ledger = answered_by_another
    ledger.join_group("red", "carol")
    wrong = used(ledger, f"model:{MODEL}")
    assert wrong > Decimal("0.3") and used(ledger, "group:red") == wrong
    assert not ask(ledger, "bob", MODEL) and not ask(ledger, "carol", THIRD)
    assert rerate(ledger, "--yes")["appended"] == 10
    for event, reserved in zip(ledger.events("cost.adjusted"), ledger.events("call.reserved"), strict=True):
        assert (event["model"], event["chargedModel"], event["chargedGroups"]) == (OTHER, MODEL, ["red"])
        assert event["chargedPosition"] == reserved["position"]
    assert used(ledger, f"model:{MODEL}") == used(ledger, "group:red") == wrong / 3
    for subject in (f"model:{OTHER}", "group:blue", "global"):
        assert used(ledger, subject) == 0, subject
    # The model that was asked for and the group of then have room again; the others have theirs, and no more.
    assert ask(ledger, "bob", MODEL) and ask(ledger, "carol", MODEL)
    for user, model in (("bob", OTHER), ("alice", THIRD)):
        assert 3 < sum(ask(ledger, user, model) for _ in range(40)) < 40
    figures = {subject: used(ledger, subject) for subject in (f"model:{MODEL}", "group:blue", "global")}
    known(ledger)
    # The same is read from the journal alone.
    ledger.stop()
    (ledger.home / "system" / "snapshot.jsonl").unlink()
    ledger.run("verify")
    ledger.restart()
    assert {subject: used(ledger, subject) for subject in figures} == figures


def test_corrections_of_older_versions_stay_where_they_counted(answered_by_another):
    ledger = answered_by_another
    wrong = used(ledger, f"model:{MODEL}")
    rerate(ledger, "--yes")
    ledger.stop()
    (segment,) = fold.segments(ledger.home)
    older = [re.sub(rb',"chargedPosition".*,"old":', b',"old":', line) for line in ledger.lines()]
    assert older != ledger.lines()
    segment.write_bytes(rechained(older, ledger.origin))
    (ledger.home / "system" / "snapshot.jsonl").unlink()
    ledger.run("verify")
    ledger.restart()
    difference = sum(event["differenceUsd"] for event in ledger.events("cost.adjusted"))
    assert used(ledger, f"model:{MODEL}") == used(ledger, "group:red") == wrong
    assert used(ledger, f"model:{OTHER}") == used(ledger, "group:blue") == difference < 0
    known(ledger)
    # The judge is not blind: what was credited to a model that never paid is spent twice.
    assert all(ask(ledger, "bob", OTHER) for _ in range(40))
    assert {passed.split()[2] for passed in limits.violations(ledger.events())} == {f"model:{OTHER}"}


def test_a_correction_is_in_the_range_of_what_it_corrects(make_ledger, folder):
    """What is asked for from a moment on has the calls from then on, and what is known of these now."""
    wrong = changed_book(folder, MODEL, times_thousand)
    ledger = make_ledger(environment={"LEDGER_PRICES": str(wrong)})
    call(ledger, "alice")
    (first,) = ledger.wait_settled(1)
    ledger.environment["LEDGER_PRICES"] = str(RIGHT)
    ledger.restart()
    call(ledger, "alice")
    second = ledger.wait_settled(2)[-1]
    assert rerate(ledger, "--yes")["appended"] == 1
    (correction,) = ledger.events("cost.adjusted")
    between = second["timestamp"]
    assert first["timestamp"] < between < correction["timestamp"]

    def usage(*arguments) -> tuple[int, Decimal]:
        (row,) = json.loads(ledger.run("usage", "--json", *arguments).stdout, parse_float=Decimal)
        return row["calls"], row["costUsd"]

    def exported(*arguments) -> tuple[list[str], Decimal]:
        rows = list(csv.DictReader(io.StringIO(ledger.run("export", "csv", *arguments).stdout)))
        return [row["type"] for row in rows], sum(Decimal(row["costUsd"]) for row in rows)

    later = Decimal(second["costUsd"])
    earlier = Decimal(first["costUsd"]) / 1000
    assert usage("--since", between) == (1, later)
    assert exported("--from", between) == (["call.settled"], later)
    assert exported("--to", between) == (["call.settled", "cost.adjusted"], earlier)
    assert usage() == (2, earlier + later) and exported()[1] == earlier + later
    (row,) = (
        row for row in csv.DictReader(io.StringIO(ledger.run("export", "csv").stdout)) if row["recordedAt"]
    )
    assert (row["timestamp"], row["recordedAt"]) == (correction["timestamp"], first["timestamp"])


def test_an_unpriced_call_gets_its_price_when_the_price_arrives_and_a_priced_one_does_not(
    make_ledger, cluster, folder, simulator, price_book
):
    ledger = make_ledger(
        postgres_url=cluster.create_database(),
        environment={"LEDGER_PRICES": str(changed_book(folder, MODEL, lambda entry: None))},
    )
    ledger.set_quota("alice", dailyLimitUsd=3)
    call(ledger, "alice")
    client = ledger.anthropic(ledger.mint_key("alice"))
    client.messages.create(model="claude-haiku-4-5", max_tokens=20, messages=HELLO)
    held = {event["model"]: event.get("heldUsd") for event in ledger.events("call.settled")}
    assert held[MODEL] > 0 and held["claude-haiku-4-5"] is None
    assert sum(ledger.samples("ledger_unpriced_calls").values()) == 1
    ledger.stop()
    ledger.environment["LEDGER_PRICES"] = str(RIGHT)
    ledger.restart()
    (event,) = wait_until(lambda: ledger.events("cost.adjusted"), 20, "the price", ledger.process)
    record = next(record for record in simulator.records() if record["model"] == MODEL)
    assert event["new"]["costUsd"] == event["differenceUsd"] == price_book.bill(record, when(record)).cost
    assert (event["old"]["costState"], event["new"]["costState"], event["by"]) == (
        "unpriced",
        "priced",
        "ledger",
    )
    assert sum(ledger.samples("ledger_unpriced_calls").values()) == 0
    agree(ledger)
    assert ledger.sql("select count(*) from ledger.unpriced_calls") == [(0,)]
    quota = requests.get(f"{ledger.proxy_url}/quotas/alice", headers=ledger.admin, timeout=10)
    assert json.loads(quota.text, parse_float=Decimal)["dayUsedUsd"] == known(ledger)["alice"]
    # At the next start there is nothing left to do.
    lines = len(ledger.lines())
    ledger.stop()
    ledger.restart()
    assert len(ledger.lines()) == lines


@pytest.mark.parametrize("round_", range(2))
def test_killed_in_the_middle_the_same_command_does_the_rest_and_nothing_twice(make_ledger, cluster, round_):
    ledger = make_ledger(start=False, postgres_url=cluster.create_database())
    calls = 6_000
    made = MadeJournal(ledger.origin, start=time.strftime("%Y-%m-%d", time.gmtime(time.time() - 3 * 86_400)))
    made.days(2, calls // 2)
    made.write(ledger.home)
    ledger.start()
    answer = requests.post(f"{ledger.proxy_url}/rerate", headers=ledger.admin, json={}, timeout=10)
    assert answer.status_code == 202, answer.text

    def under_way() -> bool:
        status = requests.get(f"{ledger.proxy_url}/rerate", headers=ledger.admin, timeout=10).json()
        return status["appended"] > round_ * 1_000 or status["phase"] != "reading"

    wait_until(under_way, 30, "the first corrections", ledger.process)
    ledger.kill9()
    before = len(ledger.events("cost.adjusted"))
    assert 0 < before < calls, "killed in the middle"
    ledger.restart()
    done = rerate(ledger, "--yes")
    assert done["appended"] == calls - before
    originals = [event["original"] for event in ledger.events("cost.adjusted")]
    assert len(originals) == len(set(originals)) == calls
    # 12 tokens in at $3 and 3 out at $15 a million.
    costs = agree(ledger)
    assert sum(costs.values()) == calls * Decimal("0.000081")
    # A database built anew from the journal has the same.
    ledger.stop()
    ledger.run("rebuild", "postgres", "--yes")
    assert ledger.run("verify", "--postgres").returncode == 0


def test_a_replay_with_other_prices_says_what_would_be_and_changes_nothing(
    journal_ledger, folder, simulator, price_book
):
    ledger = journal_ledger
    for user in ("alice", "alice", "bob"):
        call(ledger, user)
    client = ledger.anthropic(ledger.mint_key("bob"))
    client.messages.create(model="claude-nobody-knows-1", max_tokens=20, messages=HELLO)
    lines = ledger.lines()
    dear = changed_book(folder, MODEL, times_thousand)
    answer = ledger.run("replay", "--prices", str(dear), "--by", "user,model", "--json").stdout
    rows = {(row["user"], row["model"]): row for row in json.loads(answer, parse_float=Decimal)["rows"]}
    costs = known(ledger)
    assert rows["alice", MODEL]["costUsd"] == costs["alice"]
    assert rows["alice", MODEL]["newCostUsd"] == 1000 * costs["alice"]
    assert rows["bob", MODEL]["differenceUsd"] == 999 * costs["bob"]
    unknown = rows["bob", "claude-nobody-knows-1"]
    assert (unknown["unpriced"], unknown["newUnpriced"], unknown["newCostUsd"]) == (1, 1, 0)
    assert "still unpriced" in ledger.run("replay", "--prices", str(dear)).stdout
    assert ledger.lines() == lines


def test_an_order_that_cannot_be_taken_says_why(journal_ledger, folder):
    ledger = journal_ledger
    url = f"{ledger.proxy_url}/rerate"
    assert requests.get(url, timeout=10).status_code == 401
    assert requests.post(url, json={}, timeout=10).status_code == 401
    assert requests.get(url, headers=ledger.admin, timeout=10).status_code == 404
    for body in (
        {"surprise": 1},
        {"prices": {}},
        {"prices": "{}"},
        {"since": "soon"},
        {"reason": "a\nb"},
        [],
    ):
        answer = requests.post(url, headers=ledger.admin, json=body, timeout=10)
        assert answer.status_code == 400, body
        assert answer.json()["type"] == "/problems/rerate"
    twice = requests.post(url, headers=ledger.admin, data='{"dryRun":true,"dryRun":false}', timeout=10)
    assert twice.status_code == 400 and "more than once" in twice.json()["detail"]
    assert ledger.run("rerate", "--yes", check=False).returncode == 64
    broken = folder / "broken.json"
    broken.write_text("{}")
    refused = ledger.run("rerate", "--since", "all", "--prices", str(broken), check=False)
    assert refused.returncode == 65 and "broken.json" in refused.stderr
    ledger.stop()
    away = ledger.run("rerate", "--since", "all", "--yes", check=False)
    assert away.returncode == 69 and "dledger serve" in away.stderr
