"""The exposition is what Prometheus wants, and what Prometheus stores is what SQL says."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from ledger import SERVICES, Prometheus, check_metrics
from processes import wait_until

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("service", SERVICES)
def test_promtool_has_nothing_against_the_live_metrics(journal_ledger, service):
    journal_ledger.anthropic(journal_ledger.mint_key("alice")).messages.create(
        model="claude-sonnet-4-6", max_tokens=20, messages=HELLO
    )
    assert check_metrics(journal_ledger.metrics_text(service)) == ""


def test_a_real_prometheus_holds_the_sum_that_sql_holds(ledger, prometheus):
    for user, calls in (("alice", 3), ("bob", 2)):
        client = ledger.anthropic(ledger.mint_key(user))
        for _ in range(calls):
            client.messages.create(model="claude-sonnet-4-6", max_tokens=50, messages=HELLO)
    ledger.wait_ingested()
    prometheus.wait_scraped()
    (total,) = ledger.sql("select sum(cost_usd) from ledger.usage_hourly")[0]
    for job in SERVICES:
        value = prometheus.value(f'sum(ledger_user_cost_usd{{window="total",job="{job}"}})')
        # Prometheus stores doubles: about sixteen digits of the exact sum.
        assert value == pytest.approx(float(total), rel=1e-12)
    assert prometheus.value('sum(ledger_user_calls{window="total",job="proxy"})') == 5
    assert prometheus.value('sum(proxy_api_calls_total{user_id="bob",status="ok"})') == 2


DECISION = Path(__file__).resolve().parents[2] / "docs" / "adr" / "0012-metrics-on-every-service.md"


def test_with_the_documented_scrape_configuration_a_sum_over_all_jobs_is_what_sql_holds(
    ledger, make_ledger, folder
):
    # A second process: another journal, scraped as one more target of the job `proxy`.
    other = make_ledger(services=("proxy",), environment={"LEDGER_ORIGIN": "other"})
    (documented,) = re.findall(r"```yaml\n(.*?)```", DECISION.read_text(), re.DOTALL)
    for service, port in (("proxy", 8080), ("gateway", 4000), ("platform", 9000)):
        ports = [ledger.ports[service]] + [other.ports[service]] * (service == "proxy")
        named = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
        assert f'["127.0.0.1:{port}"]' in documented
        documented = documented.replace(f'"127.0.0.1:{port}"', named)
    for where, user, calls in ((ledger, "alice", 3), (ledger, "bob", 2), (other, "alice", 1)):
        client = where.anthropic(where.mint_key(user))
        for _ in range(calls):
            client.messages.create(model="claude-sonnet-4-6", max_tokens=50, messages=HELLO)
    ledger.wait_ingested()
    (stored,) = ledger.sql("select sum(cost_usd) from ledger.usage_hourly")[0]
    elsewhere = sum((event["costUsd"] for event in other.events("call.settled")), Decimal(0))
    assert stored > 0 and elsewhere > 0

    targets = {name: ledger.ports[name] for name in SERVICES}
    prometheus = Prometheus(folder / "documented", targets, documented).start()
    try:
        prometheus.wait_scraped(targets=4)
        total = prometheus.value('sum(ledger_user_cost_usd{window="total"})')
        assert total == pytest.approx(float(stored + elsewhere), rel=1e-12)
        mine = f'instance="127.0.0.1:{ledger.ports["proxy"]}"'
        assert prometheus.value(f'sum(ledger_user_cost_usd{{window="total",{mine}}})') == pytest.approx(
            float(stored), rel=1e-12
        )
        assert prometheus.value('sum(ledger_user_calls{window="total"})') == 6
        assert {series["metric"]["job"] for series in prometheus.query("ledger_build_info")} == {"proxy"}
        assert {series["metric"]["job"] for series in prometheus.query("up")} == set(SERVICES)
    finally:
        prometheus.stop()


def test_the_copy_in_postgresql_is_counted(ledger):
    ledger.set_quota("alice", dailyLimitUsd=1)
    ledger.wait_ingested()
    wait_until(lambda: ledger.sample("ledger_postgres_lag_events") == 0, 10, "the lag to be gone")
    assert ledger.sample("ledger_postgres_events_total") == len(ledger.lines())
    batches = ledger.sample("ledger_postgres_transactions_total")
    assert 0 < batches <= len(ledger.lines())
    assert ledger.sample("ledger_postgres_batch_seconds_count") == batches
    assert ledger.sample("ledger_postgres_batch_seconds_sum") > 0
    for reason in ("connection", "busy", "history", "schema", "refused", "journal"):
        assert ledger.sample("ledger_postgres_failures_total", reason=reason) == 0
    for service in SERVICES:
        assert check_metrics(ledger.metrics_text(service)) == ""


def test_each_metric_of_the_copy_is_documented(ledger):
    told = (Path(__file__).resolve().parents[2] / "docs" / "postgresql.md").read_text()
    names = re.findall(r"# TYPE (ledger_(?:postgres|projection)_\w+)", ledger.metrics_text("platform"))
    assert len(names) >= 8
    assert [name for name in names if f"`{name}" not in told] == []


def test_calls_are_measured_by_the_names_of_opentelemetry(journal_ledger):
    key = journal_ledger.mint_key("alice")
    for _ in range(2):
        journal_ledger.anthropic(key).messages.create(
            model="claude-sonnet-4-6", max_tokens=50, messages=HELLO
        )
    journal_ledger.openai(key).chat.completions.create(model="gpt-4o", max_tokens=50, messages=HELLO)
    journal_ledger.openai(key).models.list()
    calls = [call for call in journal_ledger.wait_settled(4) if call["api"] != "models"]
    assert len(calls) == 3
    for provider in ("anthropic", "openai"):
        ended = [call for call in calls if call["provider"] == provider]
        labels = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": provider}
        for direction, field in (("input", "tokensIn"), ("output", "tokensOut")):
            typed = labels | {"gen_ai_token_type": direction}
            assert journal_ledger.sample("gen_ai_client_token_usage_count", **typed) == len(ended)
            used = journal_ledger.sample("gen_ai_client_token_usage_sum", **typed)
            assert used == sum(call[field] for call in ended) > 0
        name = "gen_ai_client_operation_duration_seconds"
        assert journal_ledger.sample(f"{name}_count", **labels) == len(ended)
        took = sum(call["durationMs"] for call in ended) / 1000
        assert journal_ledger.sample(f"{name}_sum", **labels) == pytest.approx(took)
    assert check_metrics(journal_ledger.metrics_text("proxy")) == ""


def test_totals_survive_a_restart(journal_ledger):
    client = journal_ledger.anthropic(journal_ledger.mint_key("alice"))
    client.messages.create(model="claude-sonnet-4-6", max_tokens=50, messages=HELLO)
    before = journal_ledger.exact_sample("ledger_user_cost_usd", user="alice", window="total")
    assert before is not None
    journal_ledger.restart()
    assert journal_ledger.exact_sample("ledger_user_cost_usd", user="alice", window="total") == before
    assert journal_ledger.sample("proxy_api_calls_total", user_id="alice", status="ok") == 1
