"""`dledger reconcile`: a provider's report, made of what the simulator itself wrote down that it served."""

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pricing import PROVIDERS, PriceBook, buckets_of, moment

HELLO = [{"role": "user", "content": "Hello"}]
CLAUDES = ("claude-sonnet-4-6", "claude-haiku-4-5")


@pytest.fixture
def served(journal_ledger):
    """A ledger, stopped, that has served some calls of two providers; all on one day of UTC."""
    ledger = journal_ledger
    claude, gpt = ledger.anthropic(ledger.mint_key("alice")), ledger.openai(ledger.mint_key("bob"))
    for model in CLAUDES:
        for _ in range(2):
            claude.messages.create(
                model=model,
                max_tokens=50,
                messages=HELLO,
                extra_headers={"x-simulate-cache": "read=100,write5m=50,write1h=25"},
            )
    for _ in range(3):
        gpt.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    ledger.wait_settled(7)
    ledger.stop()
    ledger.days = sorted({event["timestamp"][:10] for event in ledger.events("call.settled")})
    return ledger


def served_by(ledger, provider: str) -> dict[tuple[str, str], Counter]:
    """The simulator's own record, in buckets, by day and model."""
    found: dict[tuple[str, str], Counter] = {}
    ends = {event["providerRequestId"]: event for event in ledger.events("call.settled")}
    for record in ledger.simulator.records():
        if PROVIDERS[record["api"]] == provider:
            day = ends[record["id"]]["timestamp"][:10]
            counts = Counter(buckets_of(record["api"], record["usage"]))
            found.setdefault((day, record["model"]), Counter()).update(counts)
    return found


def seconds(day: str, after: int = 0) -> int:
    return int((datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=after)).timestamp())


def claude_usage(ledger) -> dict:
    """As `GET /v1/organizations/usage_report/messages?group_by[]=model` answers."""
    data = []
    for day in ledger.days:
        results = [
            {
                "uncached_input_tokens": used["input"],
                "cache_creation": {
                    "ephemeral_1h_input_tokens": used["cacheWrite1h"],
                    "ephemeral_5m_input_tokens": used["cacheWrite5m"],
                },
                "cache_read_input_tokens": used["cacheRead"],
                "output_tokens": used["output"],
                "server_tool_use": {"web_search_requests": used["webSearch"]},
                "api_key_id": None,
                "workspace_id": None,
                "model": model,
                "service_tier": None,
                "context_window": None,
            }
            for (found, model), used in served_by(ledger, "anthropic").items()
            if found == day
        ]
        end = datetime.fromtimestamp(seconds(day, 1), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        data.append({"starting_at": f"{day}T00:00:00Z", "ending_at": end, "results": results})
    return {"data": data, "has_more": False, "next_page": None}


def claude_cost(ledger) -> dict:
    """As `GET /v1/organizations/cost_report?group_by[]=description` answers: cents, as text."""
    book = PriceBook()
    report = claude_usage(ledger)
    for bucket in report["data"]:
        day = bucket["starting_at"][:10]
        bucket["results"] = [
            {
                "currency": "USD",
                "amount": f"{book.price('anthropic', model, used, (), moment(day + 'T12:00:00Z')) * 100:f}",
                "workspace_id": None,
                "description": f"{model} Usage",
                "cost_type": "tokens",
                "context_window": "0-200k",
                "model": model,
                "service_tier": "standard",
                "token_type": "output_tokens",
            }
            for (found, model), used in served_by(ledger, "anthropic").items()
            if found == day
        ]
    return report


def gpt_usage(ledger) -> list[dict]:
    """As `GET /v1/organization/usage/completions?group_by=model` answers, a page a day."""
    pages = []
    for (day, model), used in served_by(ledger, "openai").items():
        result = {
            "object": "organization.usage.completions.result",
            "input_tokens": used["input"] + used["cacheRead"] + used["cacheWrite5m"],
            "output_tokens": used["output"],
            "input_cached_tokens": used["cacheRead"],
            "input_audio_tokens": 0,
            "output_audio_tokens": 0,
            "num_model_requests": 3,
            "project_id": None,
            "user_id": None,
            "api_key_id": None,
            "model": model,
            "batch": None,
        }
        bucket = {"object": "bucket", "start_time": seconds(day), "end_time": seconds(day, 1)}
        pages.append({"object": "page", "data": [bucket | {"results": [result]}], "has_more": False})
    return pages


def reconcile(ledger, report, *arguments, check: bool = True):
    file = ledger.folder / "report.json"
    file.write_text(report if isinstance(report, str) else json.dumps(report))
    done = ledger.run("reconcile", file, "--json", *arguments, check=check)
    return json.loads(done.stdout, parse_float=Decimal) if check else done


@pytest.mark.parametrize("make", [claude_usage, claude_cost, gpt_usage])
def test_a_ledger_that_missed_nothing_has_all_of_it(served, make):
    both = reconcile(served, make(served), "--minimum", "1")
    assert both["ratio"] == 1 and both["complete"]
    assert both["rows"] and all(row["difference"] == 0 for row in both["rows"])


def test_what_the_ledger_missed_is_named_first(served):
    report = claude_usage(served)
    result = report["data"][-1]["results"][-1]
    used = sum(sum(counts.values()) for counts in served_by(served, "anthropic").values())
    result["output_tokens"] += 1_000
    both = reconcile(served, report)
    first, *rest = both["rows"]
    assert (first["model"], first["measure"], first["difference"]) == (result["model"], "output", -1_000)
    assert all(row["difference"] == 0 for row in rest)
    # Cut off after the sixth decimal.
    assert both["ratio"] == Decimal(used * 10**6 // (used + 1_000)).scaleb(-6)
    below = reconcile(served, report, "--minimum", "0.999", check=False)
    assert below.returncode == 1 and "less than 0.999" in below.stderr

    table = served.run("reconcile", served.folder / "report.json").stdout
    assert "-1000" in table and "total" in table and "anthropic_usage" in table


def test_a_report_without_models_is_held_against_all(served):
    report = claude_cost(served)
    for bucket in report["data"]:
        for result in bucket["results"]:
            result["model"] = result["cost_type"] = None
    both = reconcile(served, report)
    assert both["ratio"] == 1 and {row["model"] for row in both["rows"]} == {None}


def test_openrouters_activity_as_csv(served):
    """Calls that went to OpenRouter through the OpenAI shape: the journal calls the provider openai."""
    book, text = PriceBook(), io.StringIO()
    names = ["date", "model", "provider_name", "usage", "requests", "prompt_tokens", "completion_tokens"]
    rows = csv.DictWriter(text, names)
    rows.writeheader()
    for (day, model), used in served_by(served, "openai").items():
        cost = book.price("openai", model, used, (), moment(day + "T12:00:00Z"))
        prompt = used["input"] + used["cacheRead"] + used["cacheWrite5m"]
        row = dict(zip(names, (day, model, "OpenAI", f"{cost:f}", 3, prompt, used["output"]), strict=True))
        rows.writerow(row)
    both = reconcile(served, text.getvalue(), "--provider", "openai")
    assert (both["report"], both["ratio"]) == ("openrouter_activity", 1)
    assert both["cost"]["difference"] == 0 and both["cost"]["ledger"] > 0
    nobody = reconcile(served, text.getvalue())
    assert (nobody["provider"], nobody["ratio"]) == ("openrouter", 0)


def test_what_cannot_be_read_is_said(served):
    for text, place in (("{", "file"), ('{"data":[{"results":[{"amount":"1"}]}]}', "page 1, data[0]")):
        done = reconcile(served, text, check=False)
        assert done.returncode == 65 and place in done.stderr
    assert served.run("reconcile", check=False).returncode == 64
    assert served.run("reconcile", "/nowhere", check=False).returncode == 65
