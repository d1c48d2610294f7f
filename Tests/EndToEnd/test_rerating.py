"""Costs that are known better later: corrected by events, once, everywhere, to the last digit."""

import json
import time
from decimal import Decimal

import anthropic
import fold
import pytest
import requests
from journals import MadeJournal
from pricing import ROOT, changed_book, times_thousand, when
from processes import wait_until

MODEL = "claude-sonnet-4-6"
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
    state = fold.fold(ledger.events())
    assert state.problems == [] and state.violations == []
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
    assert ledger.run("rerate", "--yes", check=False).returncode == 64
    broken = folder / "broken.json"
    broken.write_text("{}")
    refused = ledger.run("rerate", "--since", "all", "--prices", str(broken), check=False)
    assert refused.returncode == 65 and "broken.json" in refused.stderr
    ledger.stop()
    away = ledger.run("rerate", "--since", "all", "--yes", check=False)
    assert away.returncode == 69 and "dledger serve" in away.stderr
