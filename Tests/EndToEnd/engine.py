"""A real dockerd of the test's own on a socket file, with an image that needs no registry."""

import http.client
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from urllib.parse import quote, urlencode

from processes import Process, wait_until

IMAGE = "ledger-busybox:1"


class EngineRefused(Exception):
    """The engine answered with something else than success."""

    def __init__(self, status: int, message: str):
        super().__init__(f"{status}: {message}")
        self.status = status


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path, seconds: float):
        super().__init__("engine", timeout=seconds)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Engine:
    """One dockerd; it and all that it ran end with `destroy`, and nothing of it is left."""

    # What every dockerd leaves beside its own folders; removed when this one made it.
    TRACES = [Path("/etc/docker"), Path("/run/docker"), Path("/run/containerd")]

    def __init__(self, folder: Path):
        binary = shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin:/sbin")
        if not binary:
            raise FileNotFoundError("dockerd is not installed: run script/bootstrap test")
        if os.geteuid() != 0:
            raise PermissionError("a container engine needs root: run script/test as root")
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.socket = folder / "engine.sock"
        self.host = f"unix://{self.socket}"
        (folder / "daemon.json").write_text("{}")
        self.made = [trace for trace in self.TRACES if not trace.exists()]
        options = {
            "host": self.host,
            "data-root": folder / "data",
            "exec-root": folder / "exec",
            "pidfile": folder / "docker.pid",
            "config-file": folder / "daemon.json",
            "iptables": "false",
            "ip6tables": "false",
            "ip-forward": "false",
            "ip-masq": "false",
            "bridge": "none",
            "storage-driver": "overlay2",
            "exec-opt": "native.cgroupdriver=cgroupfs",
        }
        command = [binary, *(f"--{name}={value}" for name, value in options.items())]
        self.process = Process("dockerd", command, folder / "dockerd.log", dict(os.environ))
        self.is_paused = False

    def start(self) -> "Engine":
        self.process.start()
        wait_until(self.is_ready, 30, "the container engine", self.process)
        return self

    def is_ready(self) -> bool:
        try:
            return self.ask("GET", "/_ping", seconds=2)[0] == 200
        except OSError:
            return False

    def restart(self, by_force: bool = False) -> "Engine":
        """Ends and starts it; its containers are stopped either way."""
        self.process.kill9() if by_force else self.process.stop(60)
        # The next one would take a process that nobody has waited for yet for one that still runs.
        for left in ("docker.pid", "exec/containerd/containerd.pid"):
            (self.folder / left).unlink(missing_ok=True)
        return self.start()

    def pause(self) -> None:
        """From now on it accepts connections and answers nothing."""
        self.process.signal(SIGSTOP)
        self.is_paused = True
        # The signal reaches its threads one after another.
        threads = Path(f"/proc/{self.process.pid}/task")

        def stands_still() -> bool:
            return all(
                (thread / "stat").read_text().rpartition(")")[2].split()[0] == "T"
                for thread in threads.iterdir()
            )

        wait_until(stands_still, 10, "the engine's pause", self.process)

    def resume(self) -> None:
        self.process.signal(SIGCONT)
        self.is_paused = False

    def destroy(self) -> None:
        if self.is_paused:
            self.resume()
        if self.process.is_running:
            for container in self.containers():
                self.api("DELETE", f"/containers/{container['Id']}?force=true&v=true")
        self.process.stop(60)
        for identifier in self._left_behind():
            os.kill(identifier, SIGKILL)
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{self.folder}/")]):
            subprocess.run(["umount", "--lazy", mount], check=False)
        for place in (self.folder / "data", self.folder / "exec", *self.made):
            shutil.rmtree(place, ignore_errors=True)
        self.socket.unlink(missing_ok=True)

    def _left_behind(self) -> list[int]:
        """What watches this engine's containers, and the containers, when it could not end them itself."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "cmdline").read_text().split("\0")
                if "containerd-shim" in words[0] and any(w.startswith(f"{self.folder}/") for w in words):
                    children = (place / "task" / place.name / "children").read_text().split()
                    found += [*map(int, children), int(place.name)]
            except OSError:
                continue
        return found

    def ask(self, method: str, path: str, body=None, kind: str = "application/json", seconds: float = 60):
        """Status and body of one answer."""
        connection = SocketConnection(self.socket, seconds)
        try:
            content = json.dumps(body).encode() if isinstance(body, dict) else body
            connection.request(method, path, content, {"content-type": kind} if content else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def api(self, method: str, path: str, body=None, **options):
        """What one successful call answers, as JSON where it is one value; 304 is a success."""
        status, content = self.ask(method, f"/v1.41{path}", body, **options)
        if status >= 400:
            raise EngineRefused(status, content.decode(errors="replace"))
        try:
            return json.loads(content)
        except ValueError:
            return content

    def containers(self, label: str | None = None) -> list[dict]:
        """All containers, or those with a label; stopped ones too."""
        filters = json.dumps({"label": [label]} if label else {})
        return self.api("GET", f"/containers/json?{urlencode({'all': 'true', 'filters': filters})}")

    def run(self, name: str, *command: str, labels: dict | None = None, **limits) -> str:
        """Creates and starts a container without network; `limits` as in the API's HostConfig."""
        made = self.api(
            "POST",
            f"/containers/create?name={quote(name)}",
            {
                "Image": IMAGE,
                "Cmd": list(command),
                "Labels": labels or {},
                "HostConfig": {"NetworkMode": "none", **limits},
            },
        )
        self.api("POST", f"/containers/{made['Id']}/start")
        return made["Id"]

    def make_image(self, name: str = IMAGE) -> str:
        """An image of nothing but busybox and its commands."""
        busybox = Path("/bin/busybox")
        if not busybox.is_file():
            raise FileNotFoundError("busybox-static is not installed: run script/bootstrap test")
        commands = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.add(busybox.resolve(), "bin/busybox")
            for folder in ("tmp", "etc", "dev", "proc"):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            # The list names busybox itself: a link would take the place of the program.
            for command in set(commands.stdout.split()) - {"busybox"}:
                entry = tarfile.TarInfo(f"bin/{command}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(entry)
        repository, tag = name.rsplit(":", 1)
        query = urlencode({"fromSrc": "-", "repo": repository, "tag": tag})
        self.api("POST", f"/images/create?{query}", content.getvalue(), kind="application/x-tar")
        return name
