"""What users of other ledgers complain about, tried on this one: docs/conformance.md says which is whose."""

import json
import subprocess
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import anthropic
import fold
import pytest
import requests
from dispatches import message as say
from processes import wait_until
from prometheus_client.parser import text_string_to_metric_families
from provider import Answer, chat, message
from test_cloudevents import COST, cost_of, event, send
from test_faults import disk, disk_ledger, health  # noqa: F401 - fixtures
from test_hostile_gateway import OBEDIENT
from test_hostile_streams import FAULTS
from test_platform import platform, provision  # noqa: F401 - a fixture
from trouble import wait_stalled

ROOT = Path(__file__).resolve().parents[2]
HELLO = [{"role": "user", "content": "Hello"}]
CHAT = ("/v1/chat/completions", {"model": "gpt-4o-mini", "max_tokens": 50, "messages": HELLO})
MESSAGES = ("/v1/messages", {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": HELLO})


@pytest.fixture
def scripted(make_ledger, provider):
    """A ledger in front of a provider that says what the test tells it to."""
    return make_ledger(services=("proxy",), environment=provider.environment())


@pytest.fixture
def stored(make_ledger, provider, cluster):
    """The same with a PostgreSQL behind it."""
    return make_ledger(
        services=("proxy",), postgres_url=cluster.create_database(), environment=provider.environment()
    )


def ask(ledger, call: tuple[str, dict], user: str = "alice", headers: dict | None = None, **more):
    path, body = call
    return requests.post(
        f"{ledger.proxy_url}{path}",
        json=body | more,
        headers={"x-api-key": ledger.mint_key(user)} | (headers or {}),
        timeout=60,
    )


def total(ledger, user: str = "alice") -> Decimal:
    return Decimal(ledger.exact_sample("ledger_user_cost_usd", user=user, window="total"))


# Lost


@pytest.mark.parametrize("streamed", [True, False])
def test_a_limit_is_met_although_no_answer_has_figures(journal_ledger, streamed):
    """Each answer counts at what was held for it, so that the limit comes, and comes in time."""
    journal_ledger.set_quota("alice", dailyLimitUsd="0.05")
    for _ in range(200):
        answer = ask(
            journal_ledger,
            ("/v1/messages", MESSAGES[1] | {"model": "claude-sonnet-4-6"}),
            headers={"x-simulate-fault": "no-usage"},
            stream=streamed,
        )
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    state = fold.fold(journal_ledger.events())
    assert state.violations == [] and 0 < state.by_user["alice"].cost <= Decimal("0.05")


def test_a_call_is_in_the_journal_before_its_provider_is_asked(scripted, provider):
    provider.answers = [message({"input_tokens": 1, "output_tokens": 1})]
    provider.note = lambda: len(scripted.events("call.reserved"))
    for _ in range(5):
        assert ask(scripted, MESSAGES).status_code == 200
    assert [asked.noted for asked in provider.asked] == [1, 2, 3, 4, 5]


IDS = ["chatcmpl-213", "chatcmpl-213", None, None, "", 7, ...]


def test_answers_that_share_a_name_or_have_none_are_calls_of_their_own(stored, provider):
    provider.answers = [chat({"prompt_tokens": 10, "completion_tokens": 5}, id=name) for name in IDS]
    del provider.answers[-1].body["id"]
    for _ in IDS:
        assert ask(stored, CHAT).status_code == 200
    settled = stored.events("call.settled")
    assert len({call["callId"] for call in settled}) == len(IDS)
    assert Counter(call.get("providerRequestId") for call in settled)["chatcmpl-213"] == 2
    # 10 at $0.15 and 5 at $0.60 a million, each.
    assert [call["costUsd"] for call in settled] == [Decimal("0.0000045")] * len(IDS)
    stored.wait_ingested()
    assert stored.sql("select count(*), sum(cost_usd) from ledger.events where type = 'call.settled'") == [
        (len(IDS), Decimal("0.0000045") * len(IDS))
    ]


UNSAFE = {
    "LEDGER_FAIL": "perhaps",
    "LEDGER_DURABILITY": "none",
    "LEDGER_PRICES": "/nowhere/prices.json",
    "LEDGER_KEY_SECRET": "short",
    "LEDGER_ADMIN_TOKEN": "",
    "LEDGER_PROMPTS": "some",
}


@pytest.mark.parametrize("name", UNSAFE)
def test_a_setting_that_would_lose_something_is_refused_at_the_start(make_ledger, name):
    ledger = make_ledger(start=False, migrate=False)
    ledger.environment[name] = UNSAFE[name]
    done = ledger.run("serve", check=False, seconds=20)
    assert done.returncode not in (0, -9) and done.returncode < 128
    assert name in done.stderr or UNSAFE[name] and UNSAFE[name] in done.stderr, done.stderr


def test_a_database_that_cannot_be_is_said_and_loses_no_call(make_ledger):
    ledger = make_ledger(services=("proxy",), postgres_url="here and there", migrate=False)
    assert ask(ledger, MESSAGES).status_code == 200
    wait_stalled(ledger, "cannot connect to PostgreSQL")
    assert len(ledger.events("call.settled")) == 1


def test_more_tokens_than_32_bits_hold_are_counted_whole(stored, provider):
    many = 3_000_000_000
    provider.answers = [chat({"prompt_tokens": many, "completion_tokens": 0, "total_tokens": many})]
    for _ in range(2):
        assert ask(stored, CHAT).status_code == 200
    stored.wait_ingested()
    assert stored.sql("select sum(input_tokens), sum(cost_usd) from ledger.usage_daily") == [
        (2 * many, Decimal("0.15") * 2 * many / 1_000_000)
    ]
    shown = stored.exact_sample("ledger_user_tokens", user="alice", direction="input", window="total")
    assert int(Decimal(shown)) == 2 * many and total(stored) == 900


def test_a_report_that_could_not_be_written_counts_when_it_comes_again(disk, disk_ledger):  # noqa: F811
    disk.fill(leaving=0)
    # The last block of a file may have space left: reports are taken until it is full.
    for taken in range(100):
        report = event(id=f"report-{taken}")
        if (answer := send(disk_ledger, report)).status_code != 202:
            break
    assert answer.status_code == 503
    disk.give_back()
    wait_until(lambda: health(disk_ledger)[1]["status"] == "ok", 15, "recovery", disk_ledger.process)
    for _ in range(3):
        assert send(disk_ledger, report).status_code in (200, 202)
    ids = [reported["reportId"] for reported in disk_ledger.events("usage.reported")]
    assert ids == [f"report-{number}" for number in range(taken + 1)]
    assert cost_of(disk_ledger) == (taken + 1) * COST


def test_input_that_only_the_last_delta_tells_is_counted(scripted, provider):
    start = message({"input_tokens": 0, "output_tokens": 0}).body
    told = {"input_tokens": 5, "cache_read_input_tokens": 9000, "output_tokens": 33}
    provider.answers = [
        Answer(
            events=[
                {"type": "message_start", "message": start},
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": told},
                {"type": "message_stop"},
            ]
        )
    ]
    assert ask(scripted, MESSAGES, stream=True).status_code == 200
    (settled,) = scripted.wait_settled(1)
    assert settled["tokensIn"] + settled["tokensOut"] == 9038
    # 5 at $1, 9000 at $0.10, 33 at $5 a million.
    assert settled["costUsd"] == Decimal("0.00107") and settled["costState"] == "priced"


# Invented


def test_after_every_kind_of_end_nothing_is_held_any_more(journal_ledger):
    """Whatever becomes of calls, what is left of a limit is the limit less what was spent."""
    journal_ledger.set_quota("alice", dailyLimitUsd=5)
    call = ("/v1/messages", MESSAGES[1] | {"model": "claude-sonnet-4-6", "max_tokens": 200})
    for streamed in (True, False):
        for header in [{"x-simulate-fault": fault} for fault in FAULTS] + [
            {"x-simulate-status": "500"},
            {"x-simulate-status": "429"},
            {},
        ]:
            try:
                ask(journal_ledger, call, headers=header, stream=streamed)
            except requests.RequestException as error:
                print(f"the client saw {error!r}")
        with requests.post(
            f"{journal_ledger.proxy_url}{call[0]}",
            json=call[1] | {"stream": True},
            headers={"x-api-key": journal_ledger.mint_key("alice"), "x-simulate-chunk-delay-ms": "20"},
            stream=True,
            timeout=20,
        ) as left:
            next(left.iter_content(10))
    ended = journal_ledger.wait_settled(len(journal_ledger.events("call.reserved")))

    def quota() -> dict:
        answer = requests.get(
            f"{journal_ledger.proxy_url}/quotas/alice", headers=journal_ledger.admin, timeout=10
        )
        return json.loads(answer.text, parse_float=Decimal)

    spent = sum(call["costUsd"] for call in ended)
    assert (quota()["dayReservedUsd"], quota()["dayUsedUsd"]) == (0, spent)
    # Nor is anything held by what a crash cut off: it counts, once, as spent.
    journal_ledger.kill9()
    journal_ledger.start()
    assert (quota()["dayReservedUsd"], quota()["dayUsedUsd"]) == (0, spent)
    assert fold.fold(journal_ledger.events()).problems == []


def test_an_answer_that_is_fetched_again_is_not_paid_again(scripted, provider):
    body = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-4o-mini", "output": []}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    provider.answers = [Answer(body | {"usage": usage})]
    assert ask(scripted, ("/v1/responses", {"model": "gpt-4o-mini", "input": "Hello"})).status_code == 200
    for _ in range(3):
        answer = requests.get(
            f"{scripted.proxy_url}/v1/responses/resp_1",
            headers={"x-api-key": scripted.mint_key("alice")},
            timeout=10,
        )
        assert answer.json()["usage"] == usage
    made, *fetched = scripted.wait_settled(4)
    assert made["costUsd"] == Decimal("0.0000045") == total(scripted)
    assert [call["costUsd"] for call in fetched] == [0, 0, 0]
    # Each is on record, under the name of the answer that it fetched.
    assert {call["providerRequestId"] for call in (made, *fetched)} == {"resp_1"}


def test_a_zero_that_is_said_is_zero_and_one_that_is_not_said_is_none(scripted, provider):
    zero = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    provider.answers = [chat(zero), chat(None)]
    for _ in range(2):
        assert ask(scripted, CHAT).status_code == 200
    said, unsaid = scripted.wait_settled(2)
    assert (said["costUsd"], said["costState"], said["usageSource"]) == (0, "priced", "provider_final")
    assert unsaid["costUsd"] > 0 and unsaid["costState"] == "estimated"


GEMINI = ("/v1beta/models/gemini-2.5-flash:generateContent", {"contents": [{"parts": [{"text": "Hello"}]}]})
# What a provider says; what is in it, each token once; and the total that it says or that follows.
BALANCES = {
    "reasoning is part of the output": (
        ("/v1/chat/completions", CHAT[1] | {"model": "o3"}),
        chat(
            {
                "prompt_tokens": 1000,
                "prompt_tokens_details": {"cached_tokens": 800},
                "completion_tokens": 500,
                "completion_tokens_details": {"reasoning_tokens": 400},
                "total_tokens": 1500,
            },
            model="o3",
        ),
        ("openai", "o3", {"input": 200, "cacheRead": 800, "output": 500}),
        1500,
    ),
    "cached tokens are part of Gemini's prompt, thoughts are not of its candidates": (
        GEMINI,
        Answer(
            {
                "candidates": [{"content": {"parts": [{"text": "Hello"}]}, "finishReason": "STOP"}],
                "modelVersion": "gemini-2.5-flash",
                "usageMetadata": {
                    "promptTokenCount": 10_000,
                    "cachedContentTokenCount": 9_000,
                    "candidatesTokenCount": 20,
                    "thoughtsTokenCount": 100,
                    "totalTokenCount": 10_120,
                },
            }
        ),
        ("gemini", "gemini-2.5-flash", {"input": 1_000, "cacheRead": 9_000, "output": 120}),
        10_120,
    ),
    "cached tokens are beside Anthropic's input, each life at its price, searches too": (
        MESSAGES,
        message(
            {
                "input_tokens": 10,
                "cache_read_input_tokens": 1_000,
                "cache_creation_input_tokens": 300,
                "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
                "output_tokens": 50,
                "server_tool_use": {"web_search_requests": 2},
            }
        ),
        (
            "anthropic",
            "claude-haiku-4-5",
            {
                "input": 10,
                "cacheRead": 1_000,
                "cacheWrite5m": 100,
                "cacheWrite1h": 200,
                "output": 50,
                "webSearch": 2,
            },
        ),
        1_360,
    ),
    "two tokens from the cache are less than a millionth of a dollar, and more than none": (
        MESSAGES,
        message({"input_tokens": 0, "cache_read_input_tokens": 2, "output_tokens": 0}),
        ("anthropic", "claude-haiku-4-5", {"cacheRead": 2}),
        2,
    ),
    "a dated name is its model": (
        ("/v1/messages", MESSAGES[1] | {"model": "claude-haiku-4-5-20251001"}),
        message({"input_tokens": 7, "output_tokens": 3}, model="claude-haiku-4-5-20251001"),
        ("anthropic", "claude-haiku-4-5", {"input": 7, "output": 3}),
        10,
    ),
}


@pytest.mark.parametrize("name", BALANCES)
def test_every_token_is_counted_once_and_at_its_own_price(stored, provider, price_book, name):
    call, answer, (seller, model, buckets), tokens = BALANCES[name]
    provider.answers = [answer]
    assert ask(stored, call).status_code == 200
    (settled,) = stored.wait_settled(1)
    expected = price_book.price(seller, model, buckets)
    # What of the output was reasoning is told beside it, and is no bucket of its own.
    assert {key: count for key, count in settled["usage"].items() if key != "reasoning"} == buckets
    assert settled["tokensIn"] + settled["tokensOut"] == tokens
    assert (settled["costUsd"], settled["costState"]) == (expected, "priced") and expected > 0
    stored.wait_ingested()
    assert stored.sql("select sum(cost_usd) from ledger.usage_hourly") == [(expected,)]
    assert total(stored) == expected


def test_two_cached_tokens_cost_two_tenths_of_a_millionth(scripted, provider):
    """By hand: 2 at $0.10 a million. Rounded to six digits it would be nothing."""
    provider.answers = [message({"input_tokens": 0, "cache_read_input_tokens": 2, "output_tokens": 0})]
    for _ in range(3):
        assert ask(scripted, MESSAGES).status_code == 200
    assert total(scripted) == Decimal("0.0000006")


def kernel_run(make_ledger, text: str) -> tuple[dict, dict]:
    """What an agent that does as its message says has as its answer and as its record."""
    ledger = make_ledger(environment={"LEDGER_KERNEL": OBEDIENT})
    answer = say(ledger, text, ledger.mint_key("alice")).json()
    (completed,) = ledger.events("dispatch.completed")
    assert fold.fold(ledger.events()).by_user["alice"].cost == completed["costUsd"]
    return answer, completed


def test_a_message_that_is_told_again_counts_once_with_its_last_figures(make_ledger, price_book):
    text = """
usage = {"input_tokens": 100, "cache_read_input_tokens": 1000, "output_tokens": 50}
A(say("a"), id="m1", model="claude-haiku-4-5", usage={"input_tokens": 0, "output_tokens": 0})
A(say("b"), id="m1", model="claude-haiku-4-5", usage=usage | {"output_tokens": 1})
A(tool("x"), id="m1", model="claude-haiku-4-5", usage=usage)
A(say("c"), id="m2", model="claude-haiku-4-5", usage=usage)
A(say("d"), id="m1", model="claude-haiku-4-5", usage=usage)
R()
"""
    _, completed = kernel_run(make_ledger, text)
    used = {"input": 200, "cacheRead": 2000, "output": 100}
    assert completed["usage"] == used
    assert completed["costUsd"] == price_book.price("anthropic", "claude-haiku-4-5", used)


def test_running_totals_of_an_agent_are_charged_by_what_came_on_top(make_ledger):
    """The three totals of one session, resumed before the last: the counter began anew there."""
    text = """
for dollars, tokens in ((0.250686, 1000), (0.278994, 1200), (0.028596, 150)):
    R(total_cost_usd=dollars, modelUsage={"claude-haiku-4-5": {"inputTokens": tokens}})
"""
    _, completed = kernel_run(make_ledger, text)
    assert completed["reportedUsd"] == Decimal("0.278994") + Decimal("0.028596")
    assert completed["usage"] == {"input": 1350}
    assert completed["costUsd"] == Decimal("0.00135")


def test_an_agent_is_charged_cache_and_all_for_the_models_that_it_used_even_when_it_fails(make_ledger):
    text = """
P(type="system", subtype="init", model="claude-opus-4-1")
R(subtype="error_max_turns", is_error=True, modelUsage={
    "claude-haiku-4-5": {"inputTokens": 10, "cacheReadInputTokens": 1000, "cacheCreationInputTokens": 100},
    "claude-sonnet-4-6": {"outputTokens": 20}})
"""
    answer, completed = kernel_run(make_ledger, text)
    assert answer["result"] == completed["result"] == "error"
    shares = {share["model"]: share["costUsd"] for share in completed["models"]}
    # 10 at $1, 1000 at $0.10, 100 at $1.25; 20 at $15 a million. Nothing for the model that was asked for.
    assert shares == {"claude-haiku-4-5": Decimal("0.000235"), "claude-sonnet-4-6": Decimal("0.0003")}
    assert completed["costUsd"] == Decimal("0.000535")


# Enforcement


PATHS = [
    "/v1/images/generations",
    "/v1/audio/speech",
    "/v1/videos",
    "/v1/messages/",
    "/v1beta/models/gemini-2.5-flash:somethingNew",
    "/v1/batches",
]


def test_no_path_leads_past_a_limit_and_none_is_free(scripted, provider):
    provider.answers = [Answer({"object": "something"})]
    for path in PATHS:
        assert ask(scripted, (path, CHAT[1])).status_code == 200, path
    for settled in scripted.wait_settled(len(PATHS)):
        assert settled["costUsd"] != 0, settled
        assert (settled["costUsd"] or Decimal(0)) + settled.get("heldUsd", 0) > 0
    scripted.set_quota("bob", dailyLimitUsd="0.000001")
    for path in PATHS:
        assert ask(scripted, (path, CHAT[1]), user="bob").status_code == 429, path
    # Elsewhere there is no way to a provider.
    for path in ("/anthropic/v1/messages", "/openai/v1/chat/completions", "/messages", "/vertex/x"):
        assert ask(scripted, (path, CHAT[1])).status_code == 404, path
    assert len(provider.asked) == len(PATHS)


def test_a_limit_holds_while_postgresql_is_away_and_after_a_crash_without_it(make_ledger, own_cluster):
    ledger = make_ledger(postgres_url=own_cluster.create_database())
    ledger.set_quota("alice", dailyLimitUsd="0.02")
    own_cluster.stop()
    client = ledger.anthropic(ledger.mint_key("alice"), max_retries=0)

    def call():
        client.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=HELLO)

    with pytest.raises(anthropic.RateLimitError):
        for _ in range(110):
            call()
    ledger.kill9()
    ledger.start()
    with pytest.raises(anthropic.RateLimitError):
        call()
    state = fold.fold(ledger.events())
    assert state.violations == [] and 0 < state.by_user["alice"].calls < 110


def test_who_calls_is_who_the_key_says_whatever_else_the_request_claims(journal_ledger):
    claims = {
        name: "bob"
        for name in ("x-matrix-user", "x-user", "x-user-id", "x-litellm-end-user-id", "helicone-user-id")
    }
    assert ask(journal_ledger, MESSAGES, headers=claims, metadata={"user_id": "bob"}).status_code == 200
    assert {call["user"] for call in journal_ledger.events("call.reserved", "call.settled")} == {"alice"}
    stolen = requests.post(
        f"{journal_ledger.proxy_url}/v1/messages",
        json=MESSAGES[1],
        headers=claims | {"x-api-key": "sk-ant-api03-anything"},
        timeout=10,
    )
    assert stolen.status_code == 401
    assert [row["user"] for row in journal_ledger.usage()] == ["alice"]


def test_the_summary_is_no_user_s_name(journal_ledger):
    for user in ("alice", "bob", "summary"):
        assert ask(journal_ledger, MESSAGES, user=user).status_code == 200
    url = f"{journal_ledger.proxy_url}/usage/summary"
    found = requests.get(url, headers=journal_ledger.admin, timeout=10).json()
    assert [row["user"] for row in found["users"]] == ["alice", "bob", "summary"]
    own = requests.get(url, headers={"x-api-key": journal_ledger.mint_key("summary")}, timeout=10)
    assert own.status_code in (401, 403)


# Metrics and alerts


def test_a_call_that_was_tried_again_is_one_good_call_and_one_cost(scripted, provider):
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "no"}}
    provider.answers = [Answer(overloaded, status=529), message({"input_tokens": 100, "output_tokens": 10})]
    client = scripted.anthropic(scripted.mint_key("alice"), max_retries=2)
    client.messages.create(model="claude-haiku-4-5", max_tokens=50, messages=HELLO)
    first, second = scripted.wait_settled(2)
    assert [call["result"] for call in (first, second)] == ["error", "ok"]
    assert ("attempt" in first, second["attempt"], second["retryOf"]) == (False, 2, first["callId"])
    for status in ("ok", "error"):
        assert scripted.sample("proxy_api_calls_total", user_id="alice", status=status) == 1
    assert total(scripted) == Decimal("0.00015")


# Each rule, what is measured every minute, and whether it fires.
RULES = {
    "one answer in a hundred is an error": (
        "HighErrorRate",
        {
            'proxy_http_requests_total{job="proxy",status="200",path="/v1/messages"}': "0+99x100",
            'proxy_http_requests_total{job="proxy",status="503",path="/v1/messages"}': "0+1x100",
        },
        False,
    ),
    "one in ten is, on two paths of which neither has so many": (
        "HighErrorRate",
        {
            'proxy_http_requests_total{job="proxy",status="200",path="/a"}': "0+90x100",
            'proxy_http_requests_total{job="proxy",status="503",path="/b"}': "0+5x100",
            'proxy_http_requests_total{job="proxy",status="504",path="/c"}': "0+5x100",
        },
        True,
    ),
    "three models of $4 each are more than $10": (
        "HighCostRate",
        {f'ledger_user_cost_usd{{window="day",user="alice",model="{n}"}}': "4x100" for n in "abc"},
        True,
    ),
    "three users of $4 each are not": (
        "HighCostRate",
        {f'ledger_user_cost_usd{{window="day",user="{user}"}}': "4x100" for user in ("a", "b", "c")},
        False,
    ),
    "a dear model that answers for a cheap one": (
        "AnotherModelAnswers",
        {'proxy_model_family_mismatch_total{request_model="cheap",response_model="dear"}': "_x80 1x20"},
        True,
    ),
    "one that did so before, and not in the last hour": (
        "AnotherModelAnswers",
        {'proxy_model_family_mismatch_total{request_model="cheap",response_model="dear"}': "5x100"},
        False,
    ),
    "a queue that stays long": ("DispatchQueueBacklog", {"gateway_dispatch_queue_depth": "11x100"}, True),
    "a queue that was long for a moment": (
        "DispatchQueueBacklog",
        {"gateway_dispatch_queue_depth": "11x3 0x100"},
        False,
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_judges_the_whole_and_not_each_series(folder, name):
    rule, series, fires = RULES[name]
    command = ["promtool", "test", "rules", written(folder, rule, series)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode == 1) == fires, found.stdout + found.stderr
    assert fires == (f'alertname="{rule}"' in found.stdout + found.stderr)


def written(folder, rule: str, series: dict[str, str]) -> Path:
    """A file for promtool that claims that the rule does not fire in the 90th minute; JSON is YAML."""
    path = folder / "rules_test.yml"
    path.write_text(
        json.dumps(
            {
                "rule_files": [str(ROOT / "distro" / "observability" / "alerting" / "rules.yml")],
                "evaluation_interval": "1m",
                "tests": [
                    {
                        "interval": "1m",
                        "input_series": [
                            {"series": name, "values": values} for name, values in series.items()
                        ],
                        "alert_rule_test": [{"eval_time": "90m", "alertname": rule, "exp_alerts": []}],
                    }
                ],
            }
        )
    )
    return path


def test_a_container_s_series_have_its_handle_and_nothing_else_of_it(platform, own_engine):  # noqa: F811
    """Neither image, nor identifier, nor any label of its own becomes a label of a series."""
    ledger = platform()
    for handle in ("ann", "bob"):
        assert provision(ledger, handle).status_code == 201

    def series() -> list[dict]:
        found = [
            (sample.name, sample.labels)
            for family in text_string_to_metric_families(ledger.metrics_text("platform"))
            for sample in family.samples
            if sample.name.startswith("platform_container_")
        ]
        return found if any(name == "platform_container_cpu_percent" for name, _ in found) else []

    found = wait_until(series, 20, "two looks at the containers", ledger.process, every=0.2)
    assert {tuple(labels) for _, labels in found} == {("handle",)}
    assert {labels["handle"] for _, labels in found} == {"ann", "bob"}


# Prices


def test_a_call_is_priced_as_the_model_that_answered_and_both_names_are_kept(scripted, provider):
    provider.answers = [message({"input_tokens": 1000, "output_tokens": 100}, model="claude-opus-4-1")]
    assert ask(scripted, MESSAGES).status_code == 200
    (settled,) = scripted.wait_settled(1)
    assert (settled["model"], settled["requestModel"]) == ("claude-opus-4-1", "claude-haiku-4-5")
    # 1000 at $15 and 100 at $75 a million; the model that was asked for would be $0.0015.
    assert settled["costUsd"] == Decimal("0.0225") == total(scripted)


# Asked for, served, and what 1000 tokens in and 100 out cost then: $0.25 and $2 a million, by the factor.
TIERS = [
    ("flex", "default", Decimal("0.00045")),
    ("default", "priority", Decimal("0.00081")),
    ("priority", "flex", Decimal("0.000225")),
]


@pytest.mark.parametrize(("asked", "served", "cost"), TIERS)
def test_a_call_is_priced_by_the_tier_that_served_it(scripted, provider, asked, served, cost):
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    provider.answers = [chat(usage, model="gpt-5-mini", service_tier=served)]
    call = (CHAT[0], CHAT[1] | {"model": "gpt-5-mini", "service_tier": asked})
    assert ask(scripted, call).status_code == 200
    (settled,) = scripted.wait_settled(1)
    assert (settled["serviceTier"], settled["costUsd"]) == (served, cost)


# Wire


USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
CHUNK = {"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o-mini"}


def test_usage_is_asked_for_where_it_may_be_and_seen_by_who_asked(scripted, provider):
    def chunk(choices: list, usage) -> dict:
        return CHUNK | {"choices": choices, "usage": usage}

    text = {"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}
    stream = Answer(events=[chunk([text], None), chunk([], USAGE), "[DONE]"])
    provider.answers = [stream]
    asked = {"include_usage": True}
    for more, told, seen in [
        ({"stream": True}, asked, False),
        ({"stream": True, "stream_options": {"include_usage": False}}, asked, False),
        ({"stream": True, "stream_options": asked}, asked, True),
    ]:
        answer = ask(scripted, CHAT, **more)
        assert provider.asked[-1].json["stream_options"] == told
        assert ('"choices": []' in answer.text) == seen
        assert answer.text.endswith("data: [DONE]\n\n")
    provider.answers = [chat(USAGE)]
    for call in (CHAT, (CHAT[0], CHAT[1] | {"stream": False}), MESSAGES, GEMINI):
        assert ask(scripted, call).status_code == 200
        # A body that is no stream goes on byte for byte.
        assert provider.asked[-1].body == json.dumps(call[1]).encode()
    provider.answers = [Answer(events=[{"type": "message_stop"}])]
    assert ask(scripted, MESSAGES, stream=True).status_code == 200
    assert "stream_options" not in provider.asked[-1].json


@pytest.mark.slow
def test_a_stream_of_more_than_half_a_minute_is_whole_and_recorded(journal_ledger, simulator, price_book):
    began = time.monotonic()
    answer = ask(
        journal_ledger,
        ("/v1/messages", MESSAGES[1] | {"stream": True}),
        headers={"x-simulate-chunk-delay-ms": "2000", "x-simulate-output-tokens": "16"},
    )
    took = time.monotonic() - began
    assert took > 31 and "message_stop" in answer.text
    (settled,) = journal_ledger.wait_settled(1)
    (record,) = simulator.records()
    assert (settled["result"], settled["costState"]) == ("ok", "priced")
    assert settled["costUsd"] == price_book.bill(record).cost
    assert settled["durationMs"] > 31_000
