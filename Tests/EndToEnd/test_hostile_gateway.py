"""Agents that mean harm to the Gateway: each run ends once, its cost stands, nothing of it is left."""

import json
import random
import shlex
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import fold
import pytest
import requests
from dispatches import kernel_processes, message, open_runs, wait_no_kernels, wait_running
from ledger import check_metrics
from processes import wait_until

PRELUDE = """
import json, os, signal, subprocess, sys, time
def P(**record): print(json.dumps(record), flush=True)
def raw(text): sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode()); sys.stdout.flush()
def R(**more): P(**{"type": "result", "subtype": "success", "is_error": False, "result": "done", **more})
def A(*blocks, **more): P(type="assistant", message={"id": "m", "content": blocks, **more})
def say(text): return {"type": "text", "text": text}
def tool(name): return {"type": "tool_use", "name": name, "input": {"a": name}}
def call(delay=0):
    import urllib.request
    body = {"model": "claude-sonnet-4-6", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "x-dispatch-id": os.environ["DISPATCH_ID"],
        "content-type": "application/json", "x-simulate-delay-ms": str(delay)}
    url, body = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode()
    try: urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30).read()
    except OSError: pass
"""
# An agent that does what its message says, in Python: the worst that a kernel can be.
OBEDIENT = "command:" + shlex.join(
    ["/usr/bin/python3", "-ISc", PRELUDE + "exec(compile(sys.stdin.read(), 'message', 'exec'))"]
)
NAMES = [
    "a\0b", 'quo"te', "back\\slash", "line\nfeed\r\u2028", "'; drop table ledger.events; --", "\u202eevil",
    '"},"chain":"00"}', "{}", "é😀", "\ufeff", "\x1b[31m", "%s%n", "", " ", "x" * 300, "\x7f\x80", "a\tb",
    "a" + "\u0301" * 500,
]  # fmt: skip
GARBLED = "kernel_garbled"
# What stands where a count of tokens belongs, where dollars belong, and what becomes of the run.
COUNTS = {
    "0": None, "-0": None, "null": None, "100000000000": None, "100000000001": GARBLED, "-5": GARBLED,
    "9007199254740993": GARBLED, "9223372036854775807": GARBLED, "18446744073709551616": GARBLED,
    "1e400": GARBLED, "1e3": GARBLED, "NaN": GARBLED, "1.5": GARBLED, '"12"': GARBLED, "true": GARBLED,
    "[]": GARBLED,
}  # fmt: skip
DOLLARS = {
    "-0.0": None, "5e-07": None, "1e-400": None, "0.12345678901234567890123": None, "1000000000": None,
    "1000000000.01": GARBLED, "-1": GARBLED, "-1e-30": GARBLED, "1e20": GARBLED, "1e30": GARBLED,
    "1e400": GARBLED, '"1"': GARBLED,
}  # fmt: skip
TOKENS = '{"type":"result","modelUsage":{"claude-sonnet-4-6":{"inputTokens":%s,"outputTokens":1}}}\n'
COST = '{"type":"result","total_cost_usd":%s}\n'
WORDS = {
    "R(modelUsage={'claude-sonnet-4-6': {'inputTokens': 5}}); R(modelUsage={'claude-sonnet-4-6': "
    "{'inputTokens': 9}})": None,
    "R(modelUsage={'claude-sonnet-4-6': {'inputTokens': 9}}); R(modelUsage={'claude-sonnet-4-6': "
    "{'inputTokens': 4}})": None,
    "R(modelUsage={f'm{n}': {'inputTokens': 1} for n in range(100_000)})": GARBLED,
    "[R(modelUsage={f'm{n}': {'inputTokens': 1}}) for n in range(1000)]": GARBLED,
    "raw('{\"type\":\"result\",\"x\":' + '[' * 1_000_000 + ']' * 1_000_000 + '}\\n')": GARBLED,
    'raw(\'{"type":"result","type":"system","modelUsage":{"claude-sonnet-4-6":{"inputTokens":7,"inputTokens":9},'
    '"claude-sonnet-4-6":{"inputTokens":11}}}\\n\')': None,
    "[A(say('x' * 1_000_000)) for _ in range(40)]; R()": None,
    "[A(*[tool(f't{n}-{m}' * 50) for m in range(100)]) for n in range(100)]; R()": None,
    "[A(tool('\\0' * 200)) for n in range(100)]; R()": None,
    "A(*[tool('x')] * 60_000); R()": None,
    "[A(id=f'm{n}', usage={'input_tokens': 1, 'output_tokens': 1}) for n in range(20_001)]": GARBLED,
    f"A(*[tool(name) for name in {NAMES!r}]); R()": None,
    f"R(modelUsage={{name: {{'inputTokens': 3}} for name in {NAMES!r} if 0 < len(name) < 200}})": None,
    f"R(modelUsage={{str(n): {{'inputTokens': 3, 'canonicalModel': m, 'provider': m}} "
    f"for n, m in enumerate({NAMES!r}) if len(m) < 200}})": None,
    f"A(say({''.join(NAMES)!r}), id={NAMES[4]!r}, model={NAMES[0]!r}); "
    f"R(is_error=True, errors={NAMES!r}, api_error_status=-9223372036854775808)": "kernel_error",
    "raw('{\"type\":\"assistant\",\"message\":{\"id\":\"\\\\ud800\",\"content\":[{\"type\":\"text\",'"
    "'\"text\":\"\\\\ud800x\"}]}}\\n'); R()": None,
    "raw(b'\\0' * 1000 + b'\\n')": GARBLED,
    "raw('\\n' * 5_000_000); R()": None,
    "[raw('{\"type\":' + x + '}\\n') for x in ('\"assistant\",\"message\":{\"content\":{}}', "
    "'\"assistant\",\"message\":{\"content\":[1,null,[],{\"type\":7},{\"type\":\"tool_use\",\"name\":[]}]}', "
    "'\"stream_event\",\"event\":[]', '\"system\",\"subtype\":\"init\",\"model\":{}', "
    "'\"result\",\"modelUsage\":[],\"usage\":[]')]": None,
}


def in_parallel(ledger, texts, key: str, width: int = 8) -> list[dict]:
    with ThreadPoolExecutor(width) as pool:
        return [answer.json() for answer in pool.map(lambda text: message(ledger, text, key), texts)]


def check_whole(ledger) -> fold.Fold:
    """Each run ended once; journal, fold, PostgreSQL and the terminal say the same."""
    started = [event["dispatchId"] for event in ledger.events("dispatch.started")]
    ended = [event["dispatchId"] for event in ledger.events("dispatch.completed")]
    assert sorted(started) == sorted(ended) and len(set(started)) == len(started)
    reserved = len(ledger.events("call.reserved"))
    if reserved:
        ledger.wait_settled(reserved)
    folded = fold.fold(ledger.events())
    assert folded.problems == [] and folded.violations == [] and not folded.open
    assert fold.broken_links(ledger.lines(), ledger.origin) == []
    if ledger.postgres_url:
        ledger.wait_ingested()
        rows = ledger.sql(
            "select user_id, sum(cost_usd), sum(input_tokens), sum(output_tokens) from ledger.usage_hourly"
            " where user_id <> '' group by 1"
        )
        for user, *sums in rows:
            mine = folded.by_user[user]
            assert sums == [mine.cost, mine.tokens_in, mine.tokens_out], user
    for row in ledger.usage():
        mine = folded.by_user[row["user"]]
        assert (Decimal(row["costUsd"]), row["tokensIn"], row["tokensOut"]) == (
            mine.cost,
            mine.tokens_in,
            mine.tokens_out,
        )
    ledger.run("verify", *(["--postgres"] if ledger.postgres_url else []))
    return folded


def test_nothing_that_an_agent_says_breaks_a_line_a_row_or_a_series(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database(), environment={"LEDGER_KERNEL": OBEDIENT})
    key = ledger.mint_key("eve")
    expected = dict(WORDS)
    expected |= {f"raw({TOKENS % count!r})": code for count, code in COUNTS.items()}
    expected |= {f"raw({COST % cost!r})": code for cost, code in DOLLARS.items()}
    results = in_parallel(ledger, expected, key)
    told = {text: result.get("reason") for text, result in zip(expected, results, strict=True)}
    assert {text[:120]: code for text, code in told.items() if code != expected[text]} == {}
    assert results[0]["tokensIn"] == 9 and results[1]["tokensIn"] == 13
    assert max(len(line) for line in ledger.lines()) < 1 << 20
    assert all(json.loads(line) for line in ledger.lines())
    for service in ledger.services:
        text = ledger.metrics_text(service)
        assert check_metrics(text) == "" and len(text.splitlines()) < 400
    wait_no_kernels(ledger)
    check_whole(ledger)


def test_figures_without_measure_stop_neither_the_sums_nor_postgres(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database(), environment={"LEDGER_KERNEL": OBEDIENT})
    key = ledger.mint_key("eve")
    most = "{'inputTokens': N, 'outputTokens': N, 'cacheReadInputTokens': N, 'cacheCreationInputTokens': N}"
    known = ("claude-sonnet-4-6", "claude-haiku-4-5", "claude-opus-4-1", "claude-sonnet-4-5")
    every = f"{{m: {most} for m in {known!r}}}"
    many = f"{{m: {most} for m in [{known[0]!r}] + ['m' + str(n) for n in range(63)]}}"
    believed = [f"N = 10**11; R(modelUsage={every}, total_cost_usd=1e9)"] * 40
    believed += [f"N = 10**11; R(modelUsage={many})", "R(total_cost_usd=1e9)"] * 20
    assert {result["result"] for result in in_parallel(ledger, believed, key)} == {"ok"}
    refused = [f"N = 2**53 - 1; R(modelUsage={every})", "R(total_cost_usd=9.9e19)"] * 20
    assert {result["reason"] for result in in_parallel(ledger, refused, key)} == {GARBLED}
    folded = check_whole(ledger)
    assert folded.by_user["eve"].tokens_in > 40 * 4 * 3 * 10**11
    for direction in ("input", "output"):
        tokens = ledger.exact_sample("ledger_user_tokens", user="eve", direction=direction, window="total")
        assert tokens is not None and int(tokens) > 0
    # They count: a limit on tokens is not got round by a sum that wraps.
    ledger.set_quota("eve", dailyTokens=10**14)
    assert message(ledger, "R()", key).status_code == 429


ENDS = {
    "subprocess.Popen(['sleep', '3'], start_new_session=True); R()": (None, 4),
    "R(); subprocess.Popen(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do echo {}; sleep .3; done'],"
    " start_new_session=True)": (None, 4),
    "os.close(1); time.sleep(600)": ("kernel_hang", 7),
    "R(); [os.close(n) for n in (0, 1, 2)]; time.sleep(600)": (None, 6),
    "[os.write(2, b'e' * 1_000_000) for _ in range(20)]; R()": (None, 6),
    "os.write(2, b'sk-ant-SECRET x'); sys.exit(9)": ("kernel_exit", 3),
    "signal.signal(15, signal.SIG_IGN); R(); time.sleep(600)": (None, 8),
    "signal.signal(15, signal.SIG_IGN); [os.fork() for _ in range(5)]; time.sleep(600)": ("kernel_hang", 9),
    "R()\nwhile True: P(type='user'); time.sleep(.1)": (None, 14),
    "os.kill(os.getpid(), signal.SIGSTOP)": ("kernel_hang", 9),
    "R(); os.kill(os.getpid(), signal.SIGSTOP)": (None, 8),
    "R()\nfor _ in range(200):\n  if os.fork() == 0: time.sleep(600)": (None, 5),
    "os.killpg(0, 9)": ("kernel_exit", 3),
    "sys.exit(0)#" + "x" * 260_000: ("kernel_exit", 3),
    "while True: raw('{\"type\":\"user\",\"x\":\"' + 'x' * 1_000_000 + '\"}\\n')": ("kernel_flood", 14),
}


def test_an_agent_that_will_not_end_is_ended_and_frees_its_slot(make_ledger):
    limits = {"DISPATCH_IDLE_TIMEOUT": "4s", "DISPATCH_TIMEOUT": "10s", "DISPATCH_CONCURRENCY": "16"}
    ledger = make_ledger(environment={"LEDGER_KERNEL": OBEDIENT, **limits})
    key = ledger.mint_key("eve")

    def timed(text: str) -> tuple[dict, float]:
        began = time.monotonic()
        return message(ledger, text, key).json(), time.monotonic() - began

    with ThreadPoolExecutor(len(ENDS)) as pool:
        ended = list(pool.map(timed, ENDS))
    for (text, (code, seconds)), (result, took) in zip(ENDS.items(), ended, strict=True):
        assert (result.get("reason"), took < seconds) == (code, True), (text[:80], result, took)
    wait_no_kernels(ledger)
    ids = [result["dispatchId"] for result, _ in ended]
    wait_until(lambda: not any(map(kernel_processes, ids)), 5, "the end of all that they started")
    assert "SECRET" not in ledger.process.log.read_text() + str(ended)
    assert open_runs(ledger) == []
    check_whole(ledger)


@pytest.mark.parametrize("program", ["/tmp", "/etc/passwd", "/not/there", "no-such", "/usr/bin/env/x", None])
def test_a_program_that_cannot_run_is_an_error_and_odd_names_can_be_written(make_ledger, folder, program):
    odd = folder / """with space 'n "quotes" \\ é"""
    odd.write_text("#!/bin/sh\necho '{\"type\":\"result\",\"subtype\":\"success\",\"result\":\"odd\"}'\n")
    odd.chmod(0o755)
    ledger = make_ledger(environment={"LEDGER_KERNEL": f"command:{program or shlex.quote(str(odd))}"})
    result = message(ledger, "x" * 260_000, ledger.mint_key("eve")).json()
    wanted = ("error", "kernel_start", "") if program else ("ok", None, "odd")
    assert (result["result"], result.get("reason"), result["text"]) == wanted
    ledger.run("verify")


def test_a_silent_agent_dies_with_its_gateway(make_ledger):
    ledger = make_ledger(environment={"LEDGER_KERNEL": OBEDIENT})
    key = ledger.mint_key("eve")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(message, ledger, "signal.signal(15, signal.SIG_IGN); time.sleep(60)", key)
        [running] = wait_running(ledger, 1)
        wait_until(lambda: kernel_processes(running["dispatchId"]), 5, "its process")
        ledger.kill9()
        assert isinstance(asked.exception(), requests.ConnectionError)
    wait_until(lambda: not kernel_processes(running["dispatchId"]), 5, "the end of its process")


MANY_CALLS = "import threading\nall = [threading.Thread(target=call, args=({},)) for n in range({})]\n"
MANY_CALLS += "[each.start() for each in all]; [each.join() for each in all]; R(total_cost_usd=0.5)"


def test_two_hundred_calls_broken_off_cost_what_they_cost(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database(), environment={"LEDGER_KERNEL": OBEDIENT})
    key = ledger.mint_key("eve")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(message, ledger, MANY_CALLS.format("20 * n", 200), key)
        ledger.wait_settled(60)
        [running] = open_runs(ledger)
        url = f"{ledger.gateway_url}/api/dispatches/{running['dispatchId']}"
        assert requests.delete(url, headers=ledger.admin, timeout=10).status_code == 202
        result = json.loads(asked.result().text, parse_float=Decimal)
    assert (result["result"], result["billing"]) == ("aborted", "proxied") and result["calls"] >= 60
    folded = check_whole(ledger)
    assert folded.by_user["eve"].cost == result["costUsd"] and folded.by_user["eve"].calls == result["calls"]


def test_agents_that_call_at_once_do_not_pass_a_quota(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database(), environment={"LEDGER_KERNEL": OBEDIENT})
    key = ledger.mint_key("bob")
    ledger.set_quota("bob", dailyLimitUsd=0.02)
    text = MANY_CALLS.format(20, 15).replace("; R(total_cost_usd=0.5)", "; call(); R()")
    results = in_parallel(ledger, [text] * 24, key)
    assert sum(result.get("calls", 0) for result in results) > 0
    folded = check_whole(ledger)
    assert 0 < folded.by_user["bob"].cost <= Decimal("0.02") and folded.by_user["bob"].rejected > 0


def test_killed_or_ended_at_any_moment_each_run_has_one_end(make_ledger, cluster):
    ledger = make_ledger(postgres_url=cluster.create_database(), environment={"LEDGER_KERNEL": OBEDIENT})
    key = ledger.mint_key("eve")
    texts = (
        "call(30); call(100); R()",
        "R(modelUsage={'claude-sonnet-4-6': {'inputTokens': 5}}); time.sleep(.2)",
        "call(); time.sleep(.2); sys.exit(3)",
    )

    def ask(number: int) -> None:
        try:
            message(ledger, texts[number % 3], key, timeout=30)
        except requests.ConnectionError:
            pass

    for moment in range(6):
        with ThreadPoolExecutor(30) as pool:
            for number in range(30):
                pool.submit(ask, number)
            time.sleep(random.uniform(0.05, 1.2))
            if moment % 3 == 2:
                assert ledger.stop() == 0
            else:
                ledger.kill9()
        ledger.start()
    wait_until(lambda: open_runs(ledger) == [], 10, "no open runs")
    assert len(ledger.events("dispatch.completed")) > 30
    check_whole(ledger)
