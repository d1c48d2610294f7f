"""The ledger's own steps, one by one, without a peer: where the time of the figures above goes."""

import json
import subprocess
from pathlib import Path

from machine import Spread

SCENARIOS = {"decide": 1_000_000, "encode": 1_000_000, "decode": 1_000_000, "scrape": 1}


def run(options, folder: Path) -> dict:
    rows = []
    runs: dict[str, list[float]] = {name: [] for name in SCENARIOS}
    for _ in range(options.rounds):
        for name, events in SCENARIOS.items():
            done = subprocess.run(
                ["taskset", "-c", "0", options.benchmarks, "--home", folder, "--events", str(events), name],
                capture_output=True, text=True, timeout=300,
            )  # fmt: skip
            if done.returncode:
                raise SystemExit(f"{name}: {done.stderr}")
            runs[name].append(json.loads(done.stdout)["nanosecondsEach"])
    for name, values in runs.items():
        rows.append({"step": name, "nanosecondsEach": Spread(values).json()})
    return {"rows": rows}
