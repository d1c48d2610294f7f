"""script/server from its first line to Ctrl-C."""

import os
import re
import signal
import subprocess
from pathlib import Path

import anthropic
import openai
import psycopg
import pytest
from ledger import clean_environment
from processes import Process, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server(folder, binary):
    """A script/server on a home and ports of its own."""
    ports = {name: free_port() for name in ("GATEWAY", "PROXY", "PLATFORM", "SIMULATOR")}
    environment = clean_environment() | {"LEDGER_HOME": str(folder / "home"), "DLEDGER_BINARY": str(binary)}
    environment |= {f"{name}_PORT": str(port) for name, port in ports.items()}
    folder.chmod(0o755)
    process = Process(
        "script/server", [ROOT / "script" / "server"], folder / "server.out", environment
    ).start()
    wait_until(lambda: "Ctrl-C stops everything" in process.log.read_text(), 120, "script/server", process)
    yield process, environment, ports
    process.stop(30)


def test_script_server_ends_with_three_healthy_services_and_a_database(server, folder):
    process, environment, ports = server
    said = process.log.read_text()
    assert "SIMULATOR" in said
    key = re.search(r"sk-proxy-demo\.[\w-]+", said).group()
    token = folder / "home" / "secrets" / "admin-token"
    assert str(token) in said and token.stat().st_mode & 0o777 == 0o600

    # The line that it prints can be pasted.
    command = said.partition("Try it:")[2].partition("Ctrl-C")[0]
    answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=20)
    assert '"type":"message"' in answer.stdout.replace(" ", ""), answer

    proxy = f"http://127.0.0.1:{ports['PROXY']}"
    hello = [{"role": "user", "content": "Hello"}]
    anthropic.Anthropic(api_key=key, base_url=proxy).messages.create(
        model="claude-sonnet-4-6", max_tokens=20, messages=hello
    )
    openai.OpenAI(api_key=key, base_url=f"{proxy}/v1").chat.completions.create(
        model="gpt-4o-mini", messages=hello
    )

    def rows() -> bool:
        done = subprocess.run(
            [
                ROOT / "script" / "psql",
                "-Atc",
                "select count(*) from ledger.events where type = 'call.settled'",
            ],
            env=environment,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip() == "3"

    wait_until(rows, 20, "three settled calls in PostgreSQL", process, every=0.2)

    # Ctrl-C ends everything that was started.
    pids = children(process.pid)
    assert len(pids) >= 2
    assert process.stop(30, signal.SIGINT) == 0
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql:///ledger?host={folder / 'home' / 'postgres'}&user=ledger")


def test_a_second_script_server_on_one_home_is_refused(server):
    _, environment, _ = server
    done = subprocess.run(
        [ROOT / "script" / "server"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 69 and "Another script/server" in done.stderr


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "script").iterdir() if p.is_file()))
def test_every_script_says_what_it_does(name):
    done = subprocess.run([ROOT / "script" / name, "--help"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and f"script/{name}" in done.stdout


def children(pid: int) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                status = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            if int(status.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry))
    return found
