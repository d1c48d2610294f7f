"""A real Alertmanager delivers to the Gateway: each alert is recorded once for each of its states."""

import json
import secrets
import time
from contextlib import ExitStack
from decimal import Decimal

import pytest
import requests
from alertmanager import Alertmanager, prometheus_with_rules, rfc3339, wait_for_alert
from processes import wait_until
from websockets.sync.client import connect

HELLO = [{"role": "user", "content": "Hello"}]
RULE = {
    "alert": "QuotaNearlyUsed",
    "expr": 'ledger_quota_used_ratio{job="proxy",window="day"} > 0.9',
    "for": "0s",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "{{ $labels.user }} has used\nmost of the day's limit"},
}


@pytest.fixture
def open_shell():
    """Opens a shell's WebSocket as a user; all are closed with the test."""
    with ExitStack() as shells:

        def open_one(ledger, user: str):
            address = ledger.gateway_url.replace("http://", "ws://") + "/ws"
            headers = {"x-api-key": ledger.mint_key(user)}
            return shells.enter_context(connect(address, additional_headers=headers))

        yield open_one


@pytest.fixture
def alerted(make_ledger, folder):
    """A ledger, and an Alertmanager that delivers to it."""
    secret = secrets.token_hex(16)
    ledger = make_ledger(environment={"ALERT_WEBHOOK_SECRET": secret})
    alertmanager = Alertmanager(folder / "alertmanager", f"{ledger.gateway_url}/api/alert", secret).start()
    yield ledger, alertmanager
    alertmanager.stop()


def next_alert(shell, seconds: float = 30) -> dict:
    """The next alert that an open shell is shown."""
    deadline = time.monotonic() + seconds
    while True:
        message = json.loads(shell.recv(timeout=max(0.1, deadline - time.monotonic())))
        if message["type"] == "alert":
            return message


def test_a_rule_that_fires_and_ends_is_recorded_and_shown_both_times(alerted, folder, open_shell):
    ledger, alertmanager = alerted
    shells = [open_shell(ledger, user) for user in ("alice", "bob")]
    ledger.anthropic(ledger.mint_key("alice")).messages.create(
        model="claude-sonnet-4-6", max_tokens=50, messages=HELLO
    )
    (call,) = ledger.events("call.settled")
    cost = Decimal(str(call["costUsd"]))
    prometheus = prometheus_with_rules(
        folder / "prometheus", {"proxy": ledger.ports["proxy"]}, [RULE], alertmanager
    ).start()
    try:
        # One call stands at 95 % of the limit; then the limit is raised a hundredfold.
        ledger.set_quota("alice", dailyLimitUsd=str(cost / Decimal("0.95"))[:12])
        firing = wait_for_alert(ledger, "firing", alertname="QuotaNearlyUsed")
        ledger.set_quota("alice", dailyLimitUsd=str(cost * 100))
        resolved = wait_for_alert(ledger, "resolved", alertname="QuotaNearlyUsed")
    finally:
        prometheus.stop()
    assert firing["from"] == "alertmanager" and firing["severity"] == "warning"
    assert firing["summary"] == "alice has used most of the day's limit"
    assert "endsAt" not in firing
    assert firing["fingerprint"] == resolved["fingerprint"]
    assert firing["startsAt"] == resolved["startsAt"] <= resolved["endsAt"]
    for shell in shells:
        for event in (firing, resolved):
            shown = next_alert(shell)
            assert shown["status"] == event["status"] and shown["fingerprint"] == event["fingerprint"]
    # Alertmanager repeats whole groups: nothing of that is recorded twice.
    assert len(ledger.events("alert.received")) == 2


def test_a_flood_that_is_repeated_is_recorded_once(alerted):
    ledger, alertmanager = alerted
    now = time.time()
    flood = [
        {
            "labels": {"alertname": "Flood", "instance": f"host-{number}", "severity": "critical"},
            "annotations": {"summary": f"host {number}"},
            "startsAt": rfc3339(now - 60),
            "endsAt": rfc3339(now + 600),
        }
        for number in range(500)
    ]
    for _ in range(3):
        alertmanager.post(*flood)
    wait_until(
        lambda: len(ledger.events("alert.received")) >= 500, 60, "500 alerts", ledger.process, every=0.2
    )
    alertmanager.post(*({**alert, "endsAt": rfc3339(now - 1)} for alert in flood))
    wait_until(
        lambda: len(ledger.events("alert.received")) >= 1000, 60, "1,000 alerts", ledger.process, every=0.2
    )
    events = ledger.events("alert.received")
    assert len({(event["fingerprint"], event["status"]) for event in events}) == len(events) == 1000


def test_an_alert_during_a_restart_arrives_after_it(alerted):
    ledger, alertmanager = alerted
    ledger.stop()
    alertmanager.post({"labels": {"alertname": "Late"}, "startsAt": rfc3339(time.time())})
    wait_until(alertmanager.alerts, 10, "the alert in Alertmanager", alertmanager.process)
    ledger.start()
    assert wait_for_alert(ledger, "firing", alertname="Late")["from"] == "alertmanager"


def test_nobody_without_the_secret_is_heard(alerted):
    ledger, _ = alerted
    body = {"version": "4", "alerts": []}
    for headers in ({}, ledger.admin, {"authorization": "Bearer x"}, {"x-hub-signature-256": "sha256=00"}):
        answer = requests.post(f"{ledger.gateway_url}/api/alert", json=body, headers=headers, timeout=10)
        assert answer.status_code == 401
    assert ledger.events("alert.received") == []
