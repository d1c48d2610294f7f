"""What a hostile user sends to be served for less than it costs, or to harm the others."""

import json
import socket
from decimal import Decimal

import fold
import pytest
import requests
from processes import wait_until
from provider import Answer, Provider, chat
from traffic import Load

HELLO = [{"role": "user", "content": "Hello"}]
GOOD = {"model": "claude-sonnet-4-6", "max_tokens": 20, "messages": HELLO}


@pytest.fixture
def scripted_provider():
    provider = Provider()
    yield provider
    provider.stop()


def post(ledger, body, key: str, path: str = "/v1/messages", **headers) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"x-api-key": key, "content-type": "application/json", **headers}
    return requests.post(f"{ledger.proxy_url}{path}", data=data, headers=sent, timeout=30)


def is_well(ledger) -> None:
    assert post(ledger, GOOD, ledger.mint_key("well")).status_code == 200
    assert requests.get(f"{ledger.proxy_url}/health", timeout=1).json()["status"] == "ok"


HUGE = {
    "2^62 tokens": {"max_tokens": 1 << 62},
    "2^40 tokens in ten thousand answers": {"max_tokens": 1 << 40, "n": 10_000},
    "a billion answers": {"n": 1_000_000_000},
    "2^62 answers of 2^62 tokens": {"max_tokens": 1 << 62, "n": 1 << 62},
}


@pytest.mark.parametrize("name", HUGE)
def test_a_call_that_could_cost_billions_is_refused_by_a_limit_of_two_dollars(
    journal_ledger, simulator, name
):
    key = journal_ledger.mint_key("alice")
    journal_ledger.set_quota("alice", dailyLimitUsd=2)
    body = {"model": "gpt-4o", "messages": HELLO} | HUGE[name]
    answer = post(journal_ledger, body, key, "/v1/chat/completions")
    assert answer.status_code == 429, answer.text
    assert answer.json()["error"]["message"]
    assert simulator.records() == [] and journal_ledger.events("call.reserved") == []
    is_well(journal_ledger)


PROMPTS = {
    "texts": (["a"] * 500, 500),
    "lists of tokens": ([[1, 2]] * 500, 500),
    "two answers to each": (["a"] * 250, 500),
    "one list of tokens": ([1] * 500, 1),
}


@pytest.mark.parametrize("name", PROMPTS)
def test_a_list_of_prompts_reserves_for_an_answer_to_each(make_ledger, scripted_provider, name):
    prompt, answers = PROMPTS[name]
    ledger = make_ledger(services=("proxy",), environment=scripted_provider.environment())
    usage = {"prompt_tokens": 500, "completion_tokens": answers * 1000, "total_tokens": 500 + answers * 1000}
    scripted_provider.answers = [chat(usage, model="gpt-3.5-turbo-instruct", object="text_completion")]
    body = {"model": "gpt-3.5-turbo-instruct", "prompt": prompt, "max_tokens": 1000}
    body["n"] = 2 if "two" in name else 1
    key = ledger.mint_key("alice")
    if answers > 1:
        ledger.set_quota("alice", dailyLimitUsd="0.01")
        assert post(ledger, body, key, "/v1/completions").status_code == 429
        assert scripted_provider.asked == []
    # With money for it the call goes through, and what was held covers what it came to.
    ledger.set_quota("alice", dailyLimitUsd=2)
    assert post(ledger, body, key, "/v1/completions").status_code == 200
    (settled,) = ledger.wait_settled(1)
    (reserved,) = ledger.events("call.reserved")
    # 500 at $1.50 and a thousand for each answer at $2 a million.
    assert settled["costUsd"] == Decimal("0.00075") + answers * Decimal("0.002")
    assert settled["costUsd"] <= reserved["reservedUsd"]


def test_a_list_of_texts_to_embed_reserves_for_all_of_them(make_ledger, scripted_provider):
    ledger = make_ledger(services=("proxy",), environment=scripted_provider.environment())
    tokens = 40_000
    vector = {"object": "embedding", "index": 0, "embedding": [0.5]}
    scripted_provider.answers = [
        Answer(
            {"object": "list", "data": [vector], "model": "text-embedding-3-large"}
            | {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
        )
    ]
    body = {"model": "text-embedding-3-large", "input": ["four" * 2000] * 20}
    assert post(ledger, body, ledger.mint_key("alice"), "/v1/embeddings").status_code == 200
    (settled,) = ledger.wait_settled(1)
    (reserved,) = ledger.events("call.reserved")
    assert 0 < settled["costUsd"] <= reserved["reservedUsd"] and settled["costState"] == "priced"


BAD_NUMBERS = {
    "negative": b'{"model":"claude-sonnet-4-6","max_tokens":-1,"messages":[]}',
    "a fraction": b'{"model":"claude-sonnet-4-6","max_tokens":1.5,"messages":[]}',
    "beyond a double": b'{"model":"claude-sonnet-4-6","max_tokens":1e400,"messages":[]}',
    "an exponent": b'{"model":"claude-sonnet-4-6","max_tokens":1e3,"messages":[]}',
    "beyond 64 bits": b'{"model":"claude-sonnet-4-6","max_tokens":99999999999999999999,"messages":[]}',
    "text": b'{"model":"claude-sonnet-4-6","max_tokens":"20","messages":[]}',
    "NaN": b'{"model":"claude-sonnet-4-6","max_tokens":NaN,"messages":[]}',
    "the model twice": b'{"model":"claude-haiku-4-5","model":"claude-opus-4-5","max_tokens":9,"messages":[]}',
    "the model twice, once escaped": b'{"model":"claude-haiku-4-5","mod\\u0065l":"claude-opus-4-5",'
    b'"max_tokens":9,"messages":[]}',
    "the limit twice": b'{"model":"claude-haiku-4-5","max_tokens":1,"max_tokens":99999,"messages":[]}',
    "a NUL in a key": b'{"model\\u0000":"claude-haiku-4-5","max_tokens":1,"messages":[]}',
    "a raw NUL": b'{"model":"claude\x00","max_tokens":1,"messages":[]}',
    "bytes after the end": b'{"model":"claude-haiku-4-5","max_tokens":1,"messages":[]}{"max_tokens":99}',
}


def test_numbers_and_keys_that_two_readers_take_differently_are_refused(journal_ledger, simulator):
    key = journal_ledger.mint_key("alice")
    for name, body in BAD_NUMBERS.items():
        answer = post(journal_ledger, body, key)
        assert answer.status_code == 400, f"{name}: {answer.status_code} {answer.text}"
        assert answer.json()["type"] == "error", name
    assert simulator.records() == [] and journal_ledger.events("call.reserved") == []
    is_well(journal_ledger)


def test_an_escaped_key_counts_as_the_key_that_it_is(journal_ledger, simulator, price_book):
    body = (
        b'{"mod\\u0065l":"claude-opus-4-5","max_\\u0074okens":9,'
        b'"messages":[{"role":"user","content":"Hello"}]}'
    )
    assert post(journal_ledger, body, journal_ledger.mint_key("alice")).status_code == 200
    (settled,) = journal_ledger.events("call.settled")
    (served,) = simulator.records()
    assert settled["model"] == served["model"] == "claude-opus-4-5"
    assert settled["costUsd"] == price_book.bill(served).cost > 0


WIDE = "e" + "\u0301" * 3_000_000


@pytest.mark.parametrize("place", ["prompt", "model"])
def test_one_character_of_six_megabytes_is_not_recorded_whole(journal_ledger, place):
    key = journal_ledger.mint_key("alice")
    body = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": HELLO}
    if place == "prompt":
        body["messages"] = [{"role": "user", "content": WIDE}]
    else:
        body["model"] = WIDE
    answers = {post(journal_ledger, body, key).status_code for _ in range(2)}
    assert answers <= {200, 400, 404}
    journal_ledger.wait_settled(1 if answers == {200} else 0)
    assert max(map(len, journal_ledger.lines())) < 20_000
    assert journal_ledger.run("verify").returncode == 0
    is_well(journal_ledger)


def test_a_limit_of_zero_admits_nothing_that_costs(journal_ledger, simulator):
    key = journal_ledger.mint_key("alice")
    journal_ledger.set_quota("alice", dailyLimitUsd=0)
    assert post(journal_ledger, GOOD, key).status_code == 429
    assert post(journal_ledger, GOOD | {"model": "nobody-knows-1"}, key).status_code == 429
    assert simulator.records() == []


def test_a_limit_lowered_under_calls_in_flight_holds_from_the_next_one(journal_ledger):
    key = journal_ledger.mint_key("alice")
    journal_ledger.set_quota("alice", dailyLimitUsd=5)
    with Load(journal_ledger, key, clients=4, headers={"x-simulate-delay-ms": "300"}) as load:
        wait_until(lambda: len(journal_ledger.events("call.reserved")) >= 4, 10, "calls in flight")
        journal_ledger.set_quota("alice", dailyLimitUsd=0)
        wait_until(lambda: journal_ledger.events("call.rejected"), 10, "a refusal")
    events = journal_ledger.events()
    lowered = [e for e in events if e["type"] == "quota.set"][1]["position"]
    assert all(e["position"] < lowered for e in events if e["type"] == "call.reserved")
    state = fold.fold(events)
    assert state.open == {} and state.problems == []
    assert len(load.complete) == state.by_user["alice"].calls >= 4


TRICKS = [
    "/v1/messages/batches/../cancel",
    "/v1/messages/batches/..%2f..%2fmessages%3f/cancel",
    "/v1/responses/../cancel",
    "/v1/responses/..%2Fchat%2Fcompletions%3F/cancel",
    "/v1/messages/count_tokens/../../messages",
    "/v1/messages/",
    "//v1/messages",
    "/v1//messages",
    "/v1/%6dessages",
    "/v1/messages;x=1",
    "/v1/models/../messages",
    "/v1/messages#/v1/messages/count_tokens",
    "/v1beta/models/gemini-2.5-pro:generateContent#/x:countTokens",
    "/v1beta/models/gemini-2.5-pro:generateContent/x:countTokens",
]


def test_a_path_spelled_another_way_is_never_free(journal_ledger):
    key = journal_ledger.mint_key("alice")
    # A raw socket: clients tidy paths up before they send them.
    data = json.dumps(GOOD).encode()
    for path in TRICKS:
        head = (
            f"POST {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\nconnection: close\r\n"
            f"content-length: {len(data)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", journal_ledger.ports["proxy"]), timeout=10) as client:
            client.sendall(head.encode() + data)
            answer = b""
            while chunk := client.recv(65536):
                answer += chunk
        assert b" 200 " not in answer.split(b"\r\n")[0] or b"x-ledger-position" in answer, path
    # What was sent on was held at a price first, whatever its spelling.
    sent = journal_ledger.events("call.reserved")
    assert [e for e in sent if Decimal(e["reservedUsd"]) == 0] == []
