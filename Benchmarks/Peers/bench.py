"""Runs the scenarios and prints what was measured; started by script/bench, which builds and installs."""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import append
import engine
import history
import ingest
import machine
import proxy
import pure
import quota
import replay
import sampling
import table

SCENARIOS = {
    "proxy": proxy,
    "append": append,
    "ingest": ingest,
    "replay": replay,
    "pure": pure,
    "sampling": sampling,
    "history": history,
    "quota": quota,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="length of one measurement")
    parser.add_argument(
        "--events", type=int, help="length of the journal to replay or to store: a million, history ten"
    )
    parser.add_argument(
        "--live-events", type=int, default=2_000_000, help="how many a copy beside live traffic has before it"
    )
    parser.add_argument("--json", action="store_true", help="JSON to standard output, the table to the other")
    for path in ("dledger", "benchmarks", "python", "pgbench", "psql", "folder"):
        parser.add_argument(f"--{path}", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--postgres", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [name for name in options.scenarios if name not in SCENARIOS]
    numbers = (options.rounds, options.seconds, options.live_events, options.events)
    if unknown or any(number is not None and number < 1 for number in numbers):
        parser.error(f"scenarios are {', '.join(SCENARIOS)}; numbers are at least 1")
    # The history is asked for by name: it takes half an hour and 30 GB.
    wanted = options.scenarios or [name for name in SCENARIOS if name != "history"]
    if "sampling" in wanted and (missing := engine.needs()):
        parser.error(f"sampling: {missing}; name the others to do without it")
    # On the same disk as a ledger's home would be.
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=options.folder))
    out = sys.stderr if options.json else sys.stdout
    versions = {
        "ledger": (options.dledger, "--version"),
        "nginx": ("nginx", "-v"),
        "Envoy": (proxy.servers.envoy_binary(options.python), "--version"),
        "PostgreSQL": (options.pgbench, "--version"),
        "DuckDB": (options.python, "-c", "import duckdb; print(duckdb.__version__)"),
        "wrk": ("wrk", "-v"),
        "dockerd": ("dockerd", "--version"),
    }
    try:
        report = {"machine": machine.describe(folder, versions), "rounds": options.rounds}
        print(table.machine(report["machine"], options), file=out, flush=True)
        for name in wanted:
            each = argparse.Namespace(**vars(options))
            each.events = options.events or getattr(SCENARIOS[name], "EVENTS", 1_000_000)
            report[name] = SCENARIOS[name].run(each, folder)
            print(getattr(table, name)(report[name]), file=out, flush=True)
        report["machine"]["loadAverageAfter"] = round(machine.os.getloadavg()[0], 2)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
