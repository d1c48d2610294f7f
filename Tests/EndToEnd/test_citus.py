"""migrations/citus distributes every table once, under its key; Citus itself is not to be had here."""

import subprocess
from pathlib import Path

import psycopg

FILE = Path(__file__).parents[2] / "migrations/citus/2_distribute.sql"
# A stand-in that writes down what it was asked, and refuses a table that is not there or lacks the column.
STAND_IN = """
create table public.distributed (relation regclass, key text, colocated text);
create function public.create_distributed_table(
  relation regclass, key text, shard_count int default null, colocate_with text default 'default'
) returns void language plpgsql as $$
begin
  perform 1 from pg_attribute where attrelid = relation and attname = key and attnotnull;
  if not found then raise exception '% has no such column', relation; end if;
  insert into public.distributed values (relation, key, colocate_with);
end $$;
"""
# The schema's own bookkeeping stays on the coordinator.
LOCAL = {"ledger.schema_migrations", "ledger.schema_objects"}


def test_every_table_is_distributed_once_under_its_key(ledger):
    with psycopg.connect(ledger.postgres_url, autocommit=True) as connection:
        # Else a role of the schema's name would see the tables without it.
        connection.execute("set search_path = pg_catalog")
        connection.execute(STAND_IN)
        done = subprocess.run(
            ["psql", ledger.postgres_url, "-v", "ON_ERROR_STOP=1", "-v", "shards=8", "-f", FILE],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        calls = connection.execute("select relation::text, key, colocated from public.distributed").fetchall()
        tables = connection.execute(
            "select oid::regclass::text from pg_class where relnamespace = 'ledger'::regnamespace"
            " and relkind in ('r', 'p') and not relispartition"
        ).fetchall()
    assert sorted(name for name, *_ in calls) == sorted({name for (name,) in tables} - LOCAL)
    keys = {name: key for name, key, _ in calls}
    budgets = {"ledger.quotas", "ledger.budget_windows", "ledger.budget_leases"}
    assert {name for name, key in keys.items() if key == "user_id"} == budgets
    assert {key for name, key in keys.items() if name not in budgets} == {"origin"}
    # Tables are colocated with one of the same key, which was distributed before them.
    seen = set()
    for name, key, colocated in calls:
        assert colocated == "none" or (colocated in seen and keys[colocated] == key), name
        seen.add(name)
