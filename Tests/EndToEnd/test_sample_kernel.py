"""The sample kernel by itself: its records, and its calls in the ledger."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

KERNEL = Path(__file__).parent / "kernels" / "sample_kernel.py"


def run(message: str, ledger=None, key: str = "sk-none", dispatch: str = "") -> tuple[list[dict], int]:
    """The records that the kernel printed, and its exit status."""
    done = subprocess.run(
        [sys.executable, KERNEL],
        input=message,
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "PATH": "/usr/bin:/bin",
            "ANTHROPIC_BASE_URL": ledger.proxy_url if ledger else "http://127.0.0.1:9",
            "ANTHROPIC_API_KEY": key,
            "DISPATCH_ID": dispatch,
            "DISPATCH_SESSION_ID": "s-1",
        },
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def test_its_calls_are_the_dispatch_s_in_the_ledger(journal_ledger):
    key = journal_ledger.mint_key("alice")
    dispatch = str(uuid.uuid4())
    records, status = run("calls=3", journal_ledger, key, dispatch)
    assert status == 0
    result = records[-1]
    assert (result["type"], result["subtype"], result["is_error"]) == ("result", "success", False)
    calls = [event for event in journal_ledger.events("call.settled") if event["dispatchId"] == dispatch]
    assert len(calls) == 3
    assert {call["sessionId"] for call in calls} == {"s-1"}
    totals = result["modelUsage"]["claude-sonnet-4-5"]
    assert totals["inputTokens"] == sum(call["tokensIn"] for call in calls)
    assert totals["outputTokens"] == sum(call["tokensOut"] for call in calls)
    answers = [record["message"]["id"] for record in records if record["type"] == "assistant"]
    assert answers == [call["providerRequestId"] for call in calls]


def test_a_refused_call_is_an_error_with_its_status(journal_ledger):
    key = journal_ledger.mint_key("bob")
    journal_ledger.set_quota("bob", dailyLimitUsd=0)
    records, status = run("hello there", journal_ledger, key, str(uuid.uuid4()))
    assert status == 1
    assert records[-1]["api_error_status"] == 429
    assert "quota" in records[-1]["result"]


@pytest.mark.parametrize("subtype", ["success", "error_max_turns"])
def test_a_direct_run_reports_two_models_and_a_cost(subtype):
    records, _ = run("direct" if subtype == "success" else f"direct {subtype}")
    result = records[-1]
    assert result["subtype"] == subtype
    assert set(result["modelUsage"]) == {"claude-sonnet-4-5", "claude-haiku-4-5"}
    assert result["total_cost_usd"] > 0


def test_a_message_that_only_mentions_a_word_is_not_steered_by_it():
    records, status = run("please do not die or kill")
    assert status == 1
    assert records[-1]["is_error"] is True
