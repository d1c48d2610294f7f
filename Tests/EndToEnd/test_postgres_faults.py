"""PostgreSQL in trouble, by the fault matrix (F25, F30–F36): calls go on, then the history is whole again."""

import re
import shutil
import time
from contextlib import ExitStack

import psycopg
import pytest
import requests
from cluster import PostgresCluster
from disks import SmallDisk, as_root
from processes import wait_until
from trouble import (
    assert_serves,
    assert_whole,
    change_something,
    end_sessions,
    is_up,
    position_in,
    run_sql,
    says,
    undisturbed,
    wait_stalled,
)


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL whose log shows every statement."""
    cluster = PostgresCluster().start()
    cluster.configure(fsync="off", log_statement="all", log_line_prefix="%m %a: ")
    yield cluster
    cluster.destroy()


def test_it_is_down_at_the_start_and_again_under_load(make_ledger, server):
    """F25."""
    ledger = make_ledger(postgres_url=server.create_database(), start=False)
    server.stop()
    ledger.start()
    with undisturbed(ledger):
        wait_stalled(ledger, "ingest stalled")
        server.start()
        wait_until(lambda: is_up(ledger), 30, "it to be back", ledger.process)
        server.stop("immediate")
        wait_until(lambda: not is_up(ledger), 30, "it to be away", ledger.process)
        server.start()
    assert_whole(ledger)


# F30, F31: it refuses

REFUSALS = """
create sequence public.faults;
create function public.refuse() returns trigger language plpgsql security definer as $$
begin
  if nextval('public.faults') <= 3 then raise exception 'made to fail' using errcode = '{code}'; end if;
  return new;
end $$;
create trigger refuse before insert on ledger.events for each row execute function public.refuse();
"""


@pytest.mark.parametrize("code", ["40001", "40P01", "57014", "53300", "53100", "25006"])
def test_what_the_server_refuses_for_now_is_sent_again(make_ledger, server, code):
    """F30."""
    ledger = make_ledger(postgres_url=server.create_database())
    with undisturbed(ledger, clients=2):
        run_sql(ledger.postgres_url, REFUSALS.format(code=code))
        wait_until(lambda: ledger.sql("select last_value from public.faults")[0][0] > 3, 30, "three refusals")
    text = ledger.process.log.read_text()
    assert "made to fail" in text and code in text
    assert '"fatal":"true"' not in text.replace(" ", "")
    assert_whole(ledger)


def test_a_server_that_is_full_is_asked_again(make_ledger, server):
    """F30: the real 53300."""
    ledger = make_ledger(postgres_url=server.create_database(), start=False)
    with ExitStack() as taken:
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            while True:
                taken.enter_context(psycopg.connect(server.url("postgres")))
        ledger.start()
        with undisturbed(ledger, clients=2):
            wait_stalled(ledger, "too many clients already")
            taken.close()
    assert_whole(ledger)


def test_a_database_that_takes_no_writes_is_asked_again(make_ledger, server):
    """F30: the real 25006, as of a standby."""
    server.create_database("standing")
    ledger = make_ledger(postgres_url=server.url("standing"), start=False)
    run_sql(server.url("postgres"), "alter database standing set default_transaction_read_only = on")
    ledger.start()
    with undisturbed(ledger, clients=2):
        wait_stalled(ledger, "session is read-only")
        run_sql(server.url("postgres"), "alter database standing reset default_transaction_read_only")
    assert_whole(ledger)


FAULTS = {
    "a table is missing": (
        "alter table ledger.usage_hourly rename to elsewhere",
        "alter table ledger.elsewhere rename to usage_hourly",
        "usage_hourly",
    ),
    "a column has another type": (
        "alter table ledger.checkpoints drop constraint checkpoints_chain_check, "
        "alter column chain type text using encode(chain, 'hex')",
        "alter table ledger.checkpoints alter column chain type bytea using decode(chain, 'hex')",
        "operator does not exist: text = bytea",
    ),
    "a permission is revoked": (
        "revoke ledger_writer from keeper",
        "grant ledger_writer to keeper",
        "permission denied",
    ),
    "a row is refused": (
        "alter table ledger.events add constraint poison check (session_id <> 'poison') not valid",
        "alter table ledger.events drop constraint poison",
        "poison",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_needs_a_person_is_named_and_waits(make_ledger, server, fault):
    """F31: no hot loop, nothing skipped, all else goes on."""
    break_it, mend_it, reason = FAULTS[fault]
    url = server.create_database()
    ledger = make_ledger(postgres_url=url, start=False)
    run_sql(
        url,
        "do $$ begin create role keeper login; exception when duplicate_object then end $$",
        "grant ledger_writer to keeper",
    )
    ledger.process.environment["LEDGER_POSTGRES_URL"] = url.replace("user=ledger", "user=keeper")
    ledger.start()
    change_something(ledger)
    ledger.wait_ingested()
    run_sql(url, break_it)
    key = ledger.mint_key("bob")
    for session in ("before", "poison", "after"):
        ledger.anthropic(key).messages.create(
            model="claude-sonnet-4-6",
            max_tokens=20,
            extra_headers={"x-session-id": session},
            messages=[{"role": "user", "content": "Hello"}],
        )
    with undisturbed(ledger, clients=2):
        wait_stalled(ledger, reason)
        # It waits longer each time.
        time.sleep(1.5)
        mark, seconds = len(server.process.log.read_bytes()), 3
        reached = position_in(url)
        time.sleep(seconds)
        log = server.process.log.read_bytes()[mark:].decode(errors="replace")
        sent = re.findall(r"dispatch-ledger: LOG:  (?:statement|execute)", log)
        assert len(sent) < 40 * seconds, f"{len(sent)} statements in {seconds} s"
        assert position_in(url) == reached, "it goes on behind what it could not store"
        assert ledger.sample("ledger_postgres_lag_events") > 0
    stored = ledger.sql("select count(*) from ledger.events")[0][0]
    assert stored == reached
    run_sql(url, mend_it)
    assert_whole(ledger)


# F32–F34: it is not the one it was


def test_an_older_copy_goes_on_from_its_own_checkpoint(make_ledger, server):
    """F32."""
    server.create_database("live")
    ledger = make_ledger(postgres_url=server.url("live"))
    with undisturbed(ledger, clients=2):
        wait_until(lambda: position_in(server.url("live")) > 20, 20, "events")
    ledger.stop()
    run_sql(server.url("postgres"), "create database older template live")
    older = position_in(server.url("older"))
    ledger.start()
    with undisturbed(ledger, clients=2):
        wait_until(lambda: position_in(server.url("live")) > older + 20, 20, "more events")
        run_sql(server.url("postgres"), "alter database live allow_connections false")
        end_sessions(server, "live")
        run_sql(
            server.url("postgres"),
            "alter database live rename to lost",
            "alter database older rename to live",
        )
    assert_whole(ledger)


def test_a_copy_that_is_ahead_or_foreign_is_refused(make_ledger, server):
    """F33: nothing is written, and it says why; waiting does not change its mind."""
    url = server.create_database()
    first = make_ledger(postgres_url=url)
    with undisturbed(first, clients=2):
        time.sleep(1)
    first.wait_ingested()
    first.stop()
    rows = first.sql("select position, line from ledger.events order by position")
    second = make_ledger(postgres_url=url, migrate=False)
    change_something(second)
    wait_stalled(second, "the database is ahead of the journal")
    with undisturbed(second, clients=2):
        wait_until(lambda: len(second.lines()) > len(rows), 60, "a journal longer than the first")
    wait_stalled(second, "is not this journal's", seconds=40)
    assert requests.get(f"{second.proxy_url}/health", timeout=1).json()["postgres"]["refused"] is True
    assert second.sql("select position, line from ledger.events order by position") == rows


def test_of_two_that_copy_the_same_journal_one_advances(make_ledger, server):
    """F34: the other says so, and takes over when the first is gone."""
    url = server.create_database()
    first = make_ledger(postgres_url=url)
    with undisturbed(first, clients=2):
        time.sleep(1)
    first.wait_ingested()
    first.stop()
    second = make_ledger(postgres_url=url, migrate=False, start=False)
    shutil.copytree(first.home, second.home, dirs_exist_ok=True)
    first.start()
    wait_until(lambda: is_up(first), 20, "the first to have the origin")
    second.start()
    wait_stalled(second, "another process is ingesting")
    locks = "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
    locks += " where locktype = 'advisory' and datname = current_database()"
    assert first.sql(locks) == [(1,)]
    reached = position_in(url)
    change_something(second)
    time.sleep(1)
    assert position_in(url) == reached
    first.kill9()
    wait_until(lambda: position_in(url) > reached, 30, "the second to take over", second.process)
    assert_whole(second)


def test_who_holds_the_lock_without_the_right_to_ingest_is_named(make_ledger, server):
    """F34: any role that may connect can; a superuser is told how to end it."""
    ledger = make_ledger(postgres_url=server.create_database(), start=False)
    url = ledger.postgres_url.replace("user=ledger", "user=ledger_reader") + "&application_name=squatter"
    with psycopg.connect(url, autocommit=True) as thief:
        thief.execute(
            "select pg_advisory_lock(hashtextextended(%s, 0))", (f"dispatch-ledger:{ledger.origin}",)
        )
        ledger.start()
        with undisturbed(ledger, clients=2):
            wait_stalled(ledger, f"role ledger_reader, pid {thief.info.backend_pid}")
        assert says(ledger, "squatter") and says(ledger, "pg_terminate_backend")
        assert ledger.sample("ledger_postgres_failures_total", reason="busy") > 0
        run_sql(server.url("postgres"), f"select pg_terminate_backend({thief.info.backend_pid})")
        assert_whole(ledger)


# F35, F36: its disk and its locks


@pytest.fixture
def small_disk(server):
    place = server.folder / f"small-{time.monotonic_ns()}"
    place.mkdir()
    disk = SmallDisk(place, megabytes=16)
    (disk.path / "space").mkdir()
    as_root("chown", server.owner, disk.path / "space")
    place.chmod(0o755)
    yield disk
    run_sql(server.url("postgres"), "drop database if exists small with (force)", "drop tablespace small")
    disk.unmount()


def test_a_full_disk_stops_the_copy_until_there_is_space(make_ledger, server, small_disk):
    """F35."""
    run_sql(server.url("postgres"), f"create tablespace small location '{small_disk.path}/space'")
    ledger = make_ledger(postgres_url=server.create_database("small"))
    change_something(ledger)
    ledger.wait_ingested()
    ((partition,),) = ledger.sql("select tableoid::regclass::text from ledger.events limit 1")
    run_sql(ledger.postgres_url, f"alter table {partition} set tablespace small")
    with undisturbed(ledger):
        small_disk.fill(leaving=0)
        wait_stalled(ledger, "No space left on device", seconds=60)
        assert_serves(ledger)
        small_disk.give_back()
    assert_whole(ledger)


@pytest.mark.slow
def test_a_long_lock_and_a_full_vacuum_are_waited_out(make_ledger, server):
    """F36: `lock_timeout` ends each try, and few sessions ever wait."""
    ledger = make_ledger(postgres_url=server.create_database())
    with undisturbed(ledger):
        wait_until(lambda: position_in(ledger.postgres_url) > 20, 20, "events")
        with psycopg.connect(ledger.postgres_url) as holder:
            holder.execute("lock table ledger.events in access exclusive mode")
            wait_stalled(ledger, "lock timeout")
            until = time.monotonic() + 10
            while time.monotonic() < until:
                assert_serves(ledger)
                ((sessions,),) = ledger.sql(
                    "select count(*) from pg_stat_activity where application_name like 'dispatch-ledger%%'"
                    " and datname = %s",
                    holder.info.dbname,
                )
                assert sessions <= 8
                time.sleep(0.5)
        wait_until(lambda: is_up(ledger), 30, "the copy to go on", ledger.process)
        for _ in range(3):
            run_sql(ledger.postgres_url, "vacuum full ledger.events", "vacuum full ledger.usage_hourly")
    assert_whole(ledger)
