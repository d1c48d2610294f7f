"""The exposition is what Prometheus wants, and what Prometheus stores is what SQL says."""

import pytest
from ledger import SERVICES, check_metrics

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


def test_totals_survive_a_restart(journal_ledger):
    client = journal_ledger.anthropic(journal_ledger.mint_key("alice"))
    client.messages.create(model="claude-sonnet-4-6", max_tokens=50, messages=HELLO)
    before = journal_ledger.exact_sample("ledger_user_cost_usd", user="alice", window="total")
    assert before is not None
    journal_ledger.restart()
    assert journal_ledger.exact_sample("ledger_user_cost_usd", user="alice", window="total") == before
    assert journal_ledger.sample("proxy_api_calls_total", user_id="alice", status="ok") == 1
