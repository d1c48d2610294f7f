"""Limits hold, however many calls run side by side; a refusal is the real SDK's own error."""

import asyncio
import time
from decimal import Decimal

import anthropic
import fold
import openai
import pytest
from traffic import storm

HELLO = [{"role": "user", "content": "Hello"}]


def test_a_thousand_calls_at_once_do_not_pass_a_limit_of_five_dollars(journal_ledger, simulator):
    limit = Decimal(5)
    key = journal_ledger.mint_key("alice")
    journal_ledger.set_quota("alice", dailyLimitUsd=5)
    # Each reserves about $0.15 and takes a while, so many are open at once: reservations meet the limit.
    answered, refused = asyncio.run(
        storm(journal_ledger, key, calls=1000, max_tokens=8000, headers={"x-simulate-delay-ms": "200"})
    )
    assert answered + refused == 1000
    assert answered > 0 and refused > 0

    events = journal_ledger.events()
    state = fold.fold(events)
    assert state.violations == [] and state.problems == []
    assert state.open == {}
    sums = state.by_user["alice"]
    assert sums.calls == answered == len(simulator.records())
    # Not retried by the SDK: as many rejections as it raised errors.
    assert sums.rejected == refused
    assert 0 < sums.cost <= limit
    most = max(window.charged for (user, _), window in state.windows.items() if user == "alice")
    assert most <= limit


def test_a_limit_is_met_by_what_was_spent_as_well(journal_ledger):
    client = journal_ledger.anthropic(journal_ledger.mint_key("alice"), max_retries=0)
    journal_ledger.set_quota("alice", dailyLimitUsd=0.05)
    answered = 0
    with pytest.raises(anthropic.RateLimitError) as refusal:
        for _ in range(1000):
            client.messages.create(model="claude-sonnet-4-6", max_tokens=1000, messages=HELLO)
            answered += 1
    assert answered > 0
    response = refusal.value.response
    assert response.headers["x-should-retry"] == "false"
    assert 0 < int(response.headers["retry-after"]) <= 86_400
    assert response.json()["type"] == "error"
    assert response.json()["error"]["type"] == "rate_limit_error"
    assert fold.fold(journal_ledger.events()).violations == []


def test_openai_s_client_raises_its_own_error_and_does_not_retry(journal_ledger):
    client = journal_ledger.openai(journal_ledger.mint_key("bob"))
    journal_ledger.set_quota("bob", monthlyLimitUsd="0.000001")
    began = time.monotonic()
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert time.monotonic() - began < 2
    assert len(journal_ledger.events("call.rejected")) == 1
    assert journal_ledger.sample("proxy_quota_rejections_total", user_id="bob") == 1


def test_a_user_who_is_switched_off_cannot_call_and_one_whose_limit_is_removed_can(journal_ledger):
    client = journal_ledger.anthropic(journal_ledger.mint_key("carol"))
    journal_ledger.set_quota("carol", enabled=False)
    with pytest.raises(anthropic.APIStatusError):
        client.messages.create(model="claude-sonnet-4-6", max_tokens=20, messages=HELLO)
    journal_ledger.delete_quota("carol")
    assert (
        client.messages.create(model="claude-sonnet-4-6", max_tokens=20, messages=HELLO).usage.output_tokens
        > 0
    )


def test_a_limit_in_tokens_holds(journal_ledger):
    client = journal_ledger.anthropic(journal_ledger.mint_key("dave"))
    journal_ledger.set_quota("dave", dailyTokens=10_000)
    with pytest.raises(anthropic.RateLimitError):
        for _ in range(1000):
            client.messages.create(model="claude-sonnet-4-6", max_tokens=1000, messages=HELLO)
    state = fold.fold(journal_ledger.events())
    assert state.violations == [] and state.by_user["dave"].calls > 0


def test_limits_survive_a_restart(journal_ledger):
    client = journal_ledger.anthropic(journal_ledger.mint_key("erin"))
    journal_ledger.set_quota("erin", dailyLimitUsd="0.000001")
    journal_ledger.kill9()
    journal_ledger.start()
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(model="claude-sonnet-4-6", max_tokens=20, messages=HELLO)
