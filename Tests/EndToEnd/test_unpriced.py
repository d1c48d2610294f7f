"""What has no price, and what the provider does not tell, is loud: never $0."""

import contextlib
from decimal import Decimal

import anthropic
import fold
import pytest
import requests

HELLO = [{"role": "user", "content": "Hello"}]


def test_an_unknown_model_is_unpriced_holds_its_reservation_and_shows(ledger):
    model = "claude-nobody-knows-1"
    ledger.set_quota("alice", dailyLimitUsd=100)
    client = ledger.anthropic(ledger.mint_key("alice"))
    client.messages.create(model=model, max_tokens=20, messages=HELLO)
    (reserved,) = ledger.events("call.reserved")
    (settled,) = ledger.events("call.settled")
    assert reserved["unpriced"] is True and reserved["reservedUsd"] > 0
    assert settled["costState"] == "unpriced" and settled["costUsd"] is None
    assert settled["heldUsd"] == reserved["reservedUsd"]
    assert settled["tokensOut"] > 0
    assert sum(ledger.samples("ledger_unpriced_calls").values()) == 1
    ledger.wait_ingested()
    assert ledger.sql("select cost_usd, cost_state from ledger.events where type = 'call.settled'") == [
        (None, "unpriced")
    ]
    assert ledger.sql("select sum(unpriced_calls), sum(held_usd) from ledger.usage_hourly") == [
        (1, settled["heldUsd"])
    ]
    (row,) = ledger.usage()
    assert (row["unpricedCalls"], row["heldUsd"]) == (1, settled["heldUsd"])


def test_what_unpriced_calls_hold_counts_against_the_limit(journal_ledger):
    journal_ledger.set_quota("alice", dailyLimitUsd=5)
    client = journal_ledger.anthropic(journal_ledger.mint_key("alice"))
    with pytest.raises(anthropic.RateLimitError):
        for _ in range(200):
            client.messages.create(model="claude-nobody-knows-1", max_tokens=20, messages=HELLO)
    state = fold.fold(journal_ledger.events())
    assert state.violations == [] and state.by_user["alice"].held > 0


@pytest.mark.parametrize("fault", ["no-usage", "reset-mid-stream", "truncate", "malformed-sse"])
def test_an_answer_without_its_figures_is_never_free(journal_ledger, fault):
    client = journal_ledger.anthropic(journal_ledger.mint_key("alice"), max_retries=0)
    try:
        with client.messages.stream(
            model="claude-sonnet-4-6",
            max_tokens=50,
            messages=HELLO,
            extra_headers={"x-simulate-fault": fault, "x-simulate-output-tokens": "40"},
        ) as stream:
            list(stream)
    except Exception as error:  # noqa: BLE001 - what the client sees is not what is judged here
        print(f"the client saw {error!r}")
    (settled,) = journal_ledger.wait_settled(1)
    assert settled["costUsd"] is None or settled["costUsd"] > Decimal(0), settled
    assert settled["costState"] in ("priced", "estimated", "unpriced")
    if fault == "no-usage":
        assert settled["costState"] == "estimated"


@pytest.mark.parametrize("words", [40, 400])
@pytest.mark.parametrize("fault", ["reset-mid-stream", "truncate", "error-midstream"])
def test_a_stream_without_its_end_costs_no_less_than_is_billed_and_no_more_than_was_held(
    journal_ledger, simulator, price_book, fault, words
):
    key = journal_ledger.mint_key("alice")
    body = {"model": "claude-sonnet-4-6", "max_tokens": words, "messages": HELLO, "stream": True}
    headers = {"x-api-key": key, "x-simulate-fault": fault, "x-simulate-output-tokens": str(words)}
    with contextlib.suppress(requests.RequestException):
        requests.post(f"{journal_ledger.proxy_url}/v1/messages", json=body, headers=headers, timeout=10)
    (settled,) = journal_ledger.wait_settled(1)
    (reserved,) = journal_ledger.events("call.reserved")
    (record,) = simulator.records()
    assert (settled["result"], settled["costState"]) == ("error", "estimated")
    assert settled["usageSource"] == "provider_partial"
    assert price_book.bill(record).cost <= settled["costUsd"] <= reserved["reservedUsd"]
    assert settled["tokensIn"] + settled["tokensOut"] <= reserved["reservedTokens"]


def test_a_client_that_leaves_is_charged_for_what_the_provider_served(journal_ledger, simulator, price_book):
    client = journal_ledger.anthropic(journal_ledger.mint_key("alice"))
    with client.messages.stream(
        model="claude-sonnet-4-6",
        max_tokens=200,
        messages=HELLO,
        extra_headers={"x-simulate-output-tokens": "50", "x-simulate-chunk-delay-ms": "20"},
    ) as stream:
        for number, _event in enumerate(stream):
            if number > 5:
                break
    (settled,) = journal_ledger.wait_settled(1)
    (record,) = simulator.records()
    assert record["complete"] is True, "the provider's answer is read to its end"
    assert settled["costUsd"] == price_book.bill(record).cost
    assert settled["costState"] == "priced"


@pytest.mark.parametrize("status", [429, 500, 529])
def test_a_provider_s_refusal_costs_nothing_and_frees_the_reservation(journal_ledger, status):
    client = journal_ledger.anthropic(journal_ledger.mint_key("alice"), max_retries=0)
    with pytest.raises(anthropic.APIStatusError) as refused:
        client.messages.create(
            model="claude-sonnet-4-6",
            max_tokens=20,
            messages=HELLO,
            extra_headers={"x-simulate-status": str(status)},
        )
    assert refused.value.status_code == status
    (settled,) = journal_ledger.wait_settled(1)
    assert (settled["costUsd"], settled["status"], settled["result"]) == (0, status, "error")
    assert fold.fold(journal_ledger.events()).open == {}


def test_without_a_provider_s_key_a_call_is_refused_by_name(make_ledger):
    ledger = make_ledger(simulator=None)
    client = ledger.anthropic(ledger.mint_key("alice"), max_retries=0)
    with pytest.raises(anthropic.APIStatusError) as refused:
        client.messages.create(model="claude-sonnet-4-6", max_tokens=20, messages=HELLO)
    assert refused.value.status_code == 503
    assert "ANTHROPIC_API_KEY" in refused.value.response.text
    assert ledger.events("call.reserved") == []


def test_counting_tokens_is_free(journal_ledger):
    counted = journal_ledger.anthropic(journal_ledger.mint_key("alice")).messages.count_tokens(
        model="claude-sonnet-4-6", messages=HELLO
    )
    assert counted.input_tokens > 0
    assert all(event["costUsd"] == 0 for event in journal_ledger.events("call.settled"))
