"""`dledger health`, which containers are asked with."""

from processes import free_port


def test_ready_services_are_told_and_are_success(journal_ledger):
    done = journal_ledger.run("health")
    assert done.stdout.splitlines() == ["gateway: ready", "proxy: ready", "platform: ready"]


def test_one_service_can_be_asked_alone(make_ledger):
    ledger = make_ledger(services=("proxy",))
    assert ledger.run("health", "proxy").stdout == "proxy: ready\n"
    done = ledger.run("health", check=False)
    assert done.returncode == 69
    assert f"gateway: no answer from {ledger.gateway_url}/ready" in done.stdout


def test_nobody_there_is_69_and_a_wrong_name_64(make_ledger):
    ledger = make_ledger(start=False)
    ledger.environment["PROXY_PORT"] = str(free_port())
    assert ledger.run("health", "proxy", check=False).returncode == 69
    done = ledger.run("health", "prxy", check=False)
    assert done.returncode == 64 and 'there is no service "prxy"' in done.stderr
