"""PostgreSQL in trouble, by the fault matrix (F25–F36): calls go on, then the history is whole again."""

import random
import re
import shutil
import threading
import time
from contextlib import ExitStack, contextmanager
from functools import partial

import fold
import psycopg
import pytest
import requests
from cluster import PostgresCluster
from disks import SmallDisk, as_root
from processes import wait_until
from relay import CLIENT, CUT_BEFORE, PASS, SERVER, Relay
from traffic import Load


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL whose log shows every statement."""
    cluster = PostgresCluster().start()
    cluster.configure(log_statement="all", log_line_prefix="%m %a: ")
    yield cluster
    cluster.destroy()


@contextmanager
def relayed_database(server):
    """A relay to a new database."""
    server.create_database(name := f"relayed_{time.monotonic_ns()}")
    relay = Relay(server.folder / ".s.PGSQL.5432", name)
    relay.direct_url = server.url(name)
    try:
        yield relay
    finally:
        relay.close()


def relayed_ledger(make_ledger, relay):
    """A ledger that reaches PostgreSQL through the relay; its tests look at the server directly."""
    ledger = make_ledger(postgres_url=relay.url + "&tcp_user_timeout=2000&connect_timeout=2")
    ledger.postgres_url = relay.direct_url
    return ledger


@pytest.fixture
def relay(server):
    with relayed_database(server) as relay:
        yield relay


@pytest.fixture
def relayed(make_ledger, relay):
    return relayed_ledger(make_ledger, relay)


def change_something(ledger) -> None:
    """One more event in the journal, of a few hundred bytes."""
    ledger.set_quota("budget", dailyLimitUsd=random.randrange(1, 1_000_000))


def assert_serves(ledger) -> None:
    assert requests.get(f"{ledger.proxy_url}/health", timeout=1).status_code == 200
    change_something(ledger)


@contextmanager
def undisturbed(ledger, clients: int = 3):
    """Calls run meanwhile, and PostgreSQL's trouble costs none of them."""
    with Load(ledger, ledger.mint_key("alice"), clients=clients) as load:
        yield load
        assert_serves(ledger)
    assert len(load.calls) > clients
    assert len(load.complete) == len(load.calls), "a call failed while PostgreSQL was in trouble"


def is_up(ledger) -> bool:
    return ledger.sample("ledger_postgres_up") == 1


def says(ledger, text: str) -> bool:
    return text in ledger.process.log.read_text()


def wait_stalled(ledger, reason: str, seconds: float = 30) -> None:
    """Waits until it says that PostgreSQL does not take the journal, and why."""
    wait_until(lambda: not is_up(ledger), seconds, "the gauge to say that PostgreSQL is away", ledger.process)
    health = requests.get(f"{ledger.proxy_url}/health", timeout=1).json()
    assert health["status"] == "degraded" and health["postgres"]["up"] is False, health
    wait_until(partial(says, ledger, reason), 15, f"the log to say: {reason}")


def wait_idle(ledger, seconds: float = 30) -> None:
    """Waits until PostgreSQL has all of the journal, and the ledger knows that it has."""
    ledger.wait_ingested(seconds)
    wait_until(lambda: ledger.sample("ledger_postgres_lag_events") == 0, seconds, "no lag", ledger.process)
    wait_until(partial(is_up, ledger), seconds, "the gauge to say that PostgreSQL is there", ledger.process)


def assert_whole(ledger, seconds: float = 60) -> None:
    """PostgreSQL holds the journal, byte for byte and once, and its sums are those of an independent fold."""
    wait_idle(ledger, seconds)
    ((position,),) = ledger.sql("select position from ledger.checkpoints where origin = %s", ledger.origin)
    rows = ledger.sql("select position, line from ledger.events order by position")
    assert [number for number, _ in rows] == list(range(1, position + 1))
    assert [line.encode() for _, line in rows] == ledger.lines()[:position]
    state = fold.fold(ledger.events())
    expected = [
        (user, sums.calls, sums.cost, sums.tokens_in, sums.tokens_out)
        for user, sums in sorted(state.by_user.items())
    ]
    assert not state.problems and not state.violations
    for table in ("usage_hourly", "usage_daily"):
        sums = ledger.sql(
            "select user_id, sum(calls), sum(cost_usd), sum(input_tokens), sum(output_tokens)"
            f" from ledger.{table} group by user_id order by user_id"
        )
        assert sums == expected, table
    done = ledger.run("verify", "--postgres", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def position_in(url: str) -> int:
    """How far the database is; 0 when it has nothing."""
    with psycopg.connect(url) as connection:
        row = connection.execute("select max(position) from ledger.checkpoints").fetchone()
    return row[0] or 0


def reaches(url: str, position: int) -> bool:
    return position_in(url) > position


def run_sql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def end_sessions(cluster, database: str) -> None:
    run_sql(
        cluster.url("postgres"),
        f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'",
    )


# F25, F26: it goes away


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


def test_it_dies_in_the_middle_of_a_copy_again_and_again(relayed, relay, server):
    """F26: killed or stopped at once, while rows are on their way."""
    reached, go_on = threading.Event(), threading.Event()

    def hold_copies(message):
        if message.sender == CLIENT and message.kind == "d" and not go_on.is_set():
            reached.set()
            go_on.wait(30)
        return PASS

    with undisturbed(relayed, clients=2):
        for turn in range(4):
            reached.clear()
            go_on.clear()
            relay.rule = hold_copies
            assert reached.wait(30), "no copy began"
            server.kill9() if turn % 2 else server.stop("immediate")
            go_on.set()
            server.start()
    assert_whole(relayed)


# F27–F29: the line between


def conversation(relayed, relay) -> list[tuple[str, int, str]]:
    """Every message of a connection, up to the answer to its first COMMIT."""
    found = []

    def record(message):
        found.append(message)
        return PASS

    wait_idle(relayed)
    relay.drop()
    relay.rule = record
    change_something(relayed)
    wait_idle(relayed)
    relay.rule = lambda message: PASS
    of_one = [message for message in found if message.connection == found[0].connection]
    kinds = [message.data[5:] for message in of_one]
    end = kinds.index(b"COMMIT\0") + 2
    return [(message.sender, message.number, message.kind) for message in of_one[:end]]


@pytest.mark.slow
def test_a_connection_cut_at_any_message_stores_each_event_once(relayed, relay):
    """F27: before each message of a whole session, from the greeting to the answer to its COMMIT."""
    messages = conversation(relayed, relay)
    kinds = {(sender, kind) for sender, _, kind in messages}
    assert {(CLIENT, "d"), (CLIENT, "c"), (SERVER, "G"), (SERVER, "C"), (SERVER, "Z")} <= kinds
    for sender, number, kind in messages:
        cut = threading.Event()

        def cut_once(message, sender=sender, number=number, kind=kind, cut=cut):
            if cut.is_set() or (message.sender, message.number) != (sender, number):
                return PASS
            assert message.kind == kind
            cut.set()
            return CUT_BEFORE

        relay.drop()
        relay.rule = cut_once
        change_something(relayed)
        assert cut.wait(20), f"no connection came to {sender}'s message {number}, {kind}"
        # A COMMIT whose answer is still on its way would make the next session another one.
        wait_idle(relayed)
    assert_whole(relayed)
    print(f"{len(messages)} messages")


@pytest.mark.slow
def test_a_line_that_falls_silent_is_given_up(make_ledger, server):
    """F28: a black hole, and a server that is gone without a word; both are waited for at the same time.

    A statement may take a minute; what says nothing for a quarter of a minute more is lost.
    """
    with ExitStack() as relays, ExitStack() as loads:
        pairs = []
        for fault in ("freeze", "half_open"):
            relay = relays.enter_context(relayed_database(server))
            ledger = relayed_ledger(make_ledger, relay)
            loads.enter_context(undisturbed(ledger, clients=1))
            wait_until(partial(reaches, relay.direct_url, 20), 20, "events")
            getattr(relay, fault)()
            pairs.append((relay, ledger))
        for relay, ledger in pairs:
            wait_until(partial(says, ledger, "has not answered"), 120, "the end of its patience")
            assert_serves(ledger)
            relay.thaw()
        loads.close()
        for _, ledger in pairs:
            assert_whole(ledger)


@pytest.mark.parametrize("fault", ["freeze", "half_open"])
def test_a_silent_line_does_not_keep_the_program_from_ending(relayed, relay, fault):
    """F28 and F12: asked to end while it waits for an answer."""
    with undisturbed(relayed, clients=2):
        wait_until(partial(reaches, relay.direct_url, 20), 20, "events")
        getattr(relay, fault)()
        time.sleep(1)
    began = time.monotonic()
    assert relayed.stop() == 0
    assert time.monotonic() - began < 12
    relay.thaw()
    relayed.start()
    assert_whole(relayed)


def test_a_slow_line_delays_the_copy_and_nothing_else(relayed, relay):
    """F29: 200 ms for each message, 100 KB a second."""
    with undisturbed(relayed):
        wait_until(partial(reaches, relay.direct_url, 20), 20, "events")
        relay.bytes_per_second = 100_000
        relay.delay_seconds = 0.2
        mark = position_in(relay.direct_url)
        wait_until(lambda: position_in(relay.direct_url) > mark, 60, "the copy to go on, slowly")
        time.sleep(2)
    relay.bytes_per_second, relay.delay_seconds = None, 0
    assert_whole(relayed)


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


def test_a_server_that_is_full_or_takes_no_writes_is_asked_again(make_ledger, own_cluster):
    """F30: the real 53300, and a database that is read-only."""
    ledger = make_ledger(postgres_url=own_cluster.create_database("crowded"))
    change_something(ledger)
    ledger.wait_ingested()
    own_cluster.configure(superuser_reserved_connections="0")
    taken = []
    with undisturbed(ledger, clients=2):
        end_sessions(own_cluster, "crowded")
        deadline = time.monotonic() + 30
        while is_up(ledger) and time.monotonic() < deadline:
            try:
                taken.append(psycopg.connect(own_cluster.url("postgres")))
            except psycopg.OperationalError:
                taken[0].execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'crowded'"
                )
                taken[0].rollback()
        wait_stalled(ledger, "too many clients already")
        for connection in taken:
            connection.close()
        wait_until(lambda: is_up(ledger), 30, "it to be back", ledger.process)
        run_sql(own_cluster.url("postgres"), "alter database crowded set default_transaction_read_only = on")
        end_sessions(own_cluster, "crowded")
        wait_stalled(ledger, "session is read-only")
        run_sql(own_cluster.url("postgres"), "alter database crowded reset default_transaction_read_only")
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
        "checkpoint",
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
