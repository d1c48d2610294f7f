"""The connection to PostgreSQL is libpq's: TLS and password files as its URL says; secrets stay secret."""

import shutil
import subprocess

import psycopg
import pytest
import requests
from processes import free_port, wait_until

PASSWORD = "correct-horse-9f3a"


@pytest.fixture
def certificates(folder):
    """A certificate for localhost, its authority `ca`, and an authority that never signed it."""
    place = folder / "certificates"
    place.mkdir()

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=place, check=True, capture_output=True)

    new = ("-newkey", "rsa:2048", "-nodes")
    for name in ("ca", "other"):
        own = ("-x509", "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
        openssl("req", *new, *own)
    openssl("req", *new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (place / "names").write_text("subjectAltName=DNS:localhost\n")
    signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signed, "-out", "server.crt")
    return place


@pytest.fixture
def secured(own_cluster, certificates):
    """A database behind TLS and a password: the URL without its secrets."""
    own_cluster.create_database("secured")
    with psycopg.connect(own_cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create role keeper login superuser password '{PASSWORD}'")
    for name in ("server.key", "server.crt"):
        shutil.copy(certificates / name, own_cluster.data / name)
        shutil.chown(own_cluster.data / name, own_cluster.owner, own_cluster.owner)
        (own_cluster.data / name).chmod(0o600)
    own_cluster.configure(ssl="on")
    own_cluster.stop()
    own_cluster.listen(free_port(), "hostssl all all 127.0.0.1/32 scram-sha-256")
    own_cluster.start()
    return f"postgresql://keeper@localhost:{own_cluster.port}/secured?hostaddr=127.0.0.1&sslmode=verify-full"


def password_file(folder, secret: str):
    path = folder / "passwords"
    path.write_text(f"localhost:*:*:keeper:{secret}\n127.0.0.1:*:*:keeper:{secret}\n")
    path.chmod(0o600)
    return path


def test_tls_and_a_password_file_are_taken_from_the_url(make_ledger, secured, certificates, folder):
    url = f"{secured}&sslrootcert={certificates}/ca.crt&passfile={password_file(folder, PASSWORD)}"
    ledger = make_ledger(postgres_url=url)
    ledger.mint_key("alice")
    ledger.set_quota("alice", dailyLimitUsd=1)
    ledger.wait_ingested()
    sessions = ledger.sql(
        "select ssl from pg_stat_ssl join pg_stat_activity using (pid)"
        " where application_name = 'dispatch-ledger'"
    )
    assert sessions and all(ssl for (ssl,) in sessions)
    said = ledger.process.log.read_text() + "".join(ledger.metrics_text(name) for name in ledger.services)
    said += requests.get(f"{ledger.proxy_url}/health", timeout=5).text
    assert PASSWORD not in said


@pytest.mark.parametrize(
    "authority, secret, reason",
    [
        ("other", PASSWORD, "certificate verify failed"),
        ("ca", "wrong-battery-77aa", "password authentication failed"),
    ],
)
def test_a_connection_that_is_refused_says_why_and_no_secret(
    make_ledger, secured, certificates, folder, authority, secret, reason
):
    url = f"{secured}&sslrootcert={certificates}/{authority}.crt&passfile={password_file(folder, secret)}"
    ledger = make_ledger(postgres_url=url, migrate=False)
    wait_until(lambda: reason in ledger.process.log.read_text(), 20, f"the log to say: {reason}")
    assert ledger.sample("ledger_postgres_up") == 0
    health = requests.get(f"{ledger.proxy_url}/health", timeout=5)
    assert health.json()["status"] == "degraded"
    assert secret not in ledger.process.log.read_text() + health.text
    done = ledger.run("verify", "--postgres", check=False)
    assert done.returncode == 69
    assert reason in done.stderr and secret not in done.stderr
