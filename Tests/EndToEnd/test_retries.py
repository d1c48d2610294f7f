"""Requests that a client tries again: each try is a call, and the journal says whose tries they are."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest
import requests
from provider import Answer, chat, message
from psycopg.rows import dict_row

HELLO = [{"role": "user", "content": "Hello"}]
BODY = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": HELLO}
OVERLOADED = Answer({"type": "error", "error": {"type": "overloaded_error", "message": "no"}}, status=529)
BROKEN = Answer({"error": {"type": "server_error", "message": "no"}}, status=500)
SERVED = message({"input_tokens": 100, "output_tokens": 10})
COST = Decimal("0.00015")


@pytest.fixture
def ledger(make_ledger, provider):
    return make_ledger(services=("proxy",), environment=provider.environment())


def calls(ledger, ended: int) -> list[dict]:
    """The ends of all calls in the order in which they began; every event of a call names the same try."""
    ends = {event["callId"]: event for event in ledger.wait_settled(ended)}
    assert len(ends) == ended
    reserved = ledger.events("call.reserved")
    assert [tries(event) for event in reserved] == [tries(ends[event["callId"]]) for event in reserved]
    return [ends[event["callId"]] for event in reserved]


def tries(event: dict) -> tuple[int | None, str | None]:
    return event.get("attempt"), event.get("retryOf")


def ask(ledger, user: str = "alice", count: str | None = None, **more) -> requests.Response:
    headers = {"x-api-key": ledger.mint_key(user)}
    if count is not None:
        headers["x-stainless-retry-count"] = count
    return requests.post(f"{ledger.proxy_url}/v1/messages", json=BODY | more, headers=headers, timeout=30)


def call(ledger, sdk: str, tries: int) -> None:
    """One request by a real client, which tries so often."""
    if sdk == "anthropic":
        client = ledger.anthropic(ledger.mint_key("alice"), max_retries=tries - 1)
        client.messages.create(**BODY)
    else:
        client = ledger.openai(ledger.mint_key("alice"), max_retries=tries - 1)
        client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)


@pytest.mark.parametrize(
    ("sdk", "failure", "answer"),
    [
        ("anthropic", OVERLOADED, SERVED),
        ("anthropic", BROKEN, SERVED),
        ("openai", BROKEN, chat({"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110})),
    ],
)
def test_tries_of_one_request_by_a_real_client_are_one_request(ledger, provider, sdk, failure, answer):
    provider.answers = [failure, failure, answer]
    call(ledger, sdk, tries=3)
    first, second, third = calls(ledger, 3)
    assert tries(first) == (None, None)
    assert tries(second) == (2, first["callId"])
    assert tries(third) == (3, first["callId"])
    assert [event["result"] for event in (first, second, third)] == ["error", "error", "ok"]
    assert [event["costUsd"] > 0 for event in (first, second, third)] == [False, False, True]
    assert [asked.body for asked in provider.asked] == [provider.asked[0].body] * 3
    assert ledger.sample("proxy_call_retries_total", provider=sdk) == 2
    # The next request, equal to the last byte, is another one.
    call(ledger, sdk, tries=1)
    assert tries(calls(ledger, 4)[3]) == (None, None)


def test_a_client_that_gave_up_waiting_tries_the_same_request_again(ledger, provider):
    served = threading.Event()
    provider.note = lambda: None if provider.asked or served.is_set() else served.set() or time.sleep(3)
    provider.answers = [SERVED]
    client = ledger.anthropic(ledger.mint_key("alice"), max_retries=1, timeout=1)
    client.messages.create(**BODY)
    first, second = calls(ledger, 2)
    assert tries(first) == (None, None)
    assert tries(second) == (2, first["callId"])
    # The provider served both, so both are money.
    assert [event["costUsd"] for event in (first, second)] == [COST, COST]


def test_equal_requests_at_one_time_are_requests_of_their_own(ledger, provider):
    provider.answers = [OVERLOADED, OVERLOADED, SERVED]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(ledger), range(8)))
    assert {tries(event) for event in calls(ledger, 8)} == {(None, None)}


def test_equal_requests_that_are_tried_again_have_each_tries_of_their_own(ledger, provider):
    provider.answers = [OVERLOADED] * 16 + [SERVED]
    client = ledger.anthropic(ledger.mint_key("alice"), max_retries=20)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.messages.create(**BODY), range(8)))
    found = calls(ledger, 24)
    firsts = [event["callId"] for event in found if "attempt" not in event]
    assert len(firsts) == 8
    followed = Counter(event["retryOf"] for event in found if "attempt" in event)
    assert set(followed) <= set(firsts)
    for first in followed:
        numbers = sorted(event["attempt"] for event in found if event.get("retryOf") == first)
        assert numbers == list(range(2, len(numbers) + 2))


def test_another_user_s_equal_request_is_not_followed(ledger, provider):
    provider.answers = [OVERLOADED, SERVED]
    ask(ledger, "alice")
    ask(ledger, "bob", "1")
    ask(ledger, "alice", "1")
    first, others, own = calls(ledger, 3)
    assert (others["user"], tries(others)) == ("bob", (2, None))
    assert (own["user"], tries(own)) == ("alice", (2, first["callId"]))


@pytest.mark.parametrize("count", ["-1", "00", "100", "9" * 400, "1.5", "two", "", "1, 2", "1;drop", "\xb9"])
def test_a_count_that_means_nothing_is_no_try_and_no_error(ledger, provider, count):
    provider.answers = [OVERLOADED, SERVED]
    ask(ledger)
    assert ask(ledger, count=count).status_code == 200
    assert [tries(event) for event in calls(ledger, 2)] == [(None, None)] * 2


def test_after_a_restart_a_try_says_which_it_is_and_not_of_what(ledger, provider):
    provider.answers = [OVERLOADED, SERVED]
    ask(ledger)
    calls(ledger, 1)
    ledger.kill9()
    ledger.start()
    assert ask(ledger, count="1").status_code == 200
    assert [tries(event) for event in calls(ledger, 2)] == [(None, None), (2, None)]


def test_a_try_that_was_open_in_a_crash_expires_as_that_try(ledger, provider):
    provider.answers = [OVERLOADED, SERVED]
    provider.note = lambda: time.sleep(5) if provider.asked else None
    ask(ledger)
    with ThreadPoolExecutor(1) as pool:
        cut = pool.submit(ask, ledger, count="1")
        while len(ledger.events("call.reserved")) < 2:
            time.sleep(0.01)
        ledger.kill9()
        assert cut.exception()
    ledger.start()
    first, second = ledger.events("call.reserved")
    (expired,) = ledger.events("call.expired")
    assert tries(expired) == tries(second) == (2, first["callId"])


def test_sql_and_the_export_have_both_and_verify_agrees(make_ledger, provider, cluster):
    ledger = make_ledger(
        services=("proxy",), postgres_url=cluster.create_database(), environment=provider.environment()
    )
    provider.answers = [OVERLOADED, SERVED]
    call(ledger, "anthropic", tries=2)
    first, second = calls(ledger, 2)
    ledger.wait_ingested()
    with psycopg.connect(ledger.postgres_url, row_factory=dict_row) as connection:
        rows = connection.execute(
            "select type, call_id, attempt, retry_of from ledger.audit_log where call_id is not null"
        ).fetchall()
    found = Counter((row["type"], row["call_id"], row["attempt"], row["retry_of"]) for row in rows)
    assert found == Counter(
        (event["type"], event["callId"], *tries(event))
        for event in ledger.events("call.reserved", "call.settled")
    )
    assert found["call.settled", second["callId"], 2, first["callId"]] == 1
    ledger.run("verify", "--postgres")
    table = ledger.run("export", "csv").stdout.splitlines()
    cells = [dict(zip(table[0].split(","), row.split(","), strict=True)) for row in table[1:]]
    assert [(row["attempt"], row["retryOf"]) for row in cells] == [("", ""), ("2", first["callId"])]
