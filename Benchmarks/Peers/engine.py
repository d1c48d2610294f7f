"""A dockerd of the benchmark's own on a socket file, with an image that needs no registry."""

import http.client
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
from pathlib import Path

import servers

IMAGE = "ledger-busybox:1"
# What every dockerd leaves beside its own folders; removed when this one made it.
TRACES = [Path("/etc/docker"), Path("/run/docker"), Path("/run/containerd")]


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path):
        super().__init__("engine", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Engine:
    """It and all that it ran end with `stop`."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.folder = folder
        self.socket = folder / "engine.sock"
        self.made = [trace for trace in TRACES if not trace.exists()]
        (folder / "daemon.json").write_text("{}")
        options = {
            "host": f"unix://{self.socket}",
            "data-root": folder / "data",
            "exec-root": folder / "exec",
            "pidfile": folder / "docker.pid",
            "config-file": folder / "daemon.json",
            "bridge": "none",
            "storage-driver": "overlay2",
            "exec-opt": "native.cgroupdriver=cgroupfs",
        }
        options |= dict.fromkeys(("iptables", "ip6tables", "ip-forward", "ip-masq"), "false")
        command = ["dockerd", *(f"--{name}={value}" for name, value in options.items())]
        self.server = servers.Server("dockerd", command, servers.ALL_CORES, folder)
        deadline = time.monotonic() + 30
        while not self._is_ready():
            if self.server.child.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"dockerd is not ready:\n{self.server.log.read_text()[-2000:]}")
            time.sleep(0.05)
        self._make_image()

    def _is_ready(self) -> bool:
        try:
            return self.ask("GET", "/_ping") == b"OK"
        except OSError:
            return False

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """What one successful call answers."""
        connection = SocketConnection(self.socket)
        try:
            connection.request(method, path, body, {"content-type": "application/x-tar"} if body else {})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise SystemExit(f"dockerd: {method} {path}: {answer.status} {content.decode(errors='replace')}")
        return content

    def containers(self) -> list[str]:
        """The identifiers of all containers that run."""
        return [found["Id"] for found in json.loads(self.ask("GET", "/v1.41/containers/json"))]

    def _make_image(self) -> None:
        """Nothing but busybox, by the one name that is needed."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.add(Path("/bin/busybox").resolve(), "bin/sleep")
        repository, tag = IMAGE.split(":")
        self.ask("POST", f"/v1.41/images/create?fromSrc=-&repo={repository}&tag={tag}", content.getvalue())

    def stop(self) -> int:
        if self.server.child.poll() is None:
            for container in self.containers():
                self.ask("DELETE", f"/v1.41/containers/{container}?force=true&v=true")
        code = self.server.stop()
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{self.folder}/")]):
            subprocess.run(["umount", "--lazy", mount], check=False)
        for place in (self.folder, *self.made):
            shutil.rmtree(place, ignore_errors=True)
        return code


def needs() -> str | None:
    """What is missing for an engine to start; None when nothing is."""
    return None if os.geteuid() == 0 else "a container engine needs root"
