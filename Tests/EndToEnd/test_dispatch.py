"""Agent runs through the Gateway: a real kernel, its calls through the Proxy, and what is recorded of it."""

import hashlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import fold
import pytest
import requests
from dispatches import (
    MODEL,
    SAMPLE,
    completed,
    descendants,
    kernel_processes,
    message,
    open_runs,
    run,
    wait_no_kernels,
    wait_running,
)
from pricing import moment
from processes import wait_until

PLAIN_FIELDS = (
    "timestamp source sessionId dispatchId prompt toolsUsed model provider tokensIn tokensOut costUsd "
    "costState durationMs result usage priceBook usageSource billing"
).split()


def test_three_calls_through_the_proxy_cost_their_sum_once_in_every_view(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database(), environment={"LEDGER_KERNEL": SAMPLE})
    key = ledger.mint_key("ann")
    answer = message(ledger, "calls=3", key)
    assert answer.status_code == 200, answer.text
    result = json.loads(answer.text, parse_float=Decimal)
    assert (result["result"], result["billing"], result["calls"]) == (
        "ok",
        "proxied",
        3,
    )

    calls = [e for e in ledger.events("call.settled") if e["dispatchId"] == result["dispatchId"]]
    assert len(calls) == 3
    total = sum(call["costUsd"] for call in calls)
    assert total > 0
    tokens = (
        sum(call["tokensIn"] for call in calls),
        sum(call["tokensOut"] for call in calls),
    )
    assert result["costUsd"] == total
    assert (result["tokensIn"], result["tokensOut"]) == tokens

    [event] = ledger.events("dispatch.completed")
    assert (event["costUsd"], event["billing"]) == (total, "proxied")
    assert (event["tokensIn"], event["tokensOut"]) == tokens
    # The independent fold, the terminal, the metrics and SQL: each has the three calls' cost once.
    assert fold.fold(ledger.events()).by_user["ann"].cost == total
    assert [Decimal(row["costUsd"]) for row in ledger.usage()] == [total]
    for service in ("gateway", "proxy", "platform"):
        assert (
            Decimal(ledger.exact_sample("ledger_user_cost_usd", service, user="ann", window="total")) == total
        )
    memo = sum(
        Decimal(line.rpartition(" ")[2])
        for line in ledger.metrics_text("gateway").splitlines()
        if line.startswith("gateway_ai_cost_usd_total{")
    )
    assert memo == total
    assert Decimal(ledger.exact_sample("proxy_api_cost_usd_total", user_id="ann")) == total
    ledger.wait_ingested()
    assert ledger.sql("select sum(cost_usd) from ledger.usage_hourly where user_id = 'ann'")[0][0] == total
    assert ledger.sql("select cost_usd from ledger.events where type = 'dispatch.completed'")[0][0] == total
    assert ledger.sql("select sum(cost_usd) from ledger.cost_daily where user_id = 'ann'")[0][0] == total
    ledger.run("verify", "--postgres")
    replayed = json.loads(ledger.run("replay", "--json").stdout, parse_float=Decimal)
    assert json.dumps(replayed, default=str).count(str(total)) >= 1


def test_a_run_that_nothing_else_records_is_priced_by_us_and_counts_once(make_ledger, cluster, price_book):
    ledger = make_ledger(postgres_url=cluster.create_database(), environment={"LEDGER_KERNEL": SAMPLE})
    key = ledger.mint_key("ann")
    result = json.loads(message(ledger, "direct", key).text, parse_float=Decimal)
    assert (result["result"], result["billing"]) == ("ok", "direct")
    [event] = ledger.events("dispatch.completed")
    assert event["usageSource"] == "reported_by_agent" and event["costState"] == "estimated"
    # What each model used, priced from the book's file; the kernel's own figure is kept and never money.
    assert len(event["models"]) == 2
    for share in event["models"]:
        bill = price_book.price(
            share["provider"],
            share["model"],
            share["usage"],
            at=moment(event["timestamp"]),
        )
        assert share["costUsd"] == bill
    assert event["costUsd"] == sum(share["costUsd"] for share in event["models"])
    assert "reportedUsd" in event and event["reportedUsd"] != event["costUsd"]
    total = event["costUsd"]
    assert fold.fold(ledger.events()).by_user["ann"].cost == total
    assert Decimal(ledger.exact_sample("ledger_user_cost_usd", user="ann", window="total")) == total
    ledger.wait_ingested()
    by_model = dict(
        ledger.sql("select model, cost_usd from ledger.usage_hourly where user_id = 'ann' and cost_usd > 0")
    )
    assert by_model == {share["model"]: share["costUsd"] for share in event["models"]}
    ledger.run("verify", "--postgres")


def test_a_run_s_line_carries_the_plain_fields_that_log_tools_read(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    key = ledger.mint_key("ann")
    run(ledger, "tool calls=1", key, sessionId="s-1", source="telegram")
    [started] = ledger.events("dispatch.started")
    [event] = ledger.events("dispatch.completed")
    assert [name for name in PLAIN_FIELDS if name not in event] == []
    assert (event["source"], event["sessionId"], event["result"]) == (
        "telegram",
        "s-1",
        "ok",
    )
    assert event["prompt"] == started["prompt"] == "tool calls=1"
    assert event["toolsUsed"] and len(event["toolsUsed"]) == len(event["toolInputs"])
    # The start is durable before the kernel makes its first call.
    [reserved] = ledger.events("call.reserved")
    assert started["position"] < reserved["position"] < event["position"]
    assert ledger.sample("gateway_kernel_dispatch_total", "gateway", source="telegram", status="ok") == 1
    assert (
        ledger.sample(
            "gateway_kernel_dispatch_duration_seconds_count",
            "gateway",
            source="telegram",
        )
        == 1
    )


def test_a_source_of_the_client_s_own_invention_mints_no_series(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    key = ledger.mint_key("ann")
    for number in range(5):
        run(ledger, "calls=0", key, source=f"invented-{number}")
    assert ledger.sample("gateway_kernel_dispatch_total", "gateway", source="other", status="ok") == 5
    assert {event["source"] for event in ledger.events("dispatch.completed")} == {
        f"invented-{number}" for number in range(5)
    }


@pytest.mark.parametrize(
    "policy, expected",
    [
        ("truncate:500", lambda prompt: prompt[:500]),
        ("truncate:3", lambda prompt: prompt[:3]),
        (
            "hash",
            lambda prompt: "sha256:" + hashlib.sha256(prompt.encode()).hexdigest(),
        ),
        ("off", lambda prompt: None),
    ],
)
def test_a_prompt_is_recorded_as_configured_in_whole_characters(make_ledger, policy, expected):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE, "LEDGER_PROMPTS": policy})
    key = ledger.mint_key("ann")
    prompt = "calls=0 " + "é😀" * 300
    run(ledger, prompt, key)
    run(ledger, "tool", key)
    said, used = ledger.events("dispatch.completed")
    assert said.get("prompt") == expected(prompt)
    assert used["toolsUsed"] == ["Read"]
    assert used.get("toolInputs", []) == [
        text for text in [expected('{"path": "README.md"}')] if text is not None
    ]
    if policy != "truncate:500":
        assert "é😀é😀" not in b"".join(ledger.lines()).decode()


FAULTS = {
    "die": "kernel_exit",
    "kill": "kernel_exit",
    "hang": "kernel_hang",
    "flood": "kernel_flood",
    "garbage": "kernel_garbled",
    "halfline": "kernel_garbled",
    "badutf8": "kernel_garbled",
    "error_max_turns": "kernel_error",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_kernel_is_an_error_event_and_frees_its_slot(make_ledger, fault):
    ledger = make_ledger(
        environment={
            "LEDGER_KERNEL": SAMPLE,
            "DISPATCH_CONCURRENCY": "1",
            "DISPATCH_IDLE_TIMEOUT": "6s",
        }
    )
    key = ledger.mint_key("ann")
    result = run(ledger, fault, key)
    assert (result["result"], result["reason"]) == ("error", FAULTS[fault])
    assert result["message"]
    # The one slot is free again, and nothing of the kernel is left.
    assert run(ledger, "calls=1", key)["result"] == "ok"
    wait_no_kernels(ledger)
    assert kernel_processes(result["dispatchId"]) == []
    broken, good = ledger.events("dispatch.completed")
    assert (broken["result"], broken["reason"]) == ("error", FAULTS[fault])
    assert good["result"] == "ok"
    assert ledger.sample("gateway_kernel_dispatch_total", "gateway", source="api", status="error") == 1
    ledger.run("verify")


def test_a_grandchild_that_holds_the_pipe_does_not_hold_the_slot(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE, "DISPATCH_CONCURRENCY": "1"})
    key = ledger.mint_key("ann")
    began = time.monotonic()
    result = run(ledger, "zombie", key)
    assert run(ledger, "calls=0", key)["result"] == "ok"
    assert time.monotonic() - began < 20
    wait_no_kernels(ledger)
    wait_until(lambda: not kernel_processes(result["dispatchId"]), 10, "the grandchild's end")


def test_an_error_subtype_still_costs_what_it_says(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    result = run(ledger, "direct error_max_turns", ledger.mint_key("ann"))
    [event] = ledger.events("dispatch.completed")
    assert event["billing"] == "direct" and event["costUsd"] > 0 and event["reportedUsd"] > 0
    assert result["result"] == "error"


def test_a_run_is_stopped_on_request_and_when_its_client_leaves(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    key = ledger.mint_key("ann")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(message, ledger, "hang", key)
        [running] = wait_running(ledger, 1)
        url = f"{ledger.gateway_url}/api/dispatches/{running['dispatchId']}"
        stranger = {"authorization": f"Bearer {ledger.mint_key('bob')}"}
        assert requests.delete(url, headers=stranger, timeout=10).status_code == 404
        assert requests.delete(url, headers=ledger.admin, timeout=10).status_code == 202
        assert asked.result().json()["result"] == "aborted"
    with pytest.raises(requests.ReadTimeout):
        message(ledger, "hang", key, timeout=1)
    both = completed(ledger, 2)
    assert [(event["result"], event["reason"]) for event in both] == [("aborted", "aborted")] * 2
    wait_no_kernels(ledger)
    assert open_runs(ledger) == []


def test_a_run_that_is_too_long_ends_at_its_deadline(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE, "DISPATCH_TIMEOUT": "2s"})
    result = run(ledger, "hang", ledger.mint_key("ann"))
    assert (result["result"], result["reason"]) == ("error", "deadline")
    wait_no_kernels(ledger)


def test_a_full_queue_refuses_with_503_and_an_event_and_the_rest_run(make_ledger):
    ledger = make_ledger(
        environment={
            "LEDGER_KERNEL": SAMPLE,
            "DISPATCH_CONCURRENCY": "2",
            "DISPATCH_QUEUE_MAX": "3",
        }
    )
    key = ledger.mint_key("ann")
    with ThreadPoolExecutor(12) as pool:
        # The first two hold the slots until the queue was seen full.
        holders = [pool.submit(message, ledger, "hang", key) for _ in range(2)]
        running = wait_running(ledger, 2)
        waiting = [pool.submit(message, ledger, "calls=0", key) for _ in range(3)]
        wait_until(
            lambda: ledger.sample("gateway_dispatch_queue_depth", "gateway") == 3,
            10,
            "a full queue",
        )
        refused = message(ledger, "calls=0", key)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert refused.json()["type"] == "/problems/dispatch-queue_full"
        for one in running:
            url = f"{ledger.gateway_url}/api/dispatches/{one['dispatchId']}"
            requests.delete(url, headers=ledger.admin, timeout=10)
        assert {future.result().json()["result"] for future in holders} == {"aborted"}
        assert {future.result().json()["result"] for future in waiting} == {"ok"}
    [rejected] = ledger.events("dispatch.rejected")
    assert rejected["reason"] == "queue_full"
    wait_until(lambda: ledger.sample("gateway_dispatch_queue_depth", "gateway") == 0, 10, "an empty queue")
    assert ledger.sample("gateway_kernel_dispatch_total", "gateway", source="api", status="rejected") == 1
    started = {event["dispatchId"] for event in ledger.events("dispatch.started")}
    ended = {event["dispatchId"] for event in ledger.events("dispatch.completed")}
    assert started == ended and len(started) == 5


def test_one_user_s_many_messages_do_not_keep_another_waiting(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE, "DISPATCH_CONCURRENCY": "1"})
    greedy, modest = ledger.mint_key("greedy"), ledger.mint_key("modest")
    with ThreadPoolExecutor(10) as pool:
        many = [pool.submit(message, ledger, "calls=1", greedy) for _ in range(8)]
        wait_until(
            lambda: (ledger.sample("gateway_dispatch_queue_depth", "gateway") or 0) >= 6,
            10,
            "a queue",
        )
        one = pool.submit(message, ledger, "calls=1", modest)
        assert one.result().json()["result"] == "ok"
        for future in many:
            assert future.result().json()["result"] == "ok"
    order = [event["user"] for event in ledger.events("dispatch.started")]
    # It came behind at least six, and was served within the next two turns.
    assert order.index("modest") <= 4, order


def test_a_quota_that_is_used_up_refuses_the_run_before_its_kernel_starts(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    key = ledger.mint_key("ann")
    ledger.set_quota("ann", dailyLimitUsd=0)
    refused = message(ledger, "calls=1", key)
    assert refused.status_code == 429 and refused.json()["type"] == "/problems/dispatch-quota"
    assert int(refused.headers["retry-after"]) > 0
    ledger.set_quota("ann", enabled=False)
    assert message(ledger, "calls=1", key).status_code == 429
    assert [event["reason"] for event in ledger.events("dispatch.rejected")] == [
        "quota",
        "quota",
    ]
    assert ledger.events("dispatch.started") == []


def test_a_gateway_killed_in_mid_run_ends_it_by_an_event_on_the_next_start(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    key = ledger.mint_key("ann")

    def ask() -> None:
        with pytest.raises(requests.ConnectionError):
            message(ledger, "calls=1 hang", key)

    lost = threading.Thread(target=ask)
    lost.start()
    [running] = wait_running(ledger, 1)
    ledger.wait_settled(1)
    ledger.kill9()
    lost.join()
    # The kernel goes with its gateway.
    wait_until(lambda: not kernel_processes(running["dispatchId"]), 10, "the kernel's end")
    ledger.start()
    [event] = completed(ledger, 1)
    assert event["dispatchId"] == running["dispatchId"]
    assert (event["result"], event["reason"], event["billing"]) == (
        "error",
        "restart",
        "proxied",
    )
    [call] = ledger.events("call.settled")
    assert event["costUsd"] == call["costUsd"]
    assert run(ledger, "calls=1", key)["result"] == "ok"
    folded = fold.fold(ledger.events())
    assert folded.problems == [] and folded.by_user["ann"].calls == 2
    ledger.run("verify")


def test_asked_to_end_it_stops_kernels_and_records_their_runs(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    key = ledger.mint_key("ann")
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(message, ledger, "calls=1 hang", key) for _ in range(2)]
        wait_running(ledger, 2)
        ledger.wait_settled(2)
        pids = descendants(ledger.process.child.pid)
        assert len(pids) >= 2
        assert ledger.stop() == 0
        # Their clients are told before the doors close.
        assert [future.result().json()["reason"] for future in asked] == ["shutdown"] * 2
    events = ledger.events("dispatch.completed")
    assert [(event["result"], event["reason"]) for event in events] == [("aborted", "shutdown")] * 2
    assert sum(event["calls"] for event in events) == 2


def test_a_batch_runs_each_message_and_answers_when_all_have_ended(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    body = {"messages": [{"text": "calls=1"}, {"text": "die"}, {"text": "calls=2"}]}
    headers = {"authorization": f"Bearer {ledger.mint_key('ann')}"}
    answer = requests.post(f"{ledger.gateway_url}/api/batch", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    assert [result["result"] for result in answer.json()["results"]] == [
        "ok",
        "error",
        "ok",
    ]
    assert {event["source"] for event in ledger.events("dispatch.completed")} == {"batch"}
    for bad in (
        {},
        {"messages": []},
        {"messages": [{"text": "x"}] * 33},
        {"messages": [{"text": 1}]},
    ):
        answer = requests.post(f"{ledger.gateway_url}/api/batch", json=bad, headers=headers, timeout=60)
        assert answer.status_code == 400 and answer.json()["detail"]


def test_the_messages_kernel_remembers_its_conversation(make_ledger, simulator):
    ledger = make_ledger(environment={"LEDGER_KERNEL": MODEL})
    key = ledger.mint_key("ann")
    first = run(ledger, "My name is Ann.", key, sessionId="talk")
    assert first["result"] == "ok" and first["text"] and first["billing"] == "proxied" and first["calls"] == 1
    alone = run(ledger, "And my name is?", key, sessionId="another")
    second = run(ledger, "And my name is?", key, sessionId="talk")
    # The whole conversation is sent, so it is more input than the same question alone.
    assert second["tokensIn"] > alone["tokensIn"]


def test_a_run_whose_only_call_a_quota_refuses_costs_nothing_for_sure(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": MODEL})
    ledger.set_quota("ann", dailyLimitUsd=0.001)
    result = run(ledger, "hello", ledger.mint_key("ann"))
    assert (result["result"], result["reason"]) == ("error", "quota")
    assert (result["costUsd"], result["costState"], result["calls"]) == (0, "priced", 0)


def test_whoever_asks_needs_a_key_and_speaks_for_nobody_else(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": MODEL})
    url = f"{ledger.gateway_url}/api/message"
    assert requests.post(url, json={"text": "hi"}, timeout=10).status_code == 401
    key = ledger.mint_key("ann")
    assert message(ledger, "hi", key + "x").status_code == 401
    assert message(ledger, "hi", key, user="bob").status_code == 400
    assert message(ledger, "hi").status_code == 400
    assert message(ledger, "hi", user="bob").json()["result"] == "ok"
    assert [event["user"] for event in ledger.events("dispatch.completed")] == ["bob"]


def test_another_user_s_dispatch_id_links_nothing(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    ann, bob = ledger.mint_key("ann"), ledger.mint_key("bob")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(message, ledger, "hang", ann)
        [running] = wait_running(ledger, 1)
        ledger.anthropic(bob).messages.create(
            model="claude-sonnet-4-6",
            max_tokens=10,
            messages=[{"role": "user", "content": "mine"}],
            extra_headers={"x-dispatch-id": running["dispatchId"]},
        )
        url = f"{ledger.gateway_url}/api/dispatches/{running['dispatchId']}"
        requests.delete(url, headers=ledger.admin, timeout=10)
        asked.result()
    [event] = ledger.events("dispatch.completed")
    assert event["calls"] == 0 and event["user"] == "ann"
    ledger.run("verify")


def test_a_kernel_gets_its_user_s_key_and_no_secret_of_ours(make_ledger, folder):
    kernel = folder / "kernel.sh"
    kernel.write_text(
        "#!/bin/sh\nenv > " + str(folder / "environment") + "\n"
        """echo '{"type":"result","subtype":"success","is_error":false,"result":"ok","total_cost_usd":0,"""
        """"usage":{"input_tokens":0,"output_tokens":0}}'\n"""
    )
    kernel.chmod(0o755)
    ledger = make_ledger(environment={"LEDGER_KERNEL": f"command:{kernel}", "KERNEL_COLOUR": "blue"})
    key = ledger.mint_key("ann")
    result = run(ledger, "anything", key)
    seen = dict(
        line.split("=", 1) for line in (folder / "environment").read_text().splitlines() if "=" in line
    )
    assert seen["DISPATCH_ID"] == result["dispatchId"] and seen["ANTHROPIC_API_KEY"] == key
    assert seen["ANTHROPIC_BASE_URL"] == ledger.proxy_url and seen["KERNEL_COLOUR"] == "blue"
    text = (folder / "environment").read_text()
    for secret in ("LEDGER_ADMIN_TOKEN", "LEDGER_KEY_SECRET", "LEDGER_POSTGRES_URL"):
        assert ledger.environment.get(secret, "never there") not in text
    assert not any(name.startswith(("LEDGER_", "PG")) for name in seen)


def test_without_a_kernel_each_run_says_what_to_set(make_ledger):
    ledger = make_ledger()
    result = run(ledger, "hello", ledger.mint_key("ann"))
    assert (result["result"], result["reason"]) == ("error", "kernel_start")
    assert "LEDGER_KERNEL" in result["message"]
