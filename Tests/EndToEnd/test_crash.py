"""kill -9 at random moments under load, judged by the record of the clients and of the simulator."""

import json
import os
import random
import time
from decimal import Decimal

import fold
import pytest
from pricing import when
from traffic import Load

ROUNDS = int(os.environ.get("LEDGER_CRASH_ROUNDS", "50"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_is_lost_doubled_invented_or_overspent_by_fifty_kills(ledger, simulator, price_book):
    seed = int(os.environ.get("LEDGER_CRASH_SEED", str(random.randrange(1 << 32))))
    print(f"seed {seed}")
    chance = random.Random(seed)
    key = ledger.mint_key("alice")
    ledger.set_quota("alice", dailyLimitUsd=1000)
    sent = []
    with Load(ledger, key, clients=8) as load:
        for _ in range(ROUNDS):
            # Calls in flight when it dies are the point: wait for some, then a random while.
            enough = len(load.calls) + 10
            deadline = time.monotonic() + 20
            while len(load.calls) < enough and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.15))
            ledger.kill9()
            ledger.start()
        sent = load.calls
    ledger.wait_ingested(60)
    judge(ledger, simulator, price_book, sent)
    assert ledger.run("verify", "--postgres").returncode == 0


def judge(ledger, simulator, price_book, sent) -> None:
    """I1 to I6, from what the clients and the simulator wrote down."""
    journal = ledger.lines()
    events = [fold.parse(line) for line in journal]
    assert fold.broken_links(journal, ledger.origin) == []

    # I2: one reservation and one end a call, every identifier once.
    assert len({event["id"] for event in events}) == len(events)
    reserved = {e["callId"]: e for e in events if e["type"] == "call.reserved"}
    ended = {e["callId"]: e for e in events if e["type"] in ("call.settled", "call.expired")}
    assert len(reserved) == sum(e["type"] == "call.reserved" for e in events)
    assert len(ended) == sum(e["type"] in ("call.settled", "call.expired") for e in events)
    assert set(ended) == set(reserved), "every call that was reserved has an end"

    # I1: a call whose whole answer its client has is settled, at the position that the client was told.
    settled_of = {e["sessionId"]: e for e in events if e["type"] == "call.settled"}
    complete = [call for call in sent if call.outcome == "complete"]
    assert complete
    for call in complete:
        assert call.session in settled_of, f"the call {call} is lost"
        assert settled_of[call.session]["providerRequestId"] == call.answer_id
        if not call.streamed:
            assert int(call.headers["x-ledger-position"]) == settled_of[call.session]["position"]

    # I3: nothing that no client sent.
    sessions = {call.session for call in sent}
    assert {event["sessionId"] for event in reserved.values()} <= sessions

    # I4: no limit passed at any prefix; no call served that was not reserved; no true cost above what counts.
    state = fold.fold(events)
    assert state.violations == [] and state.problems == [] and state.open == {}
    served = simulator.records()
    assert len(served) <= len(reserved)
    by_answer = {e["providerRequestId"]: e for e in ended.values() if e.get("providerRequestId")}
    charged = sum(e["costUsd"] for e in ended.values())
    true_cost = sum((price_book.bill(record, when(record)).cost for record in served), Decimal(0))
    assert charged >= true_cost, "the provider billed more than the ledger counts"
    for record in served:
        event = by_answer.get(record["id"])
        if event and event["costState"] == "priced":
            assert event["costUsd"] == price_book.bill(record, when(record)).cost
    for event in ended.values():
        if event["type"] == "call.expired":
            assert event["costUsd"] == reserved[event["callId"]]["reservedUsd"]
            assert event["costState"] == "estimated"

    # I5: what is shown is the fold of the journal.
    sums = state.by_user["alice"]
    assert Decimal(ledger.exact_sample("ledger_user_cost_usd", user="alice", window="total")) == sums.cost
    replayed = json.loads(ledger.run("replay", "--json").stdout, parse_float=Decimal)
    assert replayed["users"][0]["costUsd"] == sums.cost

    # I6: PostgreSQL holds the journal, byte for byte.
    rows = ledger.sql("select position, line from ledger.events where origin = %s order by 1", ledger.origin)
    assert [position for position, _ in rows] == list(range(1, len(journal) + 1))
    assert [line.encode() for _, line in rows] == journal
    assert ledger.sql("select sum(cost_usd), sum(calls) from ledger.usage_hourly") == [
        (sums.cost, sums.calls)
    ]


def test_a_call_that_was_open_in_a_crash_counts_at_its_reserved_amount(journal_ledger):
    with Load(
        journal_ledger, journal_ledger.mint_key("alice"), clients=1, headers={"x-simulate-delay-ms": "5000"}
    ):
        while not journal_ledger.events("call.reserved"):
            time.sleep(0.01)
        journal_ledger.kill9()
    journal_ledger.start()
    (expired,) = journal_ledger.events("call.expired")
    (reserved,) = journal_ledger.events("call.reserved")
    assert expired["costUsd"] == reserved["reservedUsd"] > 0
    assert (expired["costState"], expired["reason"]) == ("estimated", "restart")


def test_a_second_server_on_one_journal_is_refused(make_ledger, journal_ledger):
    second = make_ledger(start=False)
    second.environment["LEDGER_HOME"] = str(journal_ledger.home)
    done = second.run("serve", check=False, seconds=20)
    assert done.returncode not in (0, -9)
    assert done.stderr.strip()
    assert journal_ledger.process.is_running


def test_sigterm_drains_and_settles_what_is_open(journal_ledger, simulator):
    with Load(
        journal_ledger, journal_ledger.mint_key("alice"), clients=4, headers={"x-simulate-delay-ms": "300"}
    ) as load:
        while len(journal_ledger.events("call.reserved")) < 8:
            time.sleep(0.01)
        began = time.monotonic()
        code = journal_ledger.stop()
        took = time.monotonic() - began
    assert code == 0 and took < 10
    state = fold.fold(journal_ledger.events())
    assert state.open == {} and state.problems == []
    settled = {event["sessionId"] for event in journal_ledger.events("call.settled")}
    assert {call.session for call in load.complete} <= settled
    assert "failed" not in {call.outcome for call in load.calls if call.session in settled}
