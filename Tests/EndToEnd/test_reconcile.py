"""`dledger reconcile`: a provider's report, made of what the simulator itself wrote down that it served."""

import csv
import io
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
import requests
from dashboards import RULES
from ledger import Prometheus
from pricing import PROVIDERS, ROOT, PriceBook, buckets_of, changed_book, moment, times_thousand
from processes import wait_until

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
    # What the ledger has too much in other rows does not make up for it.
    other = report["data"][0]["results"][0]
    assert other is not result
    more = other["uncached_input_tokens"]
    other["uncached_input_tokens"] = 0
    masked = reconcile(served, report)
    assert masked["ratio"] > both["ratio"]
    captured = used - more
    assert masked["tokens"]["captured"] == captured
    assert masked["captureRatio"] == Decimal(captured * 10**6 // (captured + 1_000)).scaleb(-6)

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
    row = '{"data":[{"date":"2026-11-24","usage":1,"prompt_tokens":null,"completion_tokens":1}]}'
    for text, place in (
        ("{", "file"),
        ('{"data":[{"results":[{"amount":"1"}]}]}', "page 1, data[0]"),
        (row, "page 1, data[0].prompt_tokens: must be a count"),
    ):
        done = reconcile(served, text, check=False)
        assert done.returncode == 65 and place in done.stderr
    assert served.run("reconcile", check=False).returncode == 64
    assert served.run("reconcile", "/nowhere", check=False).returncode == 65


def test_a_name_in_a_report_is_shown_and_never_obeyed(served):
    """Names come from outside: a terminal gets no escape, and a row stays one line."""
    name = "evil\x1b[2J\x9b1m\r\ntotal\u202e"
    row = {"date": "2026-11-24", "model": name, "usage": 1, "prompt_tokens": 1, "completion_tokens": 1}
    csv_rows = [list(row), [row["date"], f'"{name}"', "1", "1", "1"]]
    for text in (json.dumps({"data": [row]}), "\n".join(",".join(cells) for cells in csv_rows)):
        file = served.folder / "named.json"
        file.write_text(text, newline="")
        shown = served.run("reconcile", file).stdout
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
        rows = [line.split()[1] for line in shown.splitlines() if line.startswith("2026-11-24")]
        assert rows and {re.sub(r"\?+", "?", name) for name in rows} == {"evil?[2J?1m?total?"}
    file.write_text(json.dumps({"data": [{"results": [{"object": name}]}]}))
    refused = served.run("reconcile", file, check=False)
    assert refused.returncode == 65 and "\x1b" not in refused.stderr and "evil?[2J" in refused.stderr


# Recorded results


def record(ledger, report, *arguments) -> dict:
    return reconcile(ledger, report, "--record", *arguments)


def gauges(ledger, reports: int) -> dict[str, tuple[str, float, float]]:
    """The measure, ratio and time of each report, once there are so many; a scrape may be a moment old."""

    def found() -> dict | None:
        ratios = [
            dict(labels) | {"ratio": it} for labels, it in ledger.samples("ledger_capture_ratio").items()
        ]
        return ratios if len(ratios) == reports else None

    checked = "ledger_capture_checked_timestamp_seconds"
    return {
        it["report"]: (it["measure"], it["ratio"], ledger.sample(checked, report=it["report"]))
        for it in wait_until(found, 10, "the gauges", ledger.process)
    }


def listed(ledger) -> list[dict]:
    answer = requests.get(f"{ledger.proxy_url}/reconciliations", headers=ledger.admin, timeout=10)
    answer.raise_for_status()
    return json.loads(answer.text, parse_float=Decimal)["reconciliations"]


@pytest.fixture
def checked(make_ledger, cluster):
    """A running ledger with a database, that has served some calls."""
    ledger = make_ledger(postgres_url=cluster.create_database())
    client = ledger.anthropic(ledger.mint_key("alice"))
    for model in CLAUDES:
        client.messages.create(model=model, max_tokens=50, messages=HELLO)
    ledger.wait_settled(2)
    ledger.days = sorted({event["timestamp"][:10] for event in ledger.events("call.settled")})
    return ledger


def test_a_result_is_recorded_once_and_is_everywhere(checked):
    ledger = checked
    report = claude_usage(ledger)
    missed = report["data"][0]["results"][0]
    missed["output_tokens"] += 1_000
    assert reconcile(ledger, report)["ratio"] < 1
    assert ledger.events("usage.reconciled") == [] and listed(ledger) == []
    assert ledger.samples("ledger_capture_ratio") == {}

    both = record(ledger, report, "--reason", "the month's close")
    (event,) = ledger.events("usage.reconciled")
    assert both["position"] == event["position"]
    assert (
        event["sha256"] == sha256((ledger.folder / "report.json").read_bytes()).hexdigest() == both["sha256"]
    )
    assert event["tokens"] == {side: both["tokens"][side] for side in ("ledger", "provider", "captured")}
    assert event["tokens"]["provider"] - event["tokens"]["ledger"] == 1_000
    assert (event["rows"], event["rowsDiffering"]) == (len(both["rows"]), 1)
    last = datetime.fromtimestamp(seconds(ledger.days[-1], 1), UTC).strftime("%Y-%m-%d")
    assert (event["from"], event["to"]) == (ledger.days[0], last)
    assert (event["by"], event["reason"], "costUsd" in event) == ("admin", "the month's close", False)

    lines = ledger.lines()
    assert record(ledger, report)["position"] == event["position"]
    assert (
        "recorded before, at position"
        in ledger.run("reconcile", ledger.folder / "report.json", "--record").stdout
    )
    assert ledger.lines() == lines

    # Another report of the same provider stands beside it.
    cost = record(ledger, claude_cost(ledger))
    assert [it["position"] for it in listed(ledger)] == [cost["position"], event["position"]]
    assert listed(ledger)[1].items() >= {key: event[key] for key in ("tokens", "rows", "sha256")}.items()
    shown = gauges(ledger, 2)
    assert shown["anthropic_cost"][:2] == ("cost", 1)
    ratio = event["tokens"]["captured"] / event["tokens"]["provider"]
    assert shown["anthropic_usage"][:2] == ("tokens", ratio)
    assert shown["anthropic_usage"][2] == datetime.fromisoformat(event["timestamp"]).timestamp()

    ledger.wait_ingested()
    rows = ledger.sql(
        "select provider, user_id, details from ledger.audit_log"
        " where type = 'usage.reconciled' order by position"
    )
    assert [row[:2] for row in rows] == [("anthropic", None)] * 2
    details = rows[0][2]
    assert details == {key: value for key, value in event.items() if key in details}
    assert {"report", "sha256", "tokens", "rows", "rowsDiffering", "by", "reason"} <= details.keys()
    assert ledger.run("verify", "--postgres").returncode == 0
    ledger.run("replay", "--json")

    # The gauge is a fold of the journal: of its snapshot, and of its lines where that is gone.
    ledger.restart()
    assert gauges(ledger, 2) == shown and len(listed(ledger)) == 2
    assert record(ledger, claude_cost(ledger))["position"] == cost["position"]
    ledger.kill9()
    (snapshot,) = ledger.home.rglob("*snapshot*")
    snapshot.unlink()
    ledger.start()
    assert gauges(ledger, 2) == shown
    assert len(ledger.events("usage.reconciled")) == 2
    assert ledger.run("verify").returncode == 0


def test_a_cost_that_was_corrected_is_another_result_and_the_right_one(make_ledger, folder):
    wrong = changed_book(folder, CLAUDES[0], times_thousand)
    ledger = make_ledger(environment={"LEDGER_PRICES": str(wrong)})
    client = ledger.anthropic(ledger.mint_key("alice"))
    client.messages.create(model=CLAUDES[0], max_tokens=50, messages=HELLO)
    ledger.days = sorted({event["timestamp"][:10] for event in ledger.wait_settled(1)})
    report = claude_cost(ledger)
    first = record(ledger, report)
    assert first["ratio"] == 1_000
    ledger.run("rerate", "--since", "all", "--prices", ROOT / "distro" / "prices.json", "--yes")
    second = record(ledger, report)
    assert second["ratio"] == 1 and second["position"] > first["position"]
    assert all(row["difference"] == 0 for row in second["rows"])
    right = ("cost", 1)
    wait_until(lambda: gauges(ledger, 1)["anthropic_cost"][:2] == right, 10, "the gauge", ledger.process)


def test_what_went_past_the_ledger_is_an_alert_until_a_better_report(checked, folder):
    ledger = checked
    report = claude_usage(ledger)
    served = sum(sum(counts.values()) for counts in served_by(ledger, "anthropic").values())
    missed = report["data"][0]["results"][0]
    missed["output_tokens"] += served
    record(ledger, report)
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        for name, port in ledger.ports.items()
    ]
    configuration = f"rule_files: [{RULES}]\nscrape_configs: {json.dumps(jobs)}\n"
    prometheus = Prometheus(folder / "prometheus", dict(ledger.ports), configuration).start()
    firing = 'ALERTS{alertname="CaptureBelow",alertstate="firing"}'
    try:
        # One alert, though each service has the gauge.
        (alert,) = wait_until(
            lambda: prometheus.query(firing), 30, "the alert", prometheus.process, every=0.2
        )
        assert alert["metric"]["report"] == "anthropic_usage" and alert["metric"]["measure"] == "tokens"
        missed["output_tokens"] -= served
        record(ledger, report)
        wait_until(lambda: not prometheus.query(firing), 30, "its end", prometheus.process, every=0.2)
    finally:
        prometheus.stop()


def test_what_cannot_be_recorded_says_why(served):
    """The Proxy is not there; the report is not whole; a reason for nothing; no token."""
    report = claude_usage(served)
    away = reconcile(served, report, "--record", check=False)
    assert away.returncode == 69 and "does not answer" in away.stderr and "serve" in away.stderr
    part = reconcile(served, report | {"has_more": True}, "--record", check=False)
    assert part.returncode == 65 and "more pages" in part.stderr
    assert reconcile(served, report, "--reason", "none", check=False).returncode == 64
    token = served.environment.pop("LEDGER_ADMIN_TOKEN")
    nobody = reconcile(served, report, "--record", check=False)
    assert nobody.returncode == 64 and "LEDGER_ADMIN_TOKEN" in nobody.stderr
    served.environment["LEDGER_ADMIN_TOKEN"] = token
    served.start()
    served.environment["LEDGER_ADMIN_TOKEN"] = "another-token-that-is-long-enough"
    wrong = reconcile(served, report, "--record", check=False)
    assert wrong.returncode == 64 and "401" in wrong.stderr
    served.environment["LEDGER_ADMIN_TOKEN"] = token
    why = reconcile(served, report, "--record", "--reason", "x" * 201, check=False)
    assert why.returncode == 1 and "reason" in why.stderr
    assert served.events("usage.reconciled") == []
    # Below the minimum it is recorded all the same, and the exit code says so.
    report["data"][0]["results"][0]["output_tokens"] += 1_000_000
    low = reconcile(served, report, "--record", "--minimum", "0.99", check=False)
    assert low.returncode == 1 and len(served.events("usage.reconciled")) == 1
