"""B4: the journal into an empty database, beside COPY and INSERT of the same rows into the same table."""

import json
import subprocess
import time
from pathlib import Path

from cluster import Cluster
from machine import Spread

ROWS_A_STATEMENT = 1_000
# A table like the ledger's, with its partition and its indexes.
TABLE = """
    drop table if exists peer;
    create table peer (like ledger.events including all) partition by range (recorded_at);
    create table peer_all partition of peer for values from ('2000-01-01Z') to ('2200-01-01Z');
"""


def benchmarks(options, folder: Path, scenario: str, *arguments: str) -> dict:
    done = subprocess.run(
        [options.benchmarks, "--home", folder, *arguments, scenario],
        capture_output=True, text=True, timeout=3600,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{scenario}: {done.stderr}")
    return json.loads(done.stdout)


class Rows:
    """The rows that the ledger stored, as files for its peers."""

    def __init__(self, cluster: Cluster, folder: Path):
        self.text = folder / "rows.text"
        self.binary = folder / "rows.binary"
        self.statements = folder / "rows.sql"
        query = "select * from ledger.events order by position"
        cluster.psql(
            f"\\copy ({query}) to '{self.text}'", f"\\copy ({query}) to '{self.binary}' (format binary)"
        )
        with self.text.open() as lines, self.statements.open("w") as out:
            for number, line in enumerate(lines):
                out.write(",\n" if number % ROWS_A_STATEMENT else ";\ninsert into peer values\n"[not number:])
                # What COPY escapes, a literal of this kind reads alike.
                values = line.rstrip("\n").replace("'", "''").split("\t")
                out.write("(" + ",".join("null" if v == "\\N" else f"E'{v}'" for v in values) + ")")
            out.write(";\n")


def timed(cluster: Cluster, work) -> dict:
    """What `work` took, in wall time and in the server's processor time."""
    cpu = cluster.cpu_seconds()
    began = time.monotonic()
    work()
    return {"seconds": time.monotonic() - began, "serverCpu": cluster.cpu_seconds() - cpu}


def peer(cluster: Cluster, *words: str) -> dict:
    cluster.psql(TABLE)
    cluster.settle()
    command = [cluster.options.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", cluster.url, *words]
    return timed(cluster, lambda: subprocess.run(command, check=True, timeout=3600))


def ours(cluster: Cluster, options, folder: Path) -> dict:
    cluster.fresh()
    found: dict = {}
    taken = timed(
        cluster, lambda: found.update(benchmarks(options, folder, "ingest", "--postgres", cluster.url))
    )
    # The ledger is opened first: only the copy itself counts.
    return found | {"serverCpu": taken["serverCpu"]}


def check(cluster: Cluster, events: int):
    """Every row is there, the chain is whole, sums are those of the rows."""
    found = cluster.psql(
        f"select count(*), (select broken_at from ledger.verify_chain('bench', 1, {events})),"
        " sum(cost_usd) filter (where type = 'call.settled')"
        " = (select sum(cost_usd) from ledger.usage_hourly),"
        " sum(cost_usd) filter (where type = 'call.settled') = (select sum(cost_usd) from ledger.usage_daily)"
        " from ledger.events"
    )
    if found != f"{events}||t|t":
        raise SystemExit(f"the database is wrong: {found}, {events} events")


def run(options, folder: Path) -> dict:
    cluster = Cluster(options)
    folder = folder / "ingest"
    folder.mkdir()
    benchmarks(options, folder, "generate", "--events", str(options.events))
    rows, count = None, 0
    runs: dict[str, list[dict]] = {}

    def note(name: str, events: int, taken: dict):
        each = {
            "rowsPerSecond": events / taken["seconds"],
            "serverCpuMicroseconds": taken["serverCpu"] * 1e6 / events,
            "clientCpuMicroseconds": taken.get("cpuNanosecondsEach", 0) / 1000,
        }
        runs.setdefault(name, []).append(each)

    for _ in range(options.rounds):
        found = ours(cluster, options, folder)
        events = int(found["events"])
        note("ledger", events, found)
        check(cluster, events)
        if rows is None or events != count:
            rows, count = Rows(cluster, folder), events
        copy = f"\\copy peer from '{rows.text}'"
        note("COPY", events, peer(cluster, "-c", copy))
        note("COPY, binary", events, peer(cluster, "-c", f"\\copy peer from '{rows.binary}' (format binary)"))
        note("INSERT of 1,000 rows", events, peer(cluster, "-1", "-f", str(rows.statements)))
        if cluster.psql("select count(*) from peer") != str(events):
            raise SystemExit("INSERT: rows are missing")
    table = [
        {"way": name, **{key: Spread([run[key] for run in taken]).json() for key in taken[0]}}
        for name, taken in runs.items()
    ]
    cluster.psql("drop table peer")
    return {"rows": table, "events": count, "live": live(cluster, options, folder)}


def live(cluster: Cluster, options, folder: Path) -> dict:
    """Acknowledgements of 64 commands under way, without and with a catch-up beside them."""
    folder = folder.parent / "ingest_live"
    folder.mkdir()
    benchmarks(options, folder, "generate", "--events", str(options.live_events))
    cluster.fresh()
    arguments = ["--postgres", cluster.url, "--seconds", str(options.seconds)]
    found = benchmarks(options, folder, "ingest_live", *arguments, "--rounds", str(options.rounds))
    check(cluster, int(found["events"]))
    return found
