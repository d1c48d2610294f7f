"""What has no price, and what the provider does not tell, is loud: never $0."""

import contextlib
from decimal import Decimal
from pathlib import Path

import anthropic
import fold
import pytest
import requests
from provider import Answer, Provider, chat, message

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


UNTOLD = {
    "chat, empty": chat({}),
    "chat, foreign": chat({"foo": 5}),
    "chat, null": chat({"prompt_tokens": None, "completion_tokens": None}),
    "chat, input alone": chat({"prompt_tokens": 5}),
    "chat, output null": chat({"prompt_tokens": 5, "completion_tokens": None}),
    "chat, output negative": chat({"prompt_tokens": 5, "completion_tokens": -7}),
    "chat, input negative": chat({"prompt_tokens": -5, "completion_tokens": 7}),
    "chat stream, empty": Answer(
        events=[{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        + [{"choices": [], "usage": {}}, "[DONE]"]
    ),
    "chat stream, taken back": Answer(
        events=[
            {"choices": [], "usage": {"prompt_tokens": told, "completion_tokens": 14 * told}}
            for told in (5, 0)
        ]
        + ["[DONE]"]
    ),
    "messages, empty": message({}),
    "messages, null": message({"input_tokens": None, "output_tokens": None}),
    "messages, input alone": message({"input_tokens": 5}),
    "messages, output null": message({"input_tokens": 5, "output_tokens": None}),
    "responses, under way": Answer(
        {"object": "response", "status": "in_progress", "model": "gpt-4o-mini", "usage": {}}
    ),
} | {
    f"messages stream, {name}": Answer(
        events=[
            {"type": "message_start", "message": message({"input_tokens": 5, "output_tokens": 1}).body},
            *({"type": "content_block_delta", "delta": {"text": "words " * 10}} for _ in range(5)),
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}} | last,
            {"type": "message_stop"},
        ]
    )
    for name, last in {
        "none at the end": {},
        "empty at the end": {"usage": {}},
        "null at the end": {"usage": None},
        "input taken back": {"usage": {"input_tokens": 0, "output_tokens": 9}},
    }.items()
}
CALLS = {
    "chat": ("/v1/chat/completions", {"model": "gpt-4o-mini", "max_tokens": 500, "messages": HELLO}),
    "messages": ("/v1/messages", {"model": "claude-haiku-4-5", "max_tokens": 500, "messages": HELLO}),
    "responses": ("/v1/responses", {"model": "gpt-4o-mini", "max_output_tokens": 500, "input": "Hello"}),
}


def test_figures_that_leave_something_out_are_charged_as_what_was_held(make_ledger):
    provider = Provider()
    ledger = make_ledger(services=("proxy",), environment=provider.environment())
    headers = {"x-api-key": ledger.mint_key("alice")}
    try:
        for name, answer in UNTOLD.items():
            path, body = CALLS[name.split(",")[0].split(" ")[0]]
            provider.answers = [answer]
            body = body | ({"stream": True} if "stream" in name else {})
            assert requests.post(f"{ledger.proxy_url}{path}", json=body, headers=headers, timeout=10).ok
    finally:
        provider.stop()
    ended = ledger.wait_settled(len(UNTOLD))
    for name, reserved, settled in zip(UNTOLD, ledger.events("call.reserved"), ended, strict=True):
        assert settled["callId"] == reserved["callId"]
        charged = (settled["costState"], settled["usageSource"], settled["costUsd"])
        assert charged == ("estimated", "estimated", reserved["reservedUsd"]), name
        assert settled["costUsd"] > Decimal("0.0005"), name


def test_what_is_done_with_a_known_model_on_an_unknown_path_has_no_price(make_ledger, tmp_path):
    provider = Provider([Answer({"id": "ftjob-1", "object": "fine_tuning.job", "model": "gpt-4o-mini"})])
    ledger = make_ledger(services=("proxy",), environment=provider.environment())
    headers = {"x-api-key": ledger.mint_key("alice")}

    def post(path: str) -> int:
        body = {"model": "gpt-4o-mini", "assistant_id": "a"}
        return requests.post(f"{ledger.proxy_url}{path}", json=body, headers=headers, timeout=10).status_code

    try:
        for path in ("/v1/fine_tuning/jobs", "/v1/threads/t/runs", "/v1/threads/runs"):
            assert post(path) == 200
        # Figures are priced wherever they come from.
        provider.answers = [chat({"prompt_tokens": 10, "completion_tokens": 5})]
        assert post("/v1/unheard-of") == 200
        *silent, told = ledger.wait_settled(4)
        for reserved, settled in zip(ledger.events("call.reserved"), silent, strict=False):
            assert reserved["reservedUsd"] == settled["heldUsd"] == 1
            assert (settled["costState"], settled["costUsd"]) == ("unpriced", None)
        assert (told["costState"], told["costUsd"]) == ("priced", Decimal("0.0000045"))
        # Less than what they hold admits none of them.
        ledger.set_quota("alice", dailyLimitUsd="3.9")
        assert post("/v1/fine_tuning/jobs") == 429
    finally:
        provider.stop()
    # The model has a price, in any book; what was done has none.
    ledger.stop()
    book = (Path(__file__).resolve().parents[2] / "distro" / "prices.json").read_text()
    (tmp_path / "prices.json").write_text(
        book.replace('"unpricedReserveUsd": "1"', '"unpricedReserveUsd": "2"')
    )
    ledger.environment["LEDGER_PRICES"] = str(tmp_path / "prices.json")
    ledger.start()
    assert ledger.run("rerate", "--since", "all", "--yes").returncode == 0
    assert ledger.events("cost.adjusted") == []


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


@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_of_openai_s_that_is_cut_in_good_order_is_an_error(journal_ledger, streamed):
    headers = {"x-api-key": journal_ledger.mint_key("alice"), "x-simulate-fault": "truncate"}
    for path, body in (CALLS["chat"], CALLS["responses"]):
        body = body | {"stream": streamed}
        answer = requests.post(f"{journal_ledger.proxy_url}{path}", json=body, headers=headers, timeout=10)
        assert answer.status_code == 200
    ended = journal_ledger.wait_settled(2)
    for reserved, settled in zip(journal_ledger.events("call.reserved"), ended, strict=True):
        assert (settled["result"], settled["status"], settled["costState"]) == ("error", 200, "estimated")
        assert settled["costUsd"] == reserved["reservedUsd"]


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
