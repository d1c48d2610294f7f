"""A private PostgreSQL on a unix socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import psycopg.sql
from processes import NotReady, Process, wait_until


def postgres_bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: run script/bootstrap test")
    return found[-1]


class PostgresCluster:
    """One cluster in a folder of its own; root runs it as user postgres, for it refuses root."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dledger-pg-", dir="/tmp"))
        self.owner = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.owner, self.owner)
        self.data = self.folder / "data"
        self.port = 5432
        self._databases = 0
        self._create()
        self.process = Process(
            "postgres",
            [
                postgres_bin() / "postgres",
                "-D",
                self.data,
                "-c",
                "listen_addresses=",
                "-c",
                f"unix_socket_directories={self.folder}",
                "-c",
                "max_connections=60",
            ],
            self.folder / "postgres.log",
            user=self.owner,
        )
        if os.geteuid() == 0:
            self.process.log.touch()
            shutil.chown(self.process.log, self.owner)

    def _create(self) -> None:
        locale = ("-E", "UTF8", "--locale=C.UTF-8")
        self._run(
            "initdb",
            "-D",
            self.data,
            "-U",
            "ledger",
            *locale,
            "--auth=trust",
            "--no-sync",
            "--no-instructions",
        )

    def _run(self, program: str, *arguments) -> None:
        wrapper = []
        if os.geteuid() == 0:
            wrapper = ["setpriv", "--reuid", self.owner, "--regid", self.owner, "--init-groups", "--"]
        done = subprocess.run(
            [*wrapper, postgres_bin() / program, *arguments], cwd="/", capture_output=True, text=True
        )
        if done.returncode != 0:
            raise NotReady(f"{program} ended with {done.returncode}\n{done.stdout}{done.stderr}")

    def url(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.folder}&port={self.port}&user=ledger"

    def start(self) -> "PostgresCluster":
        # Right after a crash the children may still be ending: PostgreSQL then refuses, so it is asked again.
        for attempt in range(20):
            self.process.start()
            try:
                wait_until(self._answers, 30, "PostgreSQL", self.process)
                return self
            except NotReady:
                if self.process.is_running or attempt == 19:
                    raise
                time.sleep(0.2)
        return self

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def stop(self, mode: str = "fast") -> None:
        """Ends it: `fast` as an operator does, `immediate` as a crash does."""
        if self.process.is_running:
            self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")
            self.process.wait(20)

    def kill9(self) -> None:
        """Kills the postmaster; its children notice and end by themselves."""
        self.process.kill9()

    def configure(self, **settings: str) -> None:
        """Changes settings that need no restart."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for name, value in settings.items():
                setting = psycopg.sql.Identifier(name)
                connection.execute(psycopg.sql.SQL("alter system set {} = {}").format(setting, value))
            connection.execute("select pg_reload_conf()")

    def listen(self, port: int, hba: str) -> None:
        """Listens on loopback too from its next start, for those whom `pg_hba.conf` then names."""
        self.port = port
        self.process.command += ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"]
        (self.data / "pg_hba.conf").write_text(f"local all ledger trust\n{hba}\n")

    def create_database(self, name: str | None = None) -> str:
        """Creates a database and returns its URL."""
        self._databases += 1
        name = name or f"test_{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))
        return self.url(name)

    def destroy(self) -> None:
        try:
            self.stop("immediate")
        finally:
            self.process.kill9()
            shutil.rmtree(self.folder, ignore_errors=True)


class Standby(PostgresCluster):
    """A copy that follows a primary until it is promoted."""

    NAME = "standby"

    def __init__(self, primary: PostgresCluster):
        self.primary = primary
        super().__init__()

    def _create(self) -> None:
        source = f"application_name={self.NAME} host={self.primary.folder} user=ledger"
        self._run(
            "pg_basebackup",
            "-D",
            self.data,
            "-R",
            "-C",
            "-S",
            self.NAME,
            "-X",
            "stream",
            "-c",
            "fast",
            "-d",
            source,
        )

    def wait_following(self, seconds: float = 20) -> None:
        """Waits until the primary streams to it."""

        def streams() -> bool:
            with psycopg.connect(self.primary.url("postgres")) as connection:
                return bool(
                    connection.execute("select from pg_stat_replication where state = 'streaming'").rowcount
                )

        wait_until(streams, seconds, "the standby to follow", self.process)

    def promote(self) -> None:
        """Makes it the primary."""
        self._run("pg_ctl", "-D", self.data, "-w", "promote")


def either(database: str, *clusters: PostgresCluster) -> str:
    """The URL of a database on whichever of the clusters takes writes."""
    hosts = ",".join(str(cluster.folder) for cluster in clusters)
    return f"postgresql:///{database}?host={hosts}&user=ledger&target_session_attrs=read-write"
