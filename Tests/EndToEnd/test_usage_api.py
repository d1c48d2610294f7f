"""GET /api/usage: PostgreSQL and the projection give one answer, to the digit; so does the journal itself."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests
from ledger import check_metrics
from processes import wait_until

TODAY = datetime.now(UTC).strftime("%Y-%m-%d")
QUERIES = [
    "",
    "by=user",
    "by=user,model,source",
    "by=kind,provider",
    "bucket=1h&by=user,model",
    f"bucket=1h&from={TODAY}",
    "user=alice&by=model",
]


def usage(ledger, query: str = "", headers: dict | None = None) -> requests.Response:
    return requests.get(
        f"{ledger.platform_url}/api/usage?{query}",
        headers=ledger.admin if headers is None else headers,
        timeout=10,
    )


def rows(answer: requests.Response) -> list[dict]:
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_float=Decimal)["rows"]


def talk(ledger):
    """Calls of three users; one of them asks a model that has no price."""
    for user, calls in (("alice", 3), ("bob", 1)):
        for _ in range(calls):
            ledger.anthropic(ledger.mint_key(user)).messages.create(
                model="claude-sonnet-4-6",
                max_tokens=50,
                messages=[{"role": "user", "content": "Hello"}],
            )
    ledger.openai(ledger.mint_key("alice")).chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}]
    )
    ledger.openai(ledger.mint_key("eve")).chat.completions.create(
        model="a-model-of-no-price", messages=[{"role": "user", "content": "Hello"}]
    )


def test_postgres_and_the_projection_agree_to_the_last_digit(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database())
    talk(ledger)
    ledger.wait_settled(6)
    ledger.wait_ingested()
    stored = {query: usage(ledger, query).text for query in QUERIES}
    assert all('"origin":"postgres"' in text for text in stored.values())
    # The same journal, without the database.
    url = ledger.environment.pop("LEDGER_POSTGRES_URL")
    ledger.restart()
    position = len(ledger.lines())
    for query, text in stored.items():
        folded = usage(ledger, query).text
        assert '"origin":"projection"' in folded
        same = json.loads(folded, parse_float=str), json.loads(text, parse_float=str)
        for answer in same:
            # A restart may append an event of its own, and minutes pass.
            for name in ("origin", "position", "to"):
                answer.pop(name)
        assert same[0] == same[1], query
    assert usage(ledger).json()["position"] == position
    ledger.environment["LEDGER_POSTGRES_URL"] = url


def test_the_answer_is_the_journal_s_sums(journal_ledger):
    talk(journal_ledger)
    costs, calls = defaultdict(Decimal), defaultdict(int)
    for event in journal_ledger.wait_settled(6):
        costs[event["user"], event["model"]] += event["costUsd"] or 0
        calls[event["user"], event["model"]] += 1
    found = rows(usage(journal_ledger, f"from={TODAY}&by=user,model"))
    assert {(row["user"], row["model"]): row["costUsd"] for row in found} == costs
    assert {(row["user"], row["model"]): row["calls"] for row in found} == calls
    (eve,) = (row for row in found if row["user"] == "eve")
    assert (eve["costUsd"], eve["unpricedCalls"]) == (0, 1)
    assert eve["heldUsd"] > 0


def test_a_database_that_goes_away_takes_no_answer_with_it(make_ledger, own_cluster):
    ledger = make_ledger(postgres_url=own_cluster.create_database())
    talk(ledger)
    ledger.wait_settled(6)
    ledger.wait_ingested()
    before = usage(ledger, "by=user,model").json()
    assert before["origin"] == "postgres"
    assert ledger.sample("ledger_postgres_reads_total", "platform", result="answered") == 1
    own_cluster.stop()
    after = usage(ledger, "by=user,model").json()
    assert after["origin"] == "projection"
    assert after["rows"] == before["rows"]

    def failed() -> bool:
        return ledger.sample("ledger_postgres_reads_total", "platform", result="failed") == 1

    # A scrape may show the one before it for a moment.
    wait_until(failed, 10, "the failed reading to be counted", ledger.process)
    assert check_metrics(ledger.metrics_text("platform")) == ""


def test_a_user_reads_their_own_and_nobody_else_s(journal_ledger):
    talk(journal_ledger)
    journal_ledger.wait_settled(6)
    key = {"authorization": f"Bearer {journal_ledger.mint_key('bob')}"}
    assert {row["user"] for row in rows(usage(journal_ledger, "by=user", key))} == {"bob"}
    assert usage(journal_ledger, "user=alice", key).status_code == 403
    assert usage(journal_ledger, headers={}).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "bucket=1m",
        "from=tomorrow",
        "by=password",
        "from=2026-13-01",
        "x=1",
        "from=2020-01-01&bucket=1h",
    ],
)
def test_a_question_that_makes_no_sense_is_told_what_is_allowed(journal_ledger, query):
    answer = usage(journal_ledger, query)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/usage-query"
    assert answer.json()["detail"]


def test_the_stream_tells_of_a_call_within_seconds(journal_ledger):
    with requests.get(
        f"{journal_ledger.platform_url}/api/usage/stream",
        headers=journal_ledger.admin,
        stream=True,
        timeout=20,
    ) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        lines = (line for line in stream.iter_lines(chunk_size=1) if line.startswith(b"data: "))
        assert json.loads(next(lines)[6:])["today"]["calls"] == 0
        talk(journal_ledger)
        for line in lines:
            live = json.loads(line[6:], parse_float=Decimal)
            if live["today"]["calls"] == 6:
                break
    settled = sum(event["costUsd"] or 0 for event in journal_ledger.wait_settled(6))
    assert live["today"]["costUsd"] == settled == live["day"]["costUsd"]
    assert live["today"]["unpricedCalls"] == 1
