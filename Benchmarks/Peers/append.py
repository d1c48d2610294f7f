"""B3: one durable event at a time, from 1, 16 and 64 writers, beside one-row INSERTs on PostgreSQL."""

import json
import os
import re
import subprocess
from pathlib import Path

from machine import Spread, percentile

WRITERS = [1, 16, 64]
LINE = "x" * 600


def ours(options, folder: Path, scenario: str) -> dict:
    done = subprocess.run(
        [options.benchmarks, "--home", folder, "--seconds", str(options.seconds), scenario],
        capture_output=True, text=True, timeout=options.seconds + 120,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{scenario}: {done.stderr}")
    return json.loads(done.stdout)


def postgres(options, folder: Path, writers: int) -> dict:
    """pgbench: prepared, synchronous_commit on, one row a transaction."""
    log = folder / "pgbench"
    log.mkdir(exist_ok=True)
    for old in log.iterdir():
        old.unlink()
    script = folder / "insert.sql"
    script.write_text(f"insert into bench_events (line) values ('{LINE}');\n")
    done = subprocess.run(
        [
            options.pgbench, "-h", options.postgres, "-U", "ledger", "-n", "-M", "prepared", "-f", script,
            "-c", str(writers), "-j", str(min(writers, 2)), "-T", str(options.seconds), "-l", "ledger",
        ],
        capture_output=True, text=True, timeout=options.seconds + 60, cwd=log,
    )  # fmt: skip
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.M)
    if done.returncode or not found:
        raise SystemExit(f"pgbench: {done.stdout}{done.stderr}")
    taken = [float(line.split()[2]) for path in log.iterdir() for line in path.open()]
    return {
        "eventsPerSecond": float(found.group(1)),
        "p50Microseconds": percentile(taken, 0.5),
        "p99Microseconds": percentile(taken, 0.99),
    }


def psql(options, sql: str) -> str:
    return subprocess.run(
        [options.psql, "-X", "-h", options.postgres, "-U", "ledger", "-d", "ledger", "-Atc", sql],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def run(options, folder: Path) -> dict:
    psql(
        options,
        "drop table if exists bench_events;"
        " create table bench_events (position bigserial primary key, line text not null)",
    )
    names = ("synchronous_commit", "fsync", "wal_sync_method")
    modes = {name: psql(options, f"show {name}") for name in names}
    if modes["synchronous_commit"] != "on" or modes["fsync"] != "on":
        raise SystemExit(f"PostgreSQL is not durable here: {modes}")
    kinds = {
        "ledger, threads": lambda writers: ours(options, folder, f"append_{writers}"),
        "ledger, event loop": lambda writers: ours(options, folder, f"outstanding_{writers}"),
        "PostgreSQL INSERT": lambda writers: postgres(options, folder, writers),
    }
    runs = {(kind, writers): [] for writers in WRITERS for kind in kinds}
    for _ in range(options.rounds):
        for kind, writers in runs:
            runs[kind, writers].append(kinds[kind](writers))
            os.sync()
    rows = []
    for (kind, writers), figures in runs.items():
        row = {"store": kind, "writers": writers}
        for name in ("eventsPerSecond", "p50Microseconds", "p99Microseconds"):
            row[name] = Spread([figure[name] for figure in figures]).json()
        rows.append(row)
    return {"rows": rows, "postgres": modes}
