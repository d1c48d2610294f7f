"""PostgreSQL made anew from the journal, and the journal from PostgreSQL, byte for byte."""

import json
import os
import pty
import random
import subprocess
import time
from decimal import Decimal

import pytest
from journals import MadeJournal, logs, tamper

SUMS = """
    select 'hour', user_id, bucket, model, calls, input_tokens, output_tokens, cost_usd
    from ledger.usage_hourly
    union all
    select 'day', user_id, bucket, model, calls, input_tokens, output_tokens, cost_usd from ledger.usage_daily
    union all
    select 'user', user_id, bucket, '', calls, input_tokens, output_tokens, cost_usd
    from ledger.usage_by_user_daily
    union all
    select 'month', user_id, bucket, '', calls, input_tokens, output_tokens, cost_usd
    from ledger.usage_by_user_monthly
    union all
    select 'model', '', bucket, model, calls, input_tokens, output_tokens, cost_usd
    from ledger.usage_by_model_daily
    union all
    select 'model hour', '', bucket, model, calls, input_tokens, output_tokens, cost_usd
    from ledger.usage_by_model_hourly
    order by 1, 2, 3, 4
"""


@pytest.fixture
def stopped(make_ledger, cluster):
    """A ledger that is not running, with a journal of five days over the end of a month, and a database."""
    ledger = make_ledger(postgres_url=cluster.create_database(), start=False)
    ledger.made = MadeJournal(ledger.origin)
    ledger.made.limit("user-0", 50)
    ledger.made.days(5, 20).write(ledger.home)
    return ledger


def rebuild(ledger, **options) -> subprocess.CompletedProcess:
    return ledger.run("rebuild", "postgres", "--yes", **options)


# PostgreSQL from the journal


def test_a_database_is_filled_with_the_whole_journal(stopped):
    said = rebuild(stopped).stdout
    assert f"{stopped.made.position} rows up to position {stopped.made.position}" in said
    lines = [line.encode() for (line,) in stopped.sql("select line from ledger.events order by position")]
    assert lines == stopped.lines()
    assert dict(stopped.sql("select user_id, sum(cost_usd) from ledger.usage_daily group by 1")) == (
        stopped.made.cost
    )
    assert stopped.run("verify", "--postgres").returncode == 0


def test_whatever_was_done_to_the_database_is_gone_afterwards(stopped):
    rebuild(stopped)
    before = stopped.sql(SUMS)
    tamper(
        stopped,
        "delete from ledger.events where position % 7 = 0",
        "update ledger.usage_hourly set cost_usd = cost_usd * 2",
        "delete from ledger.quotas",
        "create table ledger.something_else ()",
    )
    assert stopped.run("verify", "--postgres", check=False).returncode == 1
    assert json.loads(stopped.run("rebuild", "postgres", "--yes", "--json").stdout) == {
        "position": stopped.made.position,
        "rows": stopped.made.position,
    }
    assert stopped.sql(SUMS) == before
    assert stopped.sql("select to_regclass('ledger.something_else')") == [(None,)]
    assert stopped.run("verify", "--postgres").returncode == 0


def test_a_server_goes_on_from_where_a_rebuild_ended(stopped):
    rebuild(stopped)
    stopped.start()
    stopped.anthropic(stopped.mint_key("alice")).messages.create(
        model="claude-sonnet-4-6", max_tokens=20, messages=[{"role": "user", "content": "Hello"}]
    )
    stopped.wait_ingested()
    assert stopped.run("verify", "--postgres").returncode == 0


def test_a_torn_tail_is_left_out(stopped):
    segment = sorted((stopped.home / "system" / "logs").glob("*.jsonl"))[-1]
    torn = segment.read_bytes() + b'{"position":99,"type":"call.res'
    segment.write_bytes(torn)
    rebuild(stopped)
    assert stopped.sql("select max(position) from ledger.events") == [(stopped.made.position,)]
    assert segment.read_bytes() == torn


def test_a_damaged_journal_is_named_with_its_line(stopped):
    segment = sorted((stopped.home / "system" / "logs").glob("*.jsonl"))[2]
    segment.write_bytes(segment.read_bytes().replace(b'"user-1"', b'"user-2"', 1))
    done = rebuild(stopped, check=False)
    assert done.returncode == 65
    assert segment.name in done.stderr and "line" in done.stderr


def test_a_running_server_is_in_the_way(ledger):
    before = ledger.wait_ingested()
    done = rebuild(ledger, check=False)
    assert done.returncode == 69
    assert "another process is ingesting" in done.stderr and "Stop the server" in done.stderr
    assert ledger.sql("select count(*) from ledger.events")[0][0] >= before
    assert ledger.sample("ledger_postgres_up") == 1


def test_other_journals_in_the_database_are_never_erased(stopped, make_ledger):
    rebuild(stopped)
    other = make_ledger(
        postgres_url=stopped.postgres_url, start=False, environment={"LEDGER_ORIGIN": "somebody-else"}
    )
    MadeJournal("somebody-else").days(1, 3).write(other.home)
    done = rebuild(other, check=False)
    assert done.returncode == 73
    assert "end-to-end" in done.stderr and "dledger migrate" in done.stderr
    assert stopped.sql("select count(*) from ledger.events") == [(stopped.made.position,)]


def test_nothing_is_erased_without_a_yes(stopped):
    rebuild(stopped)
    for words in (["rebuild", "postgres"], ["rebuild"], ["rebuild", "journal"], ["rebuild", "all", "--yes"]):
        assert stopped.run(*words, check=False).returncode == 64
    assert stopped.sql("select count(*) from ledger.events") == [(stopped.made.position,)]


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 64), (b"\n", 64), (b"yes\n", 0)])
def test_a_person_is_asked(stopped, answer, code):
    stopped.migrate()
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [stopped.binary, "rebuild", "postgres"],
        env=stopped.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(ours, 1000)
    os.write(ours, answer)
    try:
        while data := os.read(ours, 1000):
            said += data
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert child.wait(60) == code, said
    rows = stopped.sql("select count(*) from ledger.events")[0][0]
    assert rows == (stopped.made.position if code == 0 else 0)
    assert code or b"events," in said and b"left" in said


@pytest.mark.slow
def test_a_rebuild_of_postgresql_killed_anywhere_can_be_run_again(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database(), start=False)
    made = MadeJournal(ledger.origin).days(4, 2_000).write(ledger.home)
    killed_at_random_moments(ledger, ["rebuild", "postgres", "--yes"])
    rebuild(ledger)
    assert ledger.sql("select count(*), max(position) from ledger.events") == [(made.position,) * 2]
    assert ledger.run("verify", "--postgres").returncode == 0


# The journal from PostgreSQL


def test_a_journal_is_written_anew_byte_for_byte(stopped):
    rebuild(stopped)
    original = logs(stopped.home)
    assert len(original) == 5
    stopped.home.rename(stopped.folder / "lost")
    said = stopped.run("rebuild", "journal", "--from-postgres").stdout
    assert "all holds" in said and f"journal: {stopped.made.position} events" in said
    assert logs(stopped.home) == original
    assert not list(stopped.home.rglob("*partial*"))
    stopped.start()
    assert stopped.run("verify", "--postgres").returncode == 0


def test_a_journal_of_a_real_run_is_written_anew_byte_for_byte(ledger):
    ledger.set_quota("alice", dailyLimitUsd=10)
    client = ledger.anthropic(ledger.mint_key("alice"))
    for _ in range(5):
        client.messages.create(
            model="claude-sonnet-4-6", max_tokens=20, messages=[{"role": "user", "content": "Ünï \t \\ \x00"}]
        )
    ledger.wait_ingested()
    ledger.stop()
    ledger.start()
    ledger.wait_ingested()
    ledger.stop()
    elsewhere = ledger.folder / "elsewhere"
    ledger.run("rebuild", "journal", "--from-postgres", "--home", f"{elsewhere}/")
    assert logs(elsewhere) == logs(ledger.home)


def test_nothing_is_overwritten(stopped):
    rebuild(stopped)
    before = logs(stopped.home)
    done = stopped.run("rebuild", "journal", "--from-postgres", check=False)
    assert done.returncode == 73 and "is not empty" in done.stderr
    assert logs(stopped.home) == before
    # A lock that nobody holds is no journal.
    empty = stopped.folder / "empty"
    (empty / "system" / "logs").mkdir(parents=True)
    (empty / "system" / "logs" / ".lock").touch()
    stopped.run("rebuild", "journal", "--from-postgres", "--home", empty)
    assert logs(empty) == before


def test_a_database_without_this_journal_is_refused(stopped):
    stopped.migrate()
    done = stopped.run("rebuild", "journal", "--from-postgres", "--home", stopped.folder / "new", check=False)
    assert done.returncode == 65 and "holds no event" in done.stderr
    assert not (stopped.folder / "new" / "system" / "logs").exists()


def test_retired_months_are_missed_and_named(stopped):
    rebuild(stopped)
    stopped.sql("select ledger.seal_month(%s, '2026-01-15Z')", stopped.origin)
    stopped.sql("select ledger.drop_partitions('2026-02-01Z')")
    ((first,),) = stopped.sql("select min(position) from ledger.events")
    done = stopped.run("rebuild", "journal", "--from-postgres", "--home", stopped.folder / "new", check=False)
    assert done.returncode == 65 and f"from position {first} on" in done.stderr, done.stderr
    # Nothing is missing for the rest: the retired month is accounted for.
    report = json.loads(stopped.run("verify", "--postgres", "--json").stdout)
    assert report["holds"] and report["postgres"]["retiredEvents"] == first - 1
    assert report["postgres"]["rows"] == stopped.made.position - first + 1
    # And a rebuild brings it back.
    rebuild(stopped)
    assert stopped.sql("select min(position) from ledger.events") == [(1,)]


CHANGES = {
    "is not the one that was recorded": "update ledger.events set line = replace(line, 'user-', 'usor-') "
    "where position = 41",
    "is no event": "update ledger.events set line = 'nonsense' where position = 41",
    "lacks position 41": "delete from ledger.events where position = 41",
}


@pytest.mark.parametrize("finding", CHANGES)
def test_a_line_that_is_not_the_recorded_one_is_refused(stopped, finding):
    rebuild(stopped)
    tamper(stopped, CHANGES[finding])
    done = stopped.run("rebuild", "journal", "--from-postgres", "--home", stopped.folder / "new", check=False)
    assert done.returncode == 65 and "position 41" in done.stderr and finding in done.stderr, done.stderr
    assert logs(stopped.folder / "new") == {}


@pytest.mark.slow
def test_a_rebuild_of_the_journal_killed_anywhere_can_be_run_again(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database(), start=False)
    MadeJournal(ledger.origin).days(4, 2_000).write(ledger.home)
    rebuild(ledger)
    new = ledger.folder / "new"
    words = ["rebuild", "journal", "--from-postgres", "--home", new]

    def is_there() -> bool:
        return any((new / "system").glob("logs/*.jsonl"))

    killed_at_random_moments(ledger, words, until=is_there)
    if not is_there():
        ledger.run(*words)
    assert logs(new) == logs(ledger.home)
    assert ledger.run("verify", "--home", new).returncode == 0


def killed_at_random_moments(ledger, words, times: int = 10, seconds: float = 1.2, until=lambda: False):
    """Runs a command again and again, and kills it each time at another moment."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(times):
        if until():
            return
        child = subprocess.Popen(
            [ledger.binary, *map(str, words)],
            env=ledger.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0, seconds))
        child.kill()
        child.wait(20)


def test_the_made_journal_costs_what_it_says(stopped):
    rows = json.loads(stopped.run("usage", "--json").stdout, parse_float=Decimal)
    assert {row["user"]: row["costUsd"] for row in rows} == stopped.made.cost
