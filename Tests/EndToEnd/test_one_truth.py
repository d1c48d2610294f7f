"""One call, one cost: in the journal, PostgreSQL, /metrics and the terminal, as worked out independently."""

import json
from decimal import Decimal

import pytest
import requests
from pricing import when

PROMPT = "Tell me one true thing about ledgers."


def messages(ledger, key):
    ledger.anthropic(key).messages.create(
        model="claude-sonnet-4-6",
        max_tokens=200,
        messages=[{"role": "user", "content": PROMPT}],
        extra_headers={"x-simulate-cache": "read=100,write5m=50,write1h=25"},
    )


def messages_streamed(ledger, key):
    with ledger.anthropic(key).messages.stream(
        model="claude-sonnet-4-6", max_tokens=200, messages=[{"role": "user", "content": PROMPT}]
    ) as stream:
        assert "".join(stream.text_stream)


def chat(ledger, key):
    answer = ledger.openai(key).chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": PROMPT}]
    )
    assert answer.choices[0].message.content


def chat_streamed(ledger, key):
    chunks = list(
        ledger.openai(key).chat.completions.create(
            model="gpt-4o-mini", stream=True, messages=[{"role": "user", "content": PROMPT}]
        )
    )
    # This client did not ask for usage, so it must not see the chunk that carries it.
    assert chunks and all(chunk.choices for chunk in chunks)


def chat_streamed_with_usage(ledger, key):
    chunks = list(
        ledger.openai(key).chat.completions.create(
            model="gpt-4o-mini",
            stream=True,
            stream_options={"include_usage": True},
            messages=[{"role": "user", "content": PROMPT}],
        )
    )
    assert chunks[-1].usage.total_tokens > 0


def responses(ledger, key):
    assert ledger.openai(key).responses.create(model="gpt-4o-mini", input=PROMPT).output_text


def responses_streamed(ledger, key):
    events = list(ledger.openai(key).responses.create(model="gpt-4o-mini", input=PROMPT, stream=True))
    assert events[-1].type == "response.completed"


def embeddings(ledger, key):
    answer = ledger.openai(key).embeddings.create(model="text-embedding-3-small", input=PROMPT)
    assert answer.data[0].embedding


CALLS = [
    messages,
    messages_streamed,
    chat,
    chat_streamed,
    chat_streamed_with_usage,
    responses,
    responses_streamed,
    embeddings,
]


def test_every_kind_of_call_has_one_and_the_same_cost_everywhere(ledger, simulator, price_book):
    costs = {}
    for call in CALLS:
        user = call.__name__.replace("_", "-")
        call(ledger, ledger.mint_key(user))
        served = simulator.records()[-1]
        bill = price_book.bill(served, when(served))
        assert bill.cost is not None and bill.cost > 0, served
        costs[user] = bill
    assert len(simulator.records()) == len(CALLS)

    # The journal.
    settled = {event["user"]: event for event in ledger.events("call.settled")}
    assert len(ledger.events("call.reserved")) == len(ledger.events("call.settled")) == len(CALLS)
    for user, bill in costs.items():
        event = settled[user]
        assert event["costUsd"] == bill.cost, event
        assert (event["costState"], event["result"], event["usageSource"]) == (
            "priced",
            "ok",
            "provider_final",
        )
        assert event["usage"] == {name: count for name, count in bill.buckets.items() if count}
        assert (event["tokensIn"], event["tokensOut"]) == (bill.tokens_in, bill.tokens_out)

    # PostgreSQL.
    ledger.wait_ingested()
    assert dict(ledger.sql("select user_id, cost_usd from ledger.events where type = 'call.settled'")) == {
        user: bill.cost for user, bill in costs.items()
    }
    assert dict(ledger.sql("select user_id, sum(cost_usd) from ledger.usage_hourly group by 1")) == {
        user: bill.cost for user, bill in costs.items()
    }
    lines = [line.encode() for (line,) in ledger.sql("select line from ledger.events order by position")]
    assert lines == ledger.lines()

    # /metrics, digit by digit, on every service; and the terminal.
    for user, bill in costs.items():
        for service in ledger.services:
            for window in ("day", "month", "total"):
                shown = ledger.exact_sample("ledger_user_cost_usd", service, user=user, window=window)
                assert Decimal(shown) == bill.cost, (service, window)
        assert (
            ledger.sample("ledger_user_tokens", user=user, direction="input", window="total")
            == bill.tokens_in
        )
    assert {row["user"]: row["costUsd"] for row in ledger.usage()} == {u: b.cost for u, b in costs.items()}


@pytest.mark.parametrize("kind", ["verify", "replay"])
def test_what_is_shown_live_is_what_a_replay_from_zero_gives(ledger, kind):
    for call in CALLS:
        call(ledger, ledger.mint_key("alice"))
    ledger.wait_ingested()
    if kind == "verify":
        assert ledger.run("verify", "--postgres").returncode == 0
        return
    replayed = json.loads(ledger.run("replay", "--json").stdout, parse_float=Decimal)
    (alice,) = replayed["users"]
    assert alice["costUsd"] == Decimal(
        ledger.exact_sample("ledger_user_cost_usd", user="alice", window="total")
    )
    assert alice["costUsd"] == ledger.sql("select sum(cost_usd) from ledger.usage_hourly")[0][0]
    assert (alice["calls"], replayed["openCalls"]) == (len(CALLS), 0)
    assert replayed["position"] == len(ledger.lines())
    shown = {
        row[0]: row[1:]
        for row in ledger.sql(
            "select user_id, sum(calls), sum(input_tokens),"
            " sum(output_tokens) from ledger.usage_hourly group by 1"
        )
    }
    assert shown == {"alice": (alice["calls"], alice["tokensIn"], alice["tokensOut"])}


def test_the_answer_s_bytes_are_the_provider_s(journal_ledger, simulator):
    body = {"model": "claude-sonnet-4-6", "max_tokens": 50, "messages": [{"role": "user", "content": PROMPT}]}
    through = requests.post(
        f"{journal_ledger.proxy_url}/v1/messages",
        json=body,
        timeout=10,
        headers={"x-api-key": journal_ledger.mint_key("alice")},
    )
    direct = requests.post(f"{simulator.url}/v1/messages", json=body, headers={"x-api-key": "x"}, timeout=10)
    mine, theirs = through.json(), direct.json()
    mine.pop("id"), theirs.pop("id")
    assert mine == theirs
    assert through.headers["content-type"] == direct.headers["content-type"]
    event = journal_ledger.events("call.settled")[-1]
    assert Decimal(through.headers["x-ledger-cost-usd"]) == event["costUsd"]
    assert int(through.headers["x-ledger-position"]) == event["position"]


def test_a_call_is_linked_to_its_dispatch_and_its_session(journal_ledger):
    journal_ledger.anthropic(journal_ledger.mint_key("alice")).messages.create(
        model="claude-sonnet-4-6",
        max_tokens=20,
        messages=[{"role": "user", "content": PROMPT}],
        extra_headers={"x-dispatch-id": "d-1", "x-session-id": "s-1"},
    )
    for event in journal_ledger.events("call.reserved", "call.settled"):
        assert (event["dispatchId"], event["sessionId"]) == ("d-1", "s-1")
