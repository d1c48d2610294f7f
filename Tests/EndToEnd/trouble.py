"""What must hold while PostgreSQL is in trouble, and after it."""

import random
from contextlib import contextmanager
from functools import partial

import fold
import psycopg
import requests
from processes import wait_until
from traffic import Load


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
    for table in ("usage_hourly", "usage_daily", "usage_by_user_daily"):
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
