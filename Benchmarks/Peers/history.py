"""B8: three months of history in PostgreSQL: how long it takes to load, and what dashboards wait for."""

import json
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import history_sums
import psycopg
from cluster import Cluster
from ingest import benchmarks
from machine import Spread, percentile

EVENTS = 10_000_000
USERS = 1_000
DAYS = 90
CALLS_A_RUN = 4
EVENTS_A_SECOND = 100
# What one event takes: 650 bytes in the journal, 1,400 in the database, and what the server writes beside it.
BYTES_AN_EVENT = 3_000
QUESTIONS = Path(__file__).parent / "history"
# What a dashboard shows; the others are about the current day and month.
SHOWN = {
    "cost_by_user": timedelta(days=30),
    "cost_by_model": timedelta(days=30),
    "tokens_by_hour": timedelta(days=7),
    "dispatch_latency": timedelta(days=1),
}


def question(name: str, folder: str = ".") -> str:
    """The question with this name; its moments are written into it, as Grafana does."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    first = hour - SHOWN.get(name, timedelta())
    first = first if name == "dispatch_latency" else first.replace(hour=0)
    return (QUESTIONS / folder / f"{name}.sql").read_text().replace(":'from'", f"'{first.isoformat()}'")


def connect(cluster: Cluster, role: str, *settings: str) -> psycopg.Connection:
    """A session as a dashboard has it: days are UTC's, each statement is planned when it comes."""
    connection = psycopg.connect(cluster.url.replace("user=ledger", f"user={role}"), prepare_threshold=None)
    connection.autocommit = True
    for setting in ("timezone = 'UTC'", *settings):
        connection.execute(f"set {setting}")
    return connection


def timed(connection: psycopg.Connection, question: str) -> tuple[float, list[tuple]]:
    """The milliseconds until the last row was here, and the rows."""
    began = time.monotonic_ns()
    rows = connection.execute(question).fetchall()
    return (time.monotonic_ns() - began) / 1e6, rows


class Trickle:
    """Live events, and their copy, while the questions are asked."""

    def __init__(self, options, folder: Path, cluster: Cluster, seconds: int):
        self.cluster = cluster
        command = [options.benchmarks, "--home", folder, "--postgres", cluster.url, "--users", str(USERS)]
        command += ["--rate", str(EVENTS_A_SECOND), "--seconds", str(seconds), "trickle"]
        before = self.position()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while self.position() <= before:
            if self.process.poll() is not None:
                raise SystemExit(f"trickle: {self.process.stderr.read()}")
            time.sleep(0.1)

    def position(self) -> int:
        return int(self.cluster.psql("select max(position) from ledger.checkpoints"))

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def finish(self) -> dict:
        out, complaint = self.process.communicate(timeout=600)
        if self.process.returncode:
            raise SystemExit(f"trickle: {complaint}")
        return json.loads(out)


def ask(options, folder: Path, cluster: Cluster, questions: list[str]) -> tuple[dict, dict]:
    """Each question again and again, in turn, as `ledger_reader` beside the trickle: milliseconds by name."""
    taken: dict[str, list[float]] = {name: [] for name in questions}
    # The trickle goes on a little longer than the questions are asked.
    seconds = options.rounds * options.seconds * len(questions) + 5
    with connect(cluster, "ledger_reader") as reader:
        trickle = Trickle(options, folder, cluster, seconds)
        for _ in range(options.rounds):
            for name in questions:
                until = time.monotonic() + options.seconds
                while time.monotonic() < until:
                    taken[name].append(timed(reader, question(name))[0])
        if not trickle.is_running:
            raise SystemExit("the live events ended before the questions did")
    return taken, trickle.finish()


def compare(options, cluster: Cluster, questions: list[str]) -> dict[str, list[float]]:
    """The same questions on `events`, as the owner: the same rows have to come back. Milliseconds by name."""
    taken: dict[str, list[float]] = {name: [] for name in questions}
    with connect(cluster, "ledger", "work_mem = '64MB'") as owner:
        for _ in range(options.rounds):
            for name in questions:
                # In one transaction now() is one moment.
                with owner.transaction():
                    expected = owner.execute(question(name)).fetchall()
                    milliseconds, rows = timed(owner, question(name, "raw"))
                if rows != expected or not rows:
                    differing = [pair for pair in zip(rows, expected, strict=False) if pair[0] != pair[1]]
                    counts = f"{len(rows)} rows from events, {len(expected)} from the sums"
                    raise SystemExit(f"{name}: {counts}: {differing[:2]}")
                taken[name].append(milliseconds)
    return taken


def without_index(options, cluster: Cluster) -> dict:
    """The latencies on `events` once more, in a transaction that has dropped the index made for them."""
    taken = []
    with connect(cluster, "ledger", "work_mem = '64MB'") as owner:
        for _ in range(options.rounds):
            with owner.transaction(force_rollback=True):
                owner.execute("drop index ledger.events_dispatches")
                taken.append(timed(owner, question("dispatch_latency", "raw"))[0])
    return Spread(taken).json()


def run(options, folder: Path) -> dict:
    needed = options.events * BYTES_AN_EVENT
    if shutil.disk_usage(folder).free < needed:
        raise SystemExit(f"history: {needed / 1e9:.0f} GB are needed in {folder}; --events N takes fewer")
    cluster = Cluster(options)
    folder = folder / "history"
    folder.mkdir()
    shape = ["--events", str(options.events), "--users", str(USERS), "--days", str(DAYS)]
    benchmarks(options, folder, "generate", *shape, "--calls-per-dispatch", str(CALLS_A_RUN))
    cluster.fresh()
    load = benchmarks(options, folder, "ingest", "--postgres", cluster.url)
    began = time.monotonic()
    # What autovacuum does some minutes after a load.
    cluster.psql("vacuum analyze")
    vacuumed = time.monotonic() - began
    questions = sorted(path.stem for path in QUESTIONS.glob("*.sql"))
    ours, trickle = ask(options, folder, cluster, questions)
    # A start expires the calls that the trickle has left open, and stores that too.
    end = benchmarks(options, folder, "ingest", "--postgres", cluster.url)
    sums, expired = history_sums.check(cluster, folder, int(end["events"]))
    raw = compare(options, cluster, questions)
    unindexed = without_index(options, cluster)
    sizes = cluster.psql(
        "select json_object_agg(name, size) from ("
        "select 'database' as name, pg_database_size(current_database()) as size union all"
        " select relname, pg_total_relation_size(oid) from pg_class where relname like 'usage\\_%'"
        " and relnamespace = 'ledger'::regnamespace and relkind = 'r') sizes"
    )
    rows = [
        {
            "question": name,
            "asked": len(taken),
            "milliseconds": {f"p{share}": percentile(taken, share / 100) for share in (50, 95, 99)},
            "onEventsMilliseconds": Spread(raw[name]).json(),
        }
        for name, taken in ours.items()
    ]
    report = {
        "rows": rows, "events": int(load["events"]), "loadSeconds": load["seconds"],
        "loadEventsPerSecond": load["eventsPerSecond"], "vacuumSeconds": vacuumed, "trickle": trickle,
        "journalBytes": sum(path.stat().st_size for path in folder.glob("system/logs/*.jsonl")),
        "bytes": json.loads(sizes), "sums": sums, "expired": expired,
        "latencyWithoutIndexMilliseconds": unindexed, "users": USERS, "days": DAYS,
    }  # fmt: skip
    cluster.drop()
    return report
