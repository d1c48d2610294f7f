"""Starting and ending real programs: each is ended by its own id, and dies with the test run."""

import os
import random
import socket
import subprocess
import time
from pathlib import Path
from signal import SIG_DFL, SIGINT, SIGTERM, signal


def answer_ctrl_c() -> None:
    signal(SIGINT, SIG_DFL)


class NotReady(Exception):
    """A program did not become ready in time."""


def free_port() -> int:
    """A port that nobody listens on, outside the range from which the kernel takes clients' ports."""
    for _ in range(200):
        port = random.randint(15_000, 30_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port in 200 tries")


def wait_until(condition, seconds: float, what: str, process: "Process | None" = None, every: float = 0.02):
    """Asks until the answer is truthy, and returns it; fails when time is over or the process has ended."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if process is not None and not process.is_running:
            raise NotReady(f"{what}: {process.name} ended with {process.code}\n{process.tail()}")
        if time.monotonic() > deadline:
            raise NotReady(f"{what}: not within {seconds} s\n{process.tail() if process else ''}")
        time.sleep(every)


class Process:
    """One program, its output in a file."""

    def __init__(
        self, name: str, command: list, log: Path, environment: dict | None = None, user: str | None = None
    ):
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.environment = environment
        self.user = user
        self.child: subprocess.Popen | None = None

    def start(self) -> "Process":
        assert not self.is_running, f"{self.name} runs already"
        # The kernel ends the program when the test run itself is killed.
        wrapper = ["setpriv", "--pdeathsig", "KILL"]
        if self.user and os.geteuid() == 0:
            wrapper += ["--reuid", self.user, "--regid", self.user, "--init-groups"]
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                [*wrapper, "--", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
                cwd="/",
                # A test run in the background ignores Ctrl-C; what it starts must not.
                preexec_fn=answer_ctrl_c,
            )
        return self

    @property
    def is_running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    @property
    def code(self) -> int | None:
        return self.child.poll() if self.child else None

    @property
    def pid(self) -> int:
        assert self.child is not None
        return self.child.pid

    def signal(self, number: int) -> None:
        assert self.child is not None
        self.child.send_signal(number)

    def wait(self, seconds: float) -> int:
        assert self.child is not None
        return self.child.wait(seconds)

    def stop(self, seconds: float = 15, number: int = SIGTERM) -> int | None:
        """Asks it to end, and ends it when it does not."""
        if self.child is None:
            return None
        if self.is_running:
            self.child.send_signal(number)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill9()
                raise NotReady(f"{self.name} did not end within {seconds} s\n{self.tail()}") from None
        return self.child.returncode

    def kill9(self) -> None:
        if self.is_running:
            self.child.kill()
            self.child.wait(10)

    def tail(self, count: int = 40) -> str:
        if not self.log.exists():
            return f"({self.log} is not there)"
        text = self.log.read_text(errors="replace").splitlines()[-count:]
        return f"--- the end of {self.log}\n" + "\n".join(text)
