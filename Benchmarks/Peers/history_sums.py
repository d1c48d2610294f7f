"""The sums in PostgreSQL beside DuckDB's over the journal: equal to the last digit, or the run ends."""

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
from cluster import Cluster

COLUMNS = {
    "type": "VARCHAR", "timestamp": "TIMESTAMP", "user": "VARCHAR", "source": "VARCHAR",
    "provider": "VARCHAR", "model": "VARCHAR", "billing": "VARCHAR", "costUsd": "DECIMAL(38,18)",
    "heldUsd": "DECIMAL(38,18)", "tokensIn": "BIGINT", "tokensOut": "BIGINT",
}  # fmt: skip
# What counts: a call when it ends, settled or expired; an agent run whose calls count has no own money.
LINES = """
    create temp table lines as
    select "user" as user_id, date_trunc('hour', "timestamp") as hour,
      case when type like 'call.%' then 'call' else 'dispatch' end as kind,
      coalesce(source, '') as source, coalesce(provider, '') as provider, coalesce(model, '') as model,
      count(*) filter (type in ('call.settled', 'call.expired')) as calls,
      count(*) filter (type = 'call.expired') as expired,
      count(*) filter (type = 'dispatch.completed') as dispatches,
      sum("tokensIn") filter (billing is distinct from 'proxied') as input_tokens,
      sum("tokensOut") filter (billing is distinct from 'proxied') as output_tokens,
      sum("costUsd") filter (billing is distinct from 'proxied') as cost_usd,
      sum("heldUsd") filter (billing is distinct from 'proxied') as held_usd
    from read_json('{files}', format = 'newline_delimited', columns = {columns})
    where type in ('call.settled', 'call.expired', 'call.rejected', 'dispatch.completed')
    group by all
"""
SUMS = ["calls", "dispatches", "input_tokens", "output_tokens", "cost_usd", "held_usd"]
# The sums that a view of tokens has too.
TOKENS = {"calls", "input_tokens", "output_tokens", "cost_usd"}
# What is kept apart, and the view that says so.
BREAKDOWNS = {
    "user": ("cost_by_user", ["user_id"]),
    "user and day": ("cost_by_user_daily", ["user_id", "day"]),
    "model and day": ("cost_by_model_daily", ["day", "kind", "source", "provider", "model"]),
    "model and hour": ("tokens_by_model_hourly", ["hour", "kind", "source", "provider", "model"]),
    "all dimensions and day": (
        "cost_daily", ["day", "user_id", "kind", "source", "provider", "model"],
    ),
}  # fmt: skip


def lines_of(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    columns = json.dumps(COLUMNS).replace('"', "'")
    connection.execute(LINES.format(files=folder / "system/logs/*.jsonl", columns=columns))
    return connection


def check(cluster: Cluster, folder: Path, events: int) -> tuple[dict[str, int], int]:
    """How many sums were compared, by what they keep apart; and how many calls of them had expired."""
    compared = {}
    with lines_of(folder) as lines, psycopg.connect(cluster.url) as postgres:
        postgres.execute("set timezone = 'UTC'")
        stored = postgres.execute("select count(*) from ledger.events").fetchone()
        if stored != (events,):
            raise SystemExit(f"{stored} rows in events, {events} in the journal")
        for name, (view, keys) in BREAKDOWNS.items():
            sums = [each for each in SUMS if view != "tokens_by_model_hourly" or each in TOKENS]
            theirs = [key.replace("day", "date_trunc('day', hour)") for key in keys]
            expected = rows(lines.execute(statement(theirs, sums, "lines")), len(keys))
            moments = [f"{key}::timestamp" if key in ("day", "hour") else key for key in keys]
            found = rows(postgres.execute(statement(moments, sums, f"ledger.{view}")), len(keys))
            if found != expected or not found:
                raise SystemExit(f"by {name}: {difference(found, expected)}")
            compared[name] = len(found)
        (expired,) = lines.execute("select sum(expired) from lines").fetchone()
    return compared, int(expired)


def statement(keys: list[str], sums: list[str], table: str) -> str:
    columns = ", ".join([*keys, *(f"coalesce(sum({each}), 0)" for each in sums)])
    return f"select {columns} from {table} group by {', '.join(map(str, range(1, len(keys) + 1)))}"


def rows(answer, keys: int) -> dict[tuple, tuple]:
    return {row[:keys]: tuple(Decimal(value) for value in row[keys:]) for row in answer.fetchall()}


def difference(found: dict, expected: dict) -> str:
    keys = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    told = [f"{key}: postgres {found.get(key)}, the journal {expected.get(key)}" for key in keys[:3]]
    return f"{len(keys)} sums differ: " + "; ".join(told)
