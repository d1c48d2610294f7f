"""Containers on a real engine: provisioned, measured, recorded, and put right after every failure."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import requests
from engine import IMAGE
from ledger import check_metrics
from processes import wait_until

MEBIBYTE = 1 << 20
LIMIT = 64 * MEBIBYTE
# One command for all: what a container does follows from its name.
SCRIPT = """
case "$DISPATCH_USER" in
burner*) while :; do :; done ;;
filler*) dd if=/dev/zero of=/dev/shm/fill bs=1M count=56 2>/dev/null; sleep 1000 ;;
eater*) sleep 4; x=a; while :; do x="$x$x"; done ;;
ender*) exit 3 ;;
*) trap "exit 0" TERM; while :; do sleep 0.1; done ;;
esac
""".replace("\n", " ")


@pytest.fixture
def platform(make_ledger, own_engine):
    """Makes a ledger whose Platform has an engine of its own."""

    def make(**environment):
        return make_ledger(
            services=("platform",),
            simulator=None,
            environment={
                "DOCKER_HOST": own_engine.host,
                "PLATFORM_IMAGE": IMAGE,
                "PLATFORM_COMMAND": f"sh -c '{SCRIPT}'",
                "PLATFORM_NETWORK": "none",
                "PLATFORM_MEMORY_LIMIT": "64m",
                "PLATFORM_CPU_LIMIT": "0.5",
                "STATS_INTERVAL": "1s",
            }
            | environment,
        )

    return make


def ask(ledger, method, path="", body=None, seconds=30):
    return requests.request(
        method, f"{ledger.platform_url}/containers{path}", json=body, headers=ledger.admin, timeout=seconds
    )


def provision(ledger, handle):
    return ask(ledger, "POST", body={"handle": handle})


def told(ledger, handle):
    """The changes of a container, in order, with their reasons."""
    return [
        (event["type"].removeprefix("container."), event["reason"])
        for event in ledger.events()
        if event["type"].startswith("container.") and event["handle"] == handle
    ]


def running(ledger):
    return {
        dict(labels)["status"]: int(value)
        for labels, value in ledger.samples("platform_containers_total", "platform").items()
    }


def sample(ledger, name, handle):
    return ledger.sample(f"platform_container_{name}", "platform", handle=handle)


def check(ledger, **count):
    # One scrape answers all who ask within a moment.
    wait_until(lambda: running(ledger) == count, 3, f"{count} at /metrics", ledger.process, every=0.1)
    assert not check_metrics(ledger.metrics_text("platform"))


def agrees(ledger, engine):
    """Whether the ledger and the engine say the same of every container."""
    listed = {c["containerId"]: c["state"] for c in ask(ledger, "GET").json()["containers"]}
    found = {c["Id"]: c["State"] for c in engine.containers()}
    return {i: "running" if s == "running" else "stopped" for i, s in found.items()} == listed


def test_three_containers_are_provisioned_measured_and_put_right(platform, own_engine):
    ledger = platform()
    check(ledger, running=0, stopped=0)
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda handle: provision(ledger, handle), ("burner", "filler", "eater")))
    assert [answer.status_code for answer in answers] == [201] * 3, [answer.text for answer in answers]
    check(ledger, running=3, stopped=0)
    assert ledger.sample("platform_provision_total", "platform", status="ok") == 3
    assert ledger.sample("platform_provision_duration_seconds_count", "platform") == 3
    assert provision(ledger, "burner").status_code == 200

    # Half a core, and memory up to the limit.
    def half_a_core():
        percent = sample(ledger, "cpu_percent", "burner")
        return percent is not None and 45 <= percent <= 55

    wait_until(half_a_core, 30, "45 to 55 % of a core", ledger.process, every=0.2)
    filled = wait_until(
        lambda: (sample(ledger, "memory_bytes", "filler") or 0) >= 56 * MEBIBYTE, 20, "memory", ledger.process
    )
    assert filled and sample(ledger, "memory_bytes", "filler") <= LIMIT
    assert sample(ledger, "memory_limit_bytes", "filler") == LIMIT
    assert sample(ledger, "healthy", "filler") == 1

    # One exceeds its limit.
    wait_until(lambda: ("stopped", "exit") in told(ledger, "eater"), 40, "the end of memory", ledger.process)
    assert told(ledger, "eater") == [("provisioned", "request"), ("oom", "exit"), ("stopped", "exit")]
    (stopped,) = ledger.events("container.stopped")
    assert stopped["exitCode"] == 137
    assert sample(ledger, "oom_total", "eater") == 1
    check(ledger, running=2, stopped=1)
    wait_until(lambda: sample(ledger, "cpu_percent", "eater") is None, 5, "no series of what has ended")

    # One is stopped while it is measured, again and again.
    for _ in range(3):
        assert ask(ledger, "POST", "/burner/stop").json()["state"] == "stopped"
        check(ledger, running=1, stopped=2)
        wait_until(lambda: sample(ledger, "cpu_percent", "burner") is None, 5, "no series of what is stopped")
        assert ask(ledger, "POST", "/burner/start").json()["state"] == "running"
        check(ledger, running=2, stopped=1)
    assert told(ledger, "burner")[1:] == [("stopped", "request"), ("started", "request")] * 3

    # The engine restarts, and takes its containers with it.
    own_engine.restart()
    wait_until(
        lambda: running(ledger) == {"running": 0, "stopped": 3}, 75, "what the engine did", ledger.process
    )
    wait_until(lambda: agrees(ledger, own_engine), 10, "one mind", ledger.process)
    check(ledger, running=0, stopped=3)
    assert provision(ledger, "filler").status_code == 200
    check(ledger, running=1, stopped=2)

    # Somebody removes one by hand; one is destroyed.
    burner = next(c for c in own_engine.containers() if c["Names"] == ["/matrixos-burner"])
    own_engine.api("DELETE", f"/containers/{burner['Id']}?force=true")
    wait_until(lambda: ask(ledger, "GET", "/burner").status_code == 404, 75, "the removal", ledger.process)
    for handle in ("eater", "filler"):
        assert ask(ledger, "DELETE", f"/{handle}").status_code == 204
        assert ask(ledger, "DELETE", f"/{handle}").status_code == 404
    check(ledger, running=0, stopped=0)
    assert own_engine.containers() == []
    ledger.stop()
    ledger.run("verify")


def test_a_container_has_its_limits_its_key_and_its_labels(platform, own_engine):
    ledger = platform()
    made = provision(ledger, "ann").json()
    found = own_engine.api("GET", f"/containers/{made['containerId']}/json")
    limits = found["HostConfig"]
    assert found["Name"] == "/matrixos-ann"
    assert limits["Memory"] == limits["MemorySwap"] == LIMIT
    assert limits["NanoCpus"] == 500_000_000 and limits["PidsLimit"] == 512
    assert limits["NetworkMode"] == "none"
    environment = dict(entry.split("=", 1) for entry in found["Config"]["Env"])
    assert environment["ANTHROPIC_API_KEY"] == ledger.mint_key("ann")
    assert environment["ANTHROPIC_BASE_URL"] == ledger.proxy_url
    assert environment["DISPATCH_USER"] == "ann"
    assert found["Config"]["Labels"]["dispatch-ledger.handle"] == "ann"
    assert found["Config"]["Labels"]["dispatch-ledger.origin"] == ledger.origin


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6])
def test_killed_in_mid_provision_there_is_no_orphan_and_no_double(platform, own_engine, seconds):
    ledger = platform()
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(lambda: pytest.raises(requests.ConnectionError, provision, ledger, "ann"))
        time.sleep(seconds)
        ledger.kill9()
        if asked.exception():
            assert seconds >= 0.5, "it was answered"
    ledger.start()
    wait_until(lambda: agrees(ledger, own_engine), 20, "one mind", ledger.process)
    assert provision(ledger, "ann").status_code in (200, 201)
    assert len(own_engine.containers()) == 1
    assert agrees(ledger, own_engine)
    check(ledger, running=1, stopped=0)


def test_refusals_say_what_to_do(platform, own_engine):
    ledger = platform()
    url = f"{ledger.platform_url}/containers"
    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("GET", "/ann"),
        ("POST", "/ann/stop"),
        ("DELETE", "/ann"),
    ):
        assert requests.request(method, url + path, timeout=10).status_code == 401
    for handle in ("", "Ann", "-a", "a" * 33, 1, None):
        answer = ask(ledger, "POST", body={"handle": handle})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert requests.post(url, data="{", headers=ledger.admin, timeout=10).status_code == 400
    assert ask(ledger, "POST", "/nobody/start").status_code == 404
    ended = provision(ledger, "ender")
    assert ended.status_code == 422 and "status 3" in ended.json()["detail"]
    assert own_engine.containers() == []
    own_engine.process.stop(60)
    answer = provision(ledger, "ann")
    assert answer.status_code == 503 and answer.headers["retry-after"]
    assert "DOCKER_HOST" in answer.json()["detail"] and own_engine.host in answer.json()["detail"]
    assert ledger.events("container.provisioned") == []


def test_a_missing_image_is_named(platform):
    answer = provision(platform(PLATFORM_IMAGE="nothing:1"), "ann")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/image-missing"
    assert "PLATFORM_IMAGE is nothing:1" in answer.json()["detail"]


def test_a_machine_without_an_engine_serves_everything_else(make_ledger, folder):
    nowhere = f"unix://{folder}/nothing.sock"
    ledger = make_ledger(simulator=None, environment={"DOCKER_HOST": nowhere})
    answer = provision(ledger, "ann")
    assert answer.status_code == 503 and "PLATFORM_IMAGE" in answer.json()["detail"]

    def health():
        return requests.get(f"{ledger.platform_url}/health", timeout=5)

    wait_until(lambda: health().json()["engine"]["reachable"] is False, 10, "the engine's absence")
    assert health().status_code == 200 and health().json()["status"] == "ok"
    assert health().json()["engine"]["status"] == "degraded"
    time.sleep(4)
    log = ledger.process.log.read_text()
    assert log.count("the container engine cannot be reached") == 1
    assert sum('"warning"' in line and "engine" in line for line in log.splitlines()) == 1
    assert ledger.stop() == 0


def test_compute_is_billed_to_the_containers_user(platform, folder):
    prices = folder / "prices.json"
    prices.write_text(
        json.dumps(
            {
                "format": "dispatch-ledger-prices/1",
                "currency": "USD",
                "unpricedReserveUsd": "1",
                "models": [],
                "compute": [
                    {
                        "from": "2020-01-01T00:00:00Z",
                        "cpuSecondUsd": "0.0001",
                        "gibibyteHourUsd": "0.036864",
                        "source": "a test",
                    }
                ],
            }
        )
    )
    ledger = platform(LEDGER_PRICES=str(prices))
    assert provision(ledger, "burner").status_code == 201
    wait_until(lambda: sample(ledger, "cpu_percent", "burner"), 20, "a second sample", ledger.process)
    time.sleep(3)
    assert ledger.stop() == 0
    (report,) = ledger.events("usage.reported")
    assert report["user"] == "burner" and report["source"] == "platform"
    assert report["reportId"].startswith(f"{ledger.origin}/burner/")
    assert report["cpuMs"] > 500
    cost = report["cpuMs"] * Decimal("0.0000001")
    cost += report["memoryMibS"] * Decimal("0.036864") / (1024 * 3600)
    assert Decimal(str(report["costUsd"])) == cost
    ledger.run("verify")
