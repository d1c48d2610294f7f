"""Runs migrations and objects on a private PostgreSQL, then migrations/checks: none may find a row."""

import sys
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path("Tests/EndToEnd").resolve()))

from cluster import PostgresCluster  # noqa: E402 - the path above finds it

cluster = PostgresCluster()
findings = []
try:
    cluster.start()
    with psycopg.connect(cluster.create_database(), autocommit=True) as connection:
        folders = ("migrations", "migrations/functions", "migrations/views")
        for path in (path for folder in folders for path in sorted(Path(folder).glob("*.sql"))):
            try:
                with connection.transaction():
                    connection.execute(path.read_text())
            except psycopg.Error as error:
                findings.append(f"{path}: {error}")
        for path in sorted(Path("migrations/checks").glob("*.sql")):
            rows = connection.execute(path.read_text()).fetchall()
            findings += [f"{path}: {' | '.join(map(str, row))}" for row in rows]
finally:
    cluster.destroy()
for finding in findings:
    print(finding, file=sys.stderr)
sys.exit(1 if findings else 0)
