"""PostgreSQL is a projection: it may go away, come back, be killed, be the wrong one."""

import statistics
import time

import fold
import pytest
from processes import wait_until
from traffic import Load


@pytest.mark.slow
def test_postgresql_away_under_load_costs_nothing_but_time(make_ledger, own_cluster):
    ledger = make_ledger(postgres_url=own_cluster.create_database())
    with Load(ledger, ledger.mint_key("alice"), clients=8) as load:
        time.sleep(3)
        with_it = list(load.latencies)
        own_cluster.stop("immediate")
        mark = len(load.latencies)
        wait_until(lambda: ledger.sample("ledger_postgres_up") == 0, 20, "the gauge to say that it is down")
        time.sleep(3)
        without_it = load.latencies[mark:]
        lag = ledger.sample("ledger_postgres_lag_events")
        own_cluster.start()
        time.sleep(1)
    assert len(load.complete) == len(load.calls), "an acknowledgement waited for PostgreSQL"
    assert lag > 0
    # A pause of the machine is not a finding: medians, and room.
    assert statistics.median(without_it) < 3 * statistics.median(with_it) + 0.01
    ledger.wait_ingested(60)
    wait_until(lambda: ledger.sample("ledger_postgres_lag_events") == 0, 10, "the lag to be gone")
    rows = ledger.sql("select line from ledger.events order by position")
    assert [line.encode() for (line,) in rows] == ledger.lines()
    assert ledger.run("verify", "--postgres").returncode == 0


@pytest.mark.slow
def test_a_postmaster_killed_again_and_again_holds_each_event_once(make_ledger, own_cluster):
    ledger = make_ledger(postgres_url=own_cluster.create_database())
    with Load(ledger, ledger.mint_key("alice"), clients=4):
        for _ in range(5):
            time.sleep(0.7)
            own_cluster.kill9()
            own_cluster.start()
    ledger.wait_ingested(60)
    rows = ledger.sql("select position, line from ledger.events order by position")
    assert [line.encode() for _, line in rows] == ledger.lines()
    state = fold.fold(ledger.events())
    assert ledger.sql("select sum(cost_usd) from ledger.usage_hourly")[0][0] == state.by_user["alice"].cost


def test_the_ledger_starts_and_serves_while_postgresql_is_down(make_ledger, own_cluster):
    ledger = make_ledger(postgres_url=own_cluster.create_database(), start=False)
    own_cluster.stop()
    ledger.start()
    ledger.anthropic(ledger.mint_key("alice")).messages.create(
        model="claude-sonnet-4-6", max_tokens=20, messages=[{"role": "user", "content": "Hello"}]
    )
    assert len(ledger.events("call.settled")) == 1
    own_cluster.start()
    ledger.wait_ingested(60)
    assert ledger.sql("select count(*) from ledger.events") == [(len(ledger.lines()),)]


def test_a_database_that_is_ahead_of_the_journal_is_refused(make_ledger, cluster):
    url = cluster.create_database()
    first = make_ledger(postgres_url=url)
    call(first)
    first.wait_ingested()
    first.stop()
    rows = first.sql("select count(*) from ledger.events")
    # The same origin with an empty journal: its positions would collide with what is there.
    second = make_ledger(postgres_url=url, migrate=False)
    call(second)
    wait_until(lambda: second.sample("ledger_postgres_up") == 0, 20, "the refusal to show")
    time.sleep(1)
    assert second.sql("select count(*) from ledger.events") == rows
    assert "another journal's" in second.process.log.read_text()


def test_migrate_may_run_twice(ledger):
    before = ledger.sql("select ledger.schema_version()")
    ledger.migrate()
    assert ledger.sql("select ledger.schema_version()") == before


def call(ledger) -> None:
    ledger.anthropic(ledger.mint_key("alice")).messages.create(
        model="claude-sonnet-4-6", max_tokens=20, messages=[{"role": "user", "content": "Hello"}]
    )
