"""`system/activity.log` tells people what happened, and log collectors can read it."""

import json
from pathlib import Path

from dispatches import MODEL, run
from processes import wait_until

HELLO = [{"role": "user", "content": "The pelican's secret"}]
WORDS = {"timestamp", "event", "message", "position"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def lines(ledger) -> list[dict]:
    path = ledger.home / "system" / "activity.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def whole(ledger) -> list[dict]:
    """The log, once it has the journal's last event."""
    last = max(event["position"] for event in ledger.events() if event["type"] != "call.reserved")

    def caught_up() -> list[dict] | None:
        found = lines(ledger)
        return found if found and found[-1]["position"] >= last else None

    return wait_until(caught_up, 20, "the activity log to have it all", ledger.process)


def test_a_call_and_a_run_have_their_lines_without_a_prompt_across_a_crash(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": MODEL})
    key = ledger.mint_key("alice")
    ledger.anthropic(key).messages.create(model="claude-sonnet-4-6", max_tokens=20, messages=HELLO)
    result = run(ledger, HELLO[0]["content"], key)
    ledger.set_quota("alice", dailyLimitUsd=5)
    found = whole(ledger)
    ledger.kill9()
    ledger.start()
    ledger.anthropic(key).messages.create(model="claude-sonnet-4-6", max_tokens=20, messages=HELLO)
    found = whole(ledger)

    recorded = [event for event in ledger.events() if event["type"] != "call.reserved"]
    assert [line["position"] for line in found] == [event["position"] for event in recorded]
    for line, event in zip(found, recorded, strict=True):
        assert line.keys() >= WORDS
        assert (line["event"], line["timestamp"]) == (event["type"], event["timestamp"])
        assert line.get("user") == event.get("user")
        assert line.get("costUsd") == (None if event.get("costUsd") is None else float(event["costUsd"]))

    (call, ours, _later) = [line for line in found if line["event"] == "call.settled"]
    assert call["message"].startswith("alice called claude-sonnet-4-6: ok, ")
    assert ours["dispatchId"] == result["dispatchId"] and "dispatchId" not in call
    (ended,) = [line for line in found if line["event"] == "dispatch.completed"]
    assert ended["dispatchId"] == result["dispatchId"]
    assert (ended["calls"], ended["tokensOut"]) == (1, result["tokensOut"])
    assert any(line["message"] == "admin set limits of alice's: $5 a day" for line in found)

    text = Path(ledger.home / "system" / "activity.log").read_text()
    assert "pelican" in "".join(line.decode() for line in ledger.lines())
    assert "pelican" not in text and "sk-proxy" not in text
    for service in ("gateway", "proxy", "platform"):
        assert ledger.sample("ledger_activity_failures_total", service) == 0
    wait_until(lambda: ledger.sample("ledger_activity_lag_events") == 0, 10, "the lag to be gone")


def test_one_trace_is_in_the_lines_of_the_gateway_and_the_proxy(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": MODEL, "LEDGER_LOG_LEVEL": "debug"})
    key = ledger.mint_key("alice")
    run(ledger, "hello", key, headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    run(ledger, "hello", key)
    log = [json.loads(line) for line in (ledger.folder / "server.log").read_text().splitlines()]
    traced = [line for line in log if line.get("trace_id") == TRACE]
    assert {line["service"] for line in traced} == {"gateway", "proxy"}
    assert [line["message"] for line in traced] == ["a call is settled", "a run has ended"]
    assert {line["trace_id"] for line in log if "trace_id" in line} == {TRACE}
