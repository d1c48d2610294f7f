"""A machine whose name server never answers, for a network and a mount namespace of its own.

    unshare --net --mount python silent_resolver.py BINARY FOLDER

Asks a Proxy there for a call to a provider whose name is looked up in vain, and for its health all the
while. Prints the call's status and the slowest answer about health, in seconds, as JSON.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from ledger import Ledger

SIOCSIFFLAGS, IFF_UP_AND_RUNNING = 0x8914, 0x41
CALL = {"model": "claude-haiku-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]}


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP_AND_RUNNING))


def look_up_in_vain(folder: Path) -> socket.socket:
    """A name server that takes questions; the system asks it twice, ten seconds each."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    configuration = folder / "resolv.conf"
    configuration.write_text("nameserver 127.0.0.1\noptions timeout:10 attempts:2\n")
    subprocess.run(["mount", "--bind", configuration, "/etc/resolv.conf"], check=True)
    return server


def main(binary: str, place: str) -> None:
    folder = Path(place)
    raise_loopback()
    server = look_up_in_vain(folder)
    upstream = {"ANTHROPIC_API_URL": "http://models.example.test", "ANTHROPIC_API_KEY": "none"}
    ledger = Ledger(Path(binary), folder, services=("proxy",), environment=upstream).start()
    try:
        headers = {"x-api-key": ledger.mint_key("alice")}
        slowest = 0.0
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(
                requests.post, f"{ledger.proxy_url}/v1/messages", json=CALL, headers=headers, timeout=60
            )
            while not call.done():
                began = time.monotonic()
                requests.get(f"{ledger.proxy_url}/health", timeout=60).raise_for_status()
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(0.05)
        print(json.dumps({"status": call.result().status_code, "slowest": slowest}))
    finally:
        ledger.process.stop()
        server.close()


main(*sys.argv[1:])
