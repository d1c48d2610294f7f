"""The real container engine, in the shape that the ledger's client relies on."""

import json
import time

import pytest
from engine import EngineRefused
from processes import wait_until

BURN = ("sh", "-c", "while :; do :; done")
ONE_SHOT = "stats?stream=false&one-shot=true"


@pytest.fixture
def container(engine):
    """Runs containers; all are gone after the test."""
    made = []

    def run(*command, **options) -> str:
        made.append(engine.run(f"t-{time.monotonic_ns()}", *command, **options))
        return made[-1]

    yield run
    for identifier in made:
        engine.ask("DELETE", f"/v1.41/containers/{identifier}?force=true&v=true")


def ended(engine, identifier) -> dict:
    """Its state, once it has ended."""

    def state():
        found = engine.api("GET", f"/containers/{identifier}/json")["State"]
        return found if found["Status"] == "exited" else None

    return wait_until(state, 30, "the container's end")


def stats(engine, identifier):
    return engine.api("GET", f"/containers/{identifier}/{ONE_SHOT}")


def test_two_samples_of_half_a_core_differ_by_no_more_than_half_a_core(engine, container):
    identifier = container(*BURN, NanoCpus=500_000_000)
    first = stats(engine, identifier)["cpu_stats"]
    time.sleep(4)
    second = stats(engine, identifier)["cpu_stats"]
    used = second["cpu_usage"]["total_usage"] - first["cpu_usage"]["total_usage"]
    passed = second["system_cpu_usage"] - first["system_cpu_usage"]
    # A machine with more to do gives less; the limit is kept in any case.
    assert 5 < used / passed * second["online_cpus"] * 100 < 55


def test_memory_is_told_with_its_limit_and_its_inactive_file_cache(engine, container):
    identifier = container("sleep", "60", Memory=64 << 20, MemorySwap=64 << 20)
    memory = stats(engine, identifier)["memory_stats"]
    assert memory["limit"] == 64 << 20
    assert 0 < memory["usage"] < 64 << 20
    assert "total_inactive_file" in memory["stats"] or "inactive_file" in memory["stats"]


def test_a_stopped_container_answers_with_zeros_and_an_unknown_one_with_404(engine, container):
    identifier = container("true")
    ended(engine, identifier)
    stopped = stats(engine, identifier)
    assert stopped["cpu_stats"]["cpu_usage"]["total_usage"] == 0
    assert "usage" not in stopped["memory_stats"]
    with pytest.raises(EngineRefused) as refused:
        stats(engine, "nobody")
    assert refused.value.status == 404


def test_a_container_beyond_its_memory_is_told_as_oom_then_die(engine, container):
    identifier = container(
        "sh", "-c", "x=a; while :; do x=$x$x; done", labels={"t": "oom"}, Memory=32 << 20, MemorySwap=32 << 20
    )
    state = ended(engine, identifier)
    assert state["OOMKilled"] is True
    assert state["ExitCode"] == 137
    filters = json.dumps({"container": [identifier], "event": ["oom", "die"]})
    told = engine.api(
        "GET", f"/events?since=0&until={int(time.time()) + 1}&filters={filters}".replace(" ", "")
    )
    lines = [json.loads(line) for line in told.splitlines()] if isinstance(told, bytes) else [told]
    assert [line["Action"] for line in lines] == ["oom", "die"]


def test_it_can_be_restarted_and_paused(own_engine):
    identifier = own_engine.run("keeper", "sleep", "600")
    own_engine.restart(by_force=True)
    (found,) = own_engine.containers()
    assert found["Id"] == identifier
    own_engine.pause()
    with pytest.raises(TimeoutError):
        own_engine.ask("GET", "/_ping", seconds=0.5)
    own_engine.resume()
    wait_until(own_engine.is_ready, 10, "the engine after its pause", own_engine.process)
