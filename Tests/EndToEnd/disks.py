"""Small file systems that a test may fill or break, and faults in a running program's own system calls."""

import fcntl
import os
import struct
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from processes import wait_until


def as_root(*command) -> subprocess.CompletedProcess:
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    done = subprocess.run([*prefix, *map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}(mounting needs root, or sudo without a password)"
    return done


class SmallDisk:
    """An ext4 file system of a few megabytes in a file."""

    SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
    WITHOUT_FLUSH = 2

    def __init__(self, folder: Path, megabytes: int = 8):
        self.image = folder / "disk.img"
        self.path = folder / "disk"
        self.path.mkdir()
        with self.image.open("wb") as image:
            image.truncate(megabytes << 20)
        subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", "-m", "0", self.image], check=True)
        self.mount()

    def mount(self, options: str = "loop") -> None:
        as_root("mount", "-o", options, self.image, self.path)
        if "ro" not in options.split(","):
            as_root("chown", os.geteuid(), self.path)

    def unmount(self) -> None:
        as_root("umount", self.path)

    @property
    def free_bytes(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self, leaving: int) -> None:
        """Takes all space but `leaving` bytes; `give_back` frees it again."""
        with (self.path / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, max(self.free_bytes - leaving, 1))

    def give_back(self) -> None:
        (self.path / "filler").unlink()

    def cut_power(self) -> None:
        """From now on nothing reaches the disk, not even what the system still holds of the files."""
        place = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(place, self.SHUTDOWN, struct.pack("I", self.WITHOUT_FLUSH))
        finally:
            os.close(place)


@contextmanager
def injected(ledger, call: str, what: str, folder: Path):
    """While this lasts, strace makes `call` of the running program fail or wait as `what` says."""
    log = folder / f"strace-{call}.txt"
    command = ["strace", "-f", "-o", log, "-p", ledger.process.pid, "-e", f"trace={call}"]
    tracer = subprocess.Popen(
        [*map(str, command), "-e", f"inject={call}:{what}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        status = Path(f"/proc/{ledger.process.pid}/status")
        wait_until(lambda: "TracerPid:\t0\n" not in status.read_text(), 10, "strace")
        time.sleep(0.05)
        yield log
    finally:
        tracer.terminate()
        tracer.wait(10)
