"""B5: every projection from the journal alone, beside DuckDB that sums the same file."""

import json
import os
import subprocess
import time
from decimal import Decimal
from pathlib import Path

from machine import Spread

COLUMNS = {
    "type": "VARCHAR",
    "user": "VARCHAR",
    "costUsd": "DECIMAL(38,18)",
    "tokensIn": "BIGINT",
    "tokensOut": "BIGINT",
}
QUERY = """
    select "user", count(*), sum("costUsd"), sum("tokensIn"), sum("tokensOut")
    from read_json('{files}', format = 'newline_delimited', columns = {columns})
    where type = 'call.settled' group by "user"
"""


def ours(options, folder: Path, scenario: str) -> dict:
    command = ["taskset", "-c", "0", options.benchmarks, "--home", folder]
    done = subprocess.run(
        [*command, "--events", str(options.events), scenario], capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        raise SystemExit(f"{scenario}: {done.stderr}")
    return json.loads(done.stdout)


def our_sums(folder: Path) -> dict:
    rows = (line.split(",") for line in (folder / "sums.csv").read_text().splitlines())
    return {user: (int(calls), Decimal(cost), int(t), int(o)) for user, calls, cost, t, o in rows}


def duckdb_run(folder: Path, threads: int) -> tuple[float, dict]:
    import duckdb

    # One thread has the same core as ours; two have both.
    os.sched_setaffinity(0, range(threads))
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        began = time.monotonic()
        rows = connection.execute(
            QUERY.format(files=folder / "system/logs/*.jsonl", columns=json.dumps(COLUMNS).replace('"', "'"))
        ).fetchall()
        return time.monotonic() - began, {
            user: (calls, Decimal(cost), tokens_in, tokens_out)
            for user, calls, cost, tokens_in, tokens_out in rows
        }


def run(options, folder: Path) -> dict:
    folder = folder / "replay"
    folder.mkdir()
    ours(options, folder, "generate")
    size = sum(path.stat().st_size for path in folder.glob("system/logs/*.jsonl"))
    runs: dict[str, list[float]] = {}

    def note(name: str, seconds: float):
        runs.setdefault(name, []).append(options.events / seconds)

    for _ in range(options.rounds):
        note("ledger, chain checked, 1 thread", ours(options, folder, "replay_chain")["seconds"])
        note("ledger, 1 thread", ours(options, folder, "replay")["seconds"])
        expected = our_sums(folder)
        for threads in (1, 2):
            seconds, sums = duckdb_run(folder, threads)
            note(f"DuckDB, {threads} thread{'s' * (threads > 1)}", seconds)
            if sums != expected:
                raise SystemExit(f"DuckDB and the ledger disagree: {difference(sums, expected)}")
    rows = [{"reader": name, "eventsPerSecond": Spread(values).json()} for name, values in runs.items()]
    return {"rows": rows, "events": options.events, "bytes": size, "sumsEqual": True}


def difference(left: dict, right: dict) -> str:
    users = [user for user in sorted(left.keys() | right.keys()) if left.get(user) != right.get(user)]
    return "; ".join(f"{user}: {left.get(user)} and {right.get(user)}" for user in users[:3])
