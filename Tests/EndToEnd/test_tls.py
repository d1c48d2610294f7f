"""The web servers' files of distro/tls: a real nginx ends TLS before a running ledger."""

import json
import shutil
import ssl
import subprocess
from pathlib import Path

import anthropic
import pytest
import requests
from processes import Process, free_port, wait_until
from stack import DISTRO
from websockets.sync.client import connect

TEXT = (DISTRO / "tls" / "nginx.conf").read_text()


class Front:
    """An nginx with the file of distro/tls, its names, ports and certificates replaced."""

    def __init__(self, folder: Path, ledger):
        folder.mkdir()
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
            + ["-keyout", key, "-out", self.certificate, "-days", "2", "-subj", "/CN=127.0.0.1"]
            + ["-addext", "subjectAltName=IP:127.0.0.1"],
            check=True,
            capture_output=True,
        )
        self.ports = {"gateway": free_port(), "proxy": free_port()}
        text = TEXT
        for port in self.ports.values():
            text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl", 1)
        for name in ("ledger.example.com", "models.example.com"):
            text = text.replace(f"/etc/letsencrypt/live/{name}/fullchain.pem", str(self.certificate))
            text = text.replace(f"/etc/letsencrypt/live/{name}/privkey.pem", str(key))
        text = text.replace("http://127.0.0.1:4000", ledger.gateway_url)
        text = text.replace("http://127.0.0.1:8080", ledger.proxy_url)
        (folder / "site.conf").write_text(text)
        places = "".join(
            f"{name}_temp_path {folder}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; {places} include {folder}/site.conf; }}\n"
        )
        binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if not binary:
            raise FileNotFoundError("nginx is not installed: run script/bootstrap test")
        command = [binary, "-p", folder, "-c", folder / "nginx.conf"]
        self.process = Process("nginx", command, folder / "nginx.log")

    def start(self) -> "Front":
        self.process.start()
        wait_until(self.answers, 10, "nginx", self.process)
        return self

    def answers(self) -> bool:
        try:
            return self.get("gateway", "/").status_code == 200
        except requests.ConnectionError:
            return False

    def url(self, service: str) -> str:
        return f"https://127.0.0.1:{self.ports[service]}"

    def get(self, service: str, path: str, **options) -> requests.Response:
        return requests.get(self.url(service) + path, verify=str(self.certificate), timeout=10, **options)


@pytest.fixture
def front(folder, journal_ledger):
    folder.chmod(0o755)
    front = Front(folder / "nginx", journal_ledger).start()
    yield front
    front.process.stop()


def test_an_sdk_streams_through_it(front, journal_ledger):
    context = ssl.create_default_context(cafile=str(front.certificate))
    client = anthropic.Anthropic(
        base_url=front.url("proxy"),
        api_key=journal_ledger.mint_key("alice"),
        http_client=anthropic.DefaultHttpxClient(verify=context),
    )
    hello = [{"role": "user", "content": "Hello"}]
    with client.messages.stream(model="claude-sonnet-4-6", max_tokens=50, messages=hello) as stream:
        assert "".join(stream.text_stream)
    assert len(journal_ledger.wait_settled(1)) == 1


def test_the_shell_signs_in_with_a_cookie_that_stays_behind_tls(front, journal_ledger):
    answer = requests.post(
        f"{front.url('gateway')}/api/session",
        json={"key": journal_ledger.mint_key("alice")},
        headers={"origin": front.url("gateway")},
        verify=str(front.certificate),
        timeout=10,
    )
    assert answer.status_code == 204 and "; Secure" in answer.headers["set-cookie"]
    assert front.get("gateway", "/api/session", cookies=answer.cookies).json() == {"user": "alice"}


def test_the_shells_socket_opens_through_it(front, journal_ledger):
    context = ssl.create_default_context(cafile=str(front.certificate))
    address = front.url("gateway").replace("https", "wss") + "/ws"
    headers = {"x-api-key": journal_ledger.mint_key("alice")}
    with connect(address, ssl=context, additional_headers=headers) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "ready"


def test_what_is_for_those_inside_is_not_there(front, journal_ledger):
    for path in ("/metrics", "/health", "/ready", "/api/alert"):
        assert front.get("gateway", path).status_code == 404, path
    for path in ("/metrics", "/health", "/quotas/alice", "/keys/alice", "/usage/summary"):
        assert front.get("proxy", path, headers=journal_ledger.admin).status_code == 404, path
    key = {"x-api-key": journal_ledger.mint_key("alice")}
    assert front.get("proxy", "/usage/alice", headers=key).json() == {"user": "alice"}
