"""A primary dies under load and its standby takes over: what was acknowledged is there, once."""

import time

import fold
import psycopg
import pytest
from cluster import Standby, either
from processes import wait_until
from traffic import Load


@pytest.fixture
def standby(own_cluster):
    standby = Standby(own_cluster).start()
    standby.wait_following()
    yield standby
    standby.destroy()


@pytest.fixture
def ledger(make_ledger, own_cluster, standby):
    """A ledger that is told of both servers."""
    own_cluster.create_database("ledger")
    return make_ledger(postgres_url=either("ledger", own_cluster, standby))


def make_synchronous(primary):
    primary.configure(synchronous_standby_names=f"FIRST 1 ({Standby.NAME})")

    def is_synchronous() -> bool:
        with psycopg.connect(primary.url("postgres")) as connection:
            return connection.execute("select sync_state from pg_stat_replication").fetchall() == [("sync",)]

    wait_until(is_synchronous, 20, "the standby to be synchronous", primary.process)


def position_at(cluster) -> int:
    """How far that server has the journal."""
    with psycopg.connect(cluster.url("ledger")) as connection:
        row = connection.execute("select position from ledger.checkpoints").fetchone()
    return row[0] if row else 0


def assert_all_there_once(ledger) -> None:
    ledger.wait_ingested(60)
    rows = ledger.sql("select line from ledger.events order by position")
    assert [line.encode() for (line,) in rows] == ledger.lines()
    state = fold.fold(ledger.events())
    for table in ("usage_hourly", "usage_daily", "usage_by_user_daily", "usage_by_model_hourly"):
        (total,) = ledger.sql(f"select sum(cost_usd) from ledger.{table}")
        assert total == (state.by_user["alice"].cost,)
    done = ledger.run("verify", "--postgres")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_synchronous_standby_takes_over_under_load(ledger, own_cluster, standby):
    make_synchronous(own_cluster)
    with Load(ledger, ledger.mint_key("alice"), clients=6) as load:
        wait_until(lambda: position_at(own_cluster) > 200, 30, "events on the primary")
        acknowledged = position_at(own_cluster)
        own_cluster.kill9()
        standby.promote()
        assert position_at(standby) >= acknowledged, "a commit that was acknowledged is gone"
        mark = len(load.calls)
        time.sleep(2)
    assert len(load.calls) > mark
    assert len(load.complete) == len(load.calls), "a call waited for PostgreSQL"
    assert_all_there_once(ledger)
    assert position_at(standby) == len(ledger.lines())


def test_a_standby_that_lacks_the_last_transactions_gets_them_again(ledger, own_cluster, standby):
    with Load(ledger, ledger.mint_key("alice"), clients=4):
        wait_until(lambda: position_at(own_cluster) > 100, 30, "events on the primary")
        standby.stop()
        reached = position_at(own_cluster)
        wait_until(lambda: position_at(own_cluster) > reached + 100, 30, "events that only the primary has")
        lost = position_at(own_cluster)
        own_cluster.kill9()
        standby.start()
        standby.promote()
        assert position_at(standby) < lost, "the standby lacks nothing: the test shows nothing"
    assert_all_there_once(ledger)


def test_a_commit_in_doubt_counts_once(ledger, own_cluster, standby):
    make_synchronous(own_cluster)
    key = ledger.mint_key("alice")
    with Load(ledger, key, clients=2):
        wait_until(lambda: position_at(own_cluster) > 50, 30, "events on the primary")
        # Commits are on the primary's disk now and wait for an answer that does not come.
        standby.stop()

        def waits() -> bool:
            with psycopg.connect(own_cluster.url("postgres")) as connection:
                return bool(
                    connection.execute("select from pg_stat_activity where wait_event = 'SyncRep'").rowcount
                )

        wait_until(waits, 20, "a commit that waits for the standby", own_cluster.process)
        ledger.kill9()
    ledger.start()
    with Load(ledger, key, clients=2):
        time.sleep(1)
    standby.start()
    assert_all_there_once(ledger)
