"""B7: calls judged by a shared limit, from 64 connections a Proxy, beside one row that all update."""

import json
import os
import re
import subprocess
from pathlib import Path

from cluster import Cluster
from machine import Spread

CONNECTIONS = 64
USERS = [1, 10_000]
LEDGERS = [1, 4]


def ours(options, folder: Path, cluster: Cluster, ledgers: int, users: int) -> dict:
    cluster.fresh()
    done = subprocess.run(
        [
            options.benchmarks, "--home", folder, "--seconds", str(options.seconds), "--users", str(users),
            "--postgres", cluster.url, f"quota_{ledgers}",
        ],
        capture_output=True, text=True, timeout=options.seconds + 300,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"quota_{ledgers}: {done.stderr}")
    beyond = cluster.psql(
        "select count(*) from (select sum(leased) from ledger.budget_leases"
        " group by user_id, measure, period, ends_at having sum(leased) > min(limit_amount)) as passed"
    )
    if beyond != "0":
        raise SystemExit(f"{beyond} limits are passed")
    return json.loads(done.stdout)


def hot_row(options, folder: Path, cluster: Cluster, users: int) -> dict:
    """What gateways do: each call's decision is an update of the user's row, durable before it goes."""
    cluster.fresh()
    cluster.psql(
        "create table budget (user_id int primary key, spent numeric not null, most numeric not null)",
        f"insert into budget select id, 0, 1000000 from generate_series(1, {users}) id",
    )
    script = folder / "decide.sql"
    script.write_text(
        f"\\set id random(1, {users})\n"
        "update budget set spent = spent + 0.09 where user_id = :id and spent + 0.09 <= most;\n"
    )
    done = subprocess.run(
        [
            options.pgbench, "-h", options.postgres, "-U", "ledger", "-n", "-M", "prepared", "-f", script,
            "-c", str(CONNECTIONS), "-j", "2", "-T", str(options.seconds), "ledger_bench",
        ],
        capture_output=True, text=True, timeout=options.seconds + 60,
    )  # fmt: skip
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.M)
    if done.returncode or not found:
        raise SystemExit(f"pgbench: {done.stdout}{done.stderr}")
    return {"decisionsPerSecond": float(found.group(1))}


def run(options, folder: Path) -> dict:
    cluster = Cluster(options)
    folder = folder / "quota"
    folder.mkdir()
    runs: dict[tuple[str, int], list[dict]] = {}
    for _ in range(options.rounds):
        for users in USERS:
            for ledgers in LEDGERS:
                found = ours(options, folder, cluster, ledgers, users)
                runs.setdefault((f"ledger, {ledgers} sharing", users), []).append(found)
                os.sync()
            found = hot_row(options, folder, cluster, users)
            runs.setdefault(("PostgreSQL UPDATE", users), []).append(found)
            os.sync()
    cluster.drop()
    return {
        "rows": [
            {
                "judge": judge,
                "users": users,
                "decisionsPerSecond": Spread([each["decisionsPerSecond"] for each in figures]).json(),
                "p99Microseconds": Spread([each.get("p99Microseconds", 0) for each in figures]).json(),
            }
            for (judge, users), figures in runs.items()
        ]
    }
