"""Images made of this machine's Debian files: no registry, and nothing but the engine's own ways."""

import io
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path
from urllib.parse import urlencode

from cluster import postgres_bin
from engine import Engine, EngineRefused

ROOT = Path(__file__).resolve().parents[2]
POSTGRES_USER = 999


class RootFilesystem:
    """A tar that grows; folders are made as they are needed, and what is there already is left."""

    LINKS = {name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")}

    def __init__(self):
        self.content = io.BytesIO()
        self.archive = tarfile.open(fileobj=self.content, mode="w")
        self.names: set[str] = set()
        for name in ("proc", "sys", "dev", "run", "root", "home"):
            self.folder(name)
        self.folder("tmp", mode=0o1777)
        for name, target in self.LINKS.items():
            self.folder(target)
            self.link(name, target)

    def _add(self, name: str, kind: bytes, content: bytes = b"", **fields) -> None:
        parent = name.rpartition("/")[0]
        if parent and parent not in self.names:
            self.folder(parent)
        if name in self.names:
            return
        self.names.add(name)
        entry = tarfile.TarInfo(name)
        entry.type, entry.size = kind, len(content)
        for field, value in fields.items():
            setattr(entry, field, value)
        self.archive.addfile(entry, io.BytesIO(content))

    def folder(self, name: str, mode: int = 0o755, owner: int = 0) -> None:
        self._add(name, tarfile.DIRTYPE, mode=mode, uid=owner, gid=owner)

    def link(self, name: str, target: str) -> None:
        self._add(name, tarfile.SYMTYPE, linkname=target)

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        self._add(name, tarfile.REGTYPE, content, mode=mode)

    def copy(self, path: Path, name: str | None = None) -> None:
        """One file, link or folder of this machine, without what is in it."""
        name = name or str(Path(os.path.realpath(path.parent)) / path.name).lstrip("/")
        if path.is_symlink():
            self.link(name, os.readlink(path))
        elif path.is_dir():
            self.folder(name, mode=path.stat().st_mode & 0o7777)
        elif path.is_file():
            self.file(name, path.read_bytes(), path.stat().st_mode & 0o7777)

    def tree(self, folder: Path, without: tuple[str, ...] = ()) -> None:
        """A folder and all in it, but for names that begin as `without` says."""
        self.copy(folder)
        for path in sorted(folder.iterdir()):
            if path.name.startswith(without):
                continue
            self.tree(path, without) if path.is_dir() and not path.is_symlink() else self.copy(path)

    def program(self, path: Path, name: str | None = None) -> None:
        """A program, and every library that it loads, where the loader looks for them."""
        self.copy(Path(os.path.realpath(path)), name or str(path).lstrip("/"))
        self.libraries(path)

    def libraries(self, path: Path) -> None:
        """The libraries that a program or another library loads."""
        said = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        for found in re.findall(r"(/\S+)(?: \(0x)", said):
            library = Path(os.path.realpath(Path(found).parent)) / Path(found).name
            self.copy(Path(os.path.realpath(library)), str(library).lstrip("/"))

    def shell(self) -> None:
        """busybox and its commands."""
        self.copy(Path(os.path.realpath("/bin/busybox")), "usr/bin/busybox")
        commands = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True)
        for command in commands.stdout.split():
            self.link(f"usr/bin/{command}", "busybox")

    def people(self, **users: int) -> None:
        """`/etc/passwd` and `/etc/group`: root, and these."""
        rows = {"root": 0, **users}
        passwd = "".join(f"{name}:x:{number}:{number}::/:/bin/sh\n" for name, number in rows.items())
        self.file("etc/passwd", passwd.encode())
        self.file("etc/group", "".join(f"{name}:x:{number}:\n" for name, number in rows.items()).encode())

    def load(self, engine: Engine, name: str, *changes: str) -> str:
        """Makes the engine's image `name` of it; `changes` as in a Dockerfile."""
        self.archive.close()
        repository, tag = name.rsplit(":", 1)
        query = [
            ("fromSrc", "-"),
            ("repo", repository),
            ("tag", tag),
            *(("changes", line) for line in changes),
        ]
        engine.api(
            "POST",
            f"/images/create?{urlencode(query)}",
            self.content.getvalue(),
            kind="application/x-tar",
            seconds=120,
        )
        return name


def debian_image(engine: Engine, name: str = "local-debian:12") -> str:
    """A minimal Debian with a working apt, of the packages that this machine has."""
    root = RootFilesystem()
    packages = packages_of_a_minimal_debian()
    for line in run("dpkg", "-L", *packages).splitlines():
        path = Path(line)
        if (
            line.startswith("/")
            and line != "/."
            and not line.startswith(("/usr/share/doc/", "/usr/share/man/"))
        ):
            if str(path).lstrip("/") not in root.LINKS:
                root.copy(path)
    for package in packages:
        for file in Path("/var/lib/dpkg/info").glob(f"{package}[.:]*"):
            root.copy(file)
    root.file("var/lib/dpkg/status", run("dpkg-query", "-s", *packages).encode())
    root.folder("var/lib/dpkg/updates")
    root.tree(Path("/etc/alternatives"))
    root.tree(Path("/etc/apt/apt.conf.d"))
    for source in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("debian.*")):
        root.copy(source)
    root.tree(Path("/etc/pam.d"))
    # What packages' scripts made.
    for file in ("passwd", "group"):
        root.copy(Path("/usr/share/base-passwd") / f"{file}.master", f"etc/{file}")
    root.file("etc/shadow", b"root:*:1::::::\n", 0o640)
    root.file("etc/gshadow", b"root:*::\n", 0o640)
    return root.load(engine, name, 'CMD ["bash"]')


def packages_of_a_minimal_debian() -> list[str]:
    """What every Debian has, apt, and all that they depend on, as installed here."""
    form = "${Package} ${Essential} ${Priority} ${db:Status-Status}\n"
    rows = [row.split() for row in run("dpkg-query", "-W", "-f", form).splitlines()]
    installed = {row[0] for row in rows if row[-1] == "installed"}
    wanted = {row[0] for row in rows if row[1] == "yes" or row[-2] == "required"} & installed
    without = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    options = [f"--no-{relation}" for relation in without]
    said = run(
        "apt-cache", "depends", "--recurse", *options, "apt", "debian-archive-keyring", *sorted(wanted)
    )
    return sorted(installed & set(said.splitlines()))


def postgres_image(engine: Engine, name: str = "local-postgres:15") -> str:
    """PostgreSQL, started by what stands for the official image's entry point."""
    root = RootFilesystem()
    programs = postgres_bin()
    root.shell()
    root.people(postgres=POSTGRES_USER, nobody=65534)
    for program in programs.iterdir():
        root.program(program)
    libraries = programs.parent / "lib"
    # The compiler of queries needs all of LLVM; without it, queries are interpreted.
    root.tree(libraries, without=("llvmjit", "bitcode", "pgxs"))
    root.libraries(libraries / "libpqwalreceiver.so")
    root.tree(Path("/usr/share/postgresql") / programs.parent.name)
    root.tree(Path("/usr/share/zoneinfo"))
    root.tree(Path("/usr/lib/locale"))
    root.folder("var/lib/postgresql/data", mode=0o700, owner=POSTGRES_USER)
    entrypoint = ROOT / "Tests" / "EndToEnd" / "images" / "postgres-entrypoint"
    root.file("usr/local/bin/entrypoint", entrypoint.read_bytes(), 0o755)
    return root.load(
        engine,
        name,
        f"ENV PATH=/usr/local/bin:{programs}:/usr/bin PGDATA=/var/lib/postgresql/data",
        'ENTRYPOINT ["entrypoint"]',
        'CMD ["postgres", "-c", "listen_addresses=*", "-c", "unix_socket_directories=/var/run/postgresql"]',
    )


def ledger_image(engine: Engine, binary: Path, base: str, name: str = "local-ledger:1") -> str:
    """The last stage of distro/Dockerfile, built by the engine, around the program under test."""
    built = RootFilesystem()
    built.copy(binary, "out/usr/local/bin/dledger")
    # A test's build loads Swift's libraries from the compiler's folder; the image's own has them linked in.
    for found in re.findall(r"(/\S*/swift/linux/\S+\.so)", run("ldd", str(binary))):
        built.copy(Path(os.path.realpath(found)), f"out{found}")
    stand_in = built.load(engine, "local-build:1")
    dockerfile = (ROOT / "distro" / "Dockerfile").read_text()
    stages = re.fullmatch(r"(.*?AS build\n)(.*?)(FROM .*)", dockerfile, re.DOTALL)
    assert stages, "distro/Dockerfile is not two stages, the first of them `build`"
    return build(engine, stages[1] + stages[3], name, BUILD_IMAGE=stand_in, RUNTIME_IMAGE=base)


def build(engine: Engine, dockerfile: str, name: str, **arguments: str) -> str:
    """What `docker build --network host` does with a Dockerfile and an empty folder."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile.encode())
        archive.addfile(entry, io.BytesIO(dockerfile.encode()))
    query = {"t": name, "networkmode": "host", "buildargs": json.dumps(arguments), "forcerm": "true"}
    path = f"/v1.41/build?{urlencode(query)}"
    status, said = engine.ask("POST", path, context.getvalue(), kind="application/x-tar", seconds=300)
    text = "".join(json.loads(line).get("stream", "") for line in said.splitlines() if line)
    if status >= 400 or b'"errorDetail"' in said:
        raise EngineRefused(status, f"{text}\n{said.decode(errors='replace')[-1000:]}")
    return name


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
