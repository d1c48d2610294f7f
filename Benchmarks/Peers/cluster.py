"""The benchmarks' own PostgreSQL: SQL through psql, fresh databases, what the server's processes spend."""

import os
import re
import subprocess
from pathlib import Path

DATABASE = "ledger_bench"


class Cluster:
    def __init__(self, options):
        self.options = options
        self.url = f"postgresql:///{DATABASE}?host={options.postgres}&user=ledger"

    def psql(self, *sql: str, database: str = DATABASE, stdin=None, timeout: int = 3600) -> str:
        """Runs statements, one connection for all, and returns the last one's rows."""
        command = [self.options.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-Atd", self.url_of(database)]
        done = subprocess.run(
            [*command, *(word for statement in sql for word in ("-c", statement))],
            stdin=stdin, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"psql: {done.stderr}")
        return done.stdout.strip()

    def url_of(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.options.postgres}&user=ledger"

    def fresh(self):
        """An empty database with the ledger's schema, and nothing of the last one left to be written."""
        self.drop()
        self.psql(f"create database {DATABASE}", database="postgres")
        done = subprocess.run(
            [self.options.dledger, "migrate"], capture_output=True, text=True, timeout=120,
            env={**os.environ, "LEDGER_POSTGRES_URL": self.url},
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"dledger migrate: {done.stderr}")
        self.settle()

    def drop(self):
        self.psql(f"drop database if exists {DATABASE} with (force)", database="postgres")

    def settle(self):
        self.psql("checkpoint", database="postgres")
        os.sync()

    def cpu_seconds(self) -> float:
        """What the server's processes have spent: those that live and those that ended."""
        postmaster = int(self.psql("select pg_read_file('postmaster.pid')", database="postgres").split()[0])
        ticks = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(folder.name) == postmaster:
                ticks += sum(int(field) for field in fields[11:15])
            elif int(fields[1]) == postmaster:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def version(self) -> str:
        return re.sub(r" \(.*", "", self.psql("show server_version", database="postgres"))
