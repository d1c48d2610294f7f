"""Running agents through the Gateway: kernels for the tests, and what a client does."""

import os
import sys
import time
from pathlib import Path

import requests
from processes import wait_until

KERNELS = Path(__file__).resolve().parent / "kernels"
SAMPLE = f"command:{sys.executable} {KERNELS / 'sample_kernel.py'}"
MODEL = "messages:claude-sonnet-4-6"


def message(
    ledger, text: str, key: str | None = None, timeout: float = 60, headers: dict | None = None, **fields
) -> requests.Response:
    """POSTs one message; without a key as the administrator, who names a `user`."""
    headers = ({"authorization": f"Bearer {key}"} if key else ledger.admin) | (headers or {})
    return requests.post(
        f"{ledger.gateway_url}/api/message",
        json={"text": text, **fields},
        headers=headers,
        timeout=timeout,
    )


def run(ledger, text: str, key: str, **fields) -> dict:
    """The result of a message that has to be run."""
    answer = message(ledger, text, key, **fields)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return answer.json()


def open_runs(ledger) -> list[dict]:
    answer = requests.get(f"{ledger.gateway_url}/api/dispatches", headers=ledger.admin, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()["dispatches"]


def wait_running(ledger, count: int, seconds: float = 20) -> list[dict]:
    """The open runs, once so many have a kernel at work."""

    def running() -> list[dict] | None:
        found = [run for run in open_runs(ledger) if run["state"] == "running"]
        return found if len(found) >= count else None

    return wait_until(running, seconds, f"{count} running kernels", ledger.process)


def completed(ledger, count: int, seconds: float = 30) -> list[dict]:
    """The `dispatch.completed` events, once there are so many."""

    def ended() -> list[dict] | None:
        found = ledger.events("dispatch.completed")
        return found if len(found) >= count else None

    return wait_until(ended, seconds, f"{count} completed dispatches", ledger.process)


def descendants(pid: int) -> dict[int, str]:
    """Every process below `pid`, with its state: kernels, and what they started."""
    children: dict[int, list[tuple[int, str]]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        children.setdefault(int(parent), []).append((int(entry.name), state))
    found, below = {}, [pid]
    while below:
        for child, state in children.get(below.pop(), []):
            found[child] = state
            below.append(child)
    return found


def kernel_processes(dispatch_id: str) -> list[int]:
    """Processes that carry this run's identifier in their environment, wherever they hang."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if f"DISPATCH_ID={dispatch_id}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_no_kernels(ledger, seconds: float = 15) -> None:
    """Until the program has no process below it: no kernel, no zombie."""
    pid = ledger.process.child.pid
    deadline = time.monotonic() + seconds
    while left := descendants(pid):
        assert time.monotonic() < deadline, f"processes are left: {left}"
        time.sleep(0.05)
