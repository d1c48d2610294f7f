"""What the figures were measured on: kernel, versions, and what one durable write costs here."""

import os
import platform
import statistics
import subprocess
import time
from pathlib import Path


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def fdatasync_probe(folder: Path, count: int = 500) -> dict:
    """Appends 600 bytes and syncs, over and over: the floor under every durable figure."""
    path = folder / "probe"
    taken = []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(count):
            began = time.monotonic_ns()
            os.write(descriptor, b"x" * 600)
            os.fdatasync(descriptor)
            taken.append((time.monotonic_ns() - began) / 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return {"p50Microseconds": percentile(taken, 0.5), "p99Microseconds": percentile(taken, 0.99)}


def first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except OSError:
        return "not installed"
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else ""


def describe(folder: Path, versions: dict[str, tuple[str, ...]]) -> dict:
    return {
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "loadAverage": round(os.getloadavg()[0], 2),
        "fdatasync": fdatasync_probe(folder),
        "versions": {name: first_line(*command) for name, command in versions.items()},
    }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Spread:
    """Medians and ranges over the rounds."""

    def __init__(self, values: list[float]):
        self.median = statistics.median(values)
        self.low = min(values)
        self.high = max(values)

    def json(self) -> dict:
        return {"median": self.median, "low": self.low, "high": self.high}
